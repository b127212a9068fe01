"""The only place that selects cases: every statement is built once and answers for all IDs at a time."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from casemgr import models
from casemgr.attributes import Attribute
from casemgr.cases import (
    ActivitySummary,
    Case,
    CustomAttribute,
    CustomAttributeDefinition,
    CustomerName,
    DataType,
    Department,
    Folder,
    NamedValue,
    Note,
    Owner,
    UserName,
)
from casemgr.database import Source
from casemgr.models import ActivityMode, ActivityType
from casemgr.statements import SEPARATOR, IsOneOf, ListIds, Row, Statement

_MODIFIER = aliased(models.User)
_OWNER = aliased(models.User)
_CREATOR = aliased(models.User)
_WORKER = aliased(models.User)


def _instant(expression: InstrumentedAttribute[Any] | ColumnElement[Any]) -> ColumnElement[str]:
    return type_coerce(expression, models.InstantText())


_SUMMARY = (
    select(
        models.Case.id,
        models.Case.department_id,
        models.Department.name,
        models.Case.status,
        models.Case.severity,
        models.Case.subject,
        _instant(models.Case.last_modified),
        models.Case.last_modified_by_id,
        _MODIFIER.first_name,
        _MODIFIER.last_name,
        _instant(models.Case.due_date),
        models.Case.owner_id,
        _OWNER.first_name,
        _OWNER.last_name,
        models.Case.folder_id,
        models.Folder.name,
        models.Case.customer_id,
        models.Customer.name,
    )
    .join_from(models.Case, models.Department, models.Department.id == models.Case.department_id)
    .outerjoin(_MODIFIER, _MODIFIER.id == models.Case.last_modified_by_id)
    .outerjoin(_OWNER, _OWNER.id == models.Case.owner_id)
    .outerjoin(models.Folder, models.Folder.id == models.Case.folder_id)
    .outerjoin(models.Customer, models.Customer.id == models.Case.customer_id)
    .where(IsOneOf(models.Case.id, "ids"))
)

_SUMMARY_COLUMNS = len(_SUMMARY.selected_columns)
_SELECT_SUMMARIES = Statement(_SUMMARY)

_RELATED_CASES = (
    select(ListIds(models.RelatedCase.related_case_id))
    .where(models.RelatedCase.case_id == models.Case.id)
    .scalar_subquery()
)

# Long texts, two more joins and a subquery, for the requests that ask for one of these.
_DETAILS = frozenset(
    {
        Attribute.CREATED,
        Attribute.CREATED_BY,
        Attribute.ORIGINATING_CHANNEL,
        Attribute.DESCRIPTION,
        Attribute.SOLUTION,
        Attribute.USER_LAST_WORKED,
        Attribute.RELATED_CASES,
        Attribute.LAST_CLOSED,
    }
)
_SELECT_DETAILS = Statement(
    _SUMMARY.add_columns(
        _instant(models.Case.created),
        models.Case.created_by_id,
        _CREATOR.first_name,
        _CREATOR.last_name,
        models.Case.originating_channel,
        models.Case.description,
        models.Case.solution,
        models.Case.user_last_worked_id,
        _WORKER.first_name,
        _WORKER.last_name,
        _instant(models.Case.last_closed),
        _RELATED_CASES,
    )
    .outerjoin(_CREATOR, _CREATOR.id == models.Case.created_by_id)
    .outerjoin(_WORKER, _WORKER.id == models.Case.user_last_worked_id)
)

_SELECT_NOTES = Statement(
    select(
        models.Note.case_id,
        models.Note.id,
        models.Note.content,
        _instant(models.Note.created),
        models.Note.created_by_id,
        models.User.first_name,
        models.User.last_name,
    )
    .join_from(models.Note, models.User, models.User.id == models.Note.created_by_id)
    .where(IsOneOf(models.Note.case_id, "ids"))
    .order_by(models.Note.case_id, models.Note.created, models.Note.id)
)

_CUSTOM_VALUES = (
    select(
        models.CustomValue.case_id,
        models.CustomAttribute.name,
        models.CustomValue.value,
        models.EnumerationValue.label,
    )
    .join_from(models.CustomValue, models.CustomAttribute, models.CustomAttribute.id == models.CustomValue.attribute_id)
    .outerjoin(
        models.EnumerationValue,
        and_(
            models.EnumerationValue.attribute_id == models.CustomValue.attribute_id,
            models.EnumerationValue.value == models.CustomValue.value,
        ),
    )
    .where(IsOneOf(models.CustomValue.case_id, "ids"))
    .order_by(models.CustomValue.case_id, models.CustomValue.attribute_id, models.CustomValue.position)
)
_SELECT_CUSTOM_VALUES = Statement(_CUSTOM_VALUES)
_SELECT_NAMED_CUSTOM_VALUES = Statement(_CUSTOM_VALUES.where(IsOneOf(models.CustomAttribute.name, "names")))

_DEFINITIONS = (
    select(
        models.CustomAttribute.id,
        models.CustomAttribute.name,
        models.CustomAttribute.data_type,
        models.CustomAttribute.multiple,
        models.EnumerationValue.value,
    )
    .outerjoin_from(
        models.CustomAttribute,
        models.EnumerationValue,
        models.EnumerationValue.attribute_id == models.CustomAttribute.id,
    )
    .order_by(models.CustomAttribute.id, models.EnumerationValue.position)
)
_SELECT_DEFINITIONS = Statement(_DEFINITIONS)
_SELECT_NAMED_DEFINITIONS = Statement(_DEFINITIONS.where(IsOneOf(models.CustomAttribute.name, "names")))

_SELECT_GRANT = Statement(
    select(models.CustomerGrant.customer_id).where(
        models.CustomerGrant.customer_id == bindparam("customer_id"),
        models.CustomerGrant.on_customer_id == bindparam("on_customer_id"),
    )
)

# Source: contract ACC-11, ACC-12.
_OUTBOUND_EMAIL = and_(
    models.Activity.activity_type == ActivityType.EMAIL, models.Activity.mode == ActivityMode.OUTBOUND
)
_VISIBLE_TO_CUSTOMER = or_(
    and_(models.Activity.activity_type == ActivityType.EMAIL, models.Activity.mode == ActivityMode.INBOUND),
    and_(_OUTBOUND_EMAIL, models.Activity.sent.is_not(None)),
    *(
        models.Activity.activity_type == other
        for other in (ActivityType.CHAT, ActivityType.CALLTRACK, ActivityType.SOCIAL)
    ),
)
_SELECT_ACTIVITY_SUMMARY = Statement(
    select(
        _instant(func.max(case((_OUTBOUND_EMAIL, models.Activity.sent), else_=models.Activity.created))),
        func.count().filter(models.Activity.read.is_(False)),
    ).where(
        models.Activity.case_id == bindparam("case_id"),
        models.Activity.customer_id == bindparam("customer_id"),
        _VISIBLE_TO_CUSTOMER,
    )
)


def load_cases(source: Source, ids: Sequence[int], attributes: frozenset[Attribute]) -> dict[int, Case]:
    """Load cases, without what hangs off them.

    :param attributes: what is wanted beyond the summary.
    :returns: those that exist, by ID.
    """
    if _DETAILS.isdisjoint(attributes):
        cases = map(_summary, _SELECT_SUMMARIES.execute(source, {"ids": ids}))
    else:
        cases = map(_case_with_details, _SELECT_DETAILS.execute(source, {"ids": ids}))
    return {case.id: case for case in cases}


def load_notes(source: Source, ids: Sequence[int]) -> dict[int, tuple[Note, ...]]:
    """Load notes, oldest first, by the ID of their case."""
    rows = _SELECT_NOTES.execute(source, {"ids": ids})
    return {case_id: tuple(map(_note, group)) for case_id, group in groupby(rows, key=itemgetter(0))}


def load_custom_attributes(
    source: Source, ids: Sequence[int], names: frozenset[str] | None
) -> dict[int, tuple[CustomAttribute, ...]]:
    """Load custom attributes with their values, in the order of their definition, by the ID of their case.

    :param names: which ones; None means every one.
    """
    if names is None:
        rows = _SELECT_CUSTOM_VALUES.execute(source, {"ids": ids})
    else:
        rows = _SELECT_NAMED_CUSTOM_VALUES.execute(source, {"ids": ids, "names": list(names)})
    attributes: defaultdict[int, list[CustomAttribute]] = defaultdict(list)
    for (case_id, name), group in groupby(rows, key=itemgetter(0, 1)):
        values = tuple(NamedValue(value, label) for _, _, value, label in group)
        attributes[case_id].append(CustomAttribute(name, values))
    return {case_id: tuple(of_case) for case_id, of_case in attributes.items()}


def load_definitions(source: Source, names: frozenset[str] | None = None) -> dict[str, CustomAttributeDefinition]:
    """Load the definitions of custom attributes, by name.

    :param names: which ones, as far as they are defined; None means every one.
    """
    if names is None:
        rows = _SELECT_DEFINITIONS.execute(source, {})
    else:
        rows = _SELECT_NAMED_DEFINITIONS.execute(source, {"names": list(names)})
    definitions = {}
    for (attribute_id, name, data_type, multiple), group in groupby(rows, key=itemgetter(0, 1, 2, 3)):
        values = tuple(value for *_, value in group if value is not None)
        definitions[name] = CustomAttributeDefinition(attribute_id, name, DataType(data_type), bool(multiple), values)
    return definitions


def has_grant(source: Source, customer_id: int, on_customer_id: int) -> bool:
    """Tell whether a customer may act on behalf of another one."""
    parameters = {"customer_id": customer_id, "on_customer_id": on_customer_id}
    return bool(_SELECT_GRANT.execute(source, parameters))


def load_activity_summary(source: Source, case_id: int, customer_id: int) -> ActivitySummary | None:
    """Summarise the activities of a case that are visible to a customer.

    :returns: None when none is visible, or there is no such case.
    """
    [(recent, unread)] = _SELECT_ACTIVITY_SUMMARY.execute(source, {"case_id": case_id, "customer_id": customer_id})
    return None if recent is None else ActivitySummary(recent, unread)


def _summary(row: Row) -> Case:
    """Make a case of the columns of _SELECT_SUMMARIES, by position: by name it takes twice as long."""
    (
        case_id,
        department_id,
        department_name,
        status,
        severity,
        subject,
        last_modified,
        modifier_id,
        modifier_first_name,
        modifier_last_name,
        due_date,
        owner_id,
        owner_first_name,
        owner_last_name,
        folder_id,
        folder_name,
        customer_id,
        customer_name,
    ) = row
    owner = _user(owner_id, owner_first_name, owner_last_name)
    folder = None if folder_id is None else Folder(folder_id, folder_name)
    return Case(
        case_id,
        Department(department_id, department_name),
        status,
        severity,
        subject,
        last_modified,
        _user(modifier_id, modifier_first_name, modifier_last_name),
        due_date,
        Owner(owner, folder) if owner or folder else None,
        None if customer_id is None else CustomerName(customer_id, customer_name),
    )


def _case_with_details(row: Row) -> Case:
    """Make a case of the columns of _SELECT_DETAILS."""
    summary = _summary(row[:_SUMMARY_COLUMNS])
    (
        created,
        creator_id,
        creator_first_name,
        creator_last_name,
        originating_channel,
        description,
        solution,
        worker_id,
        worker_first_name,
        worker_last_name,
        last_closed,
        related_case_ids,
    ) = row[_SUMMARY_COLUMNS:]
    return summary._replace(
        created=created,
        created_by=_user(creator_id, creator_first_name, creator_last_name),
        originating_channel=originating_channel,
        description=description,
        solution=solution,
        user_last_worked=_user(worker_id, worker_first_name, worker_last_name),
        last_closed=last_closed,
        related_case_ids=tuple(sorted(map(int, related_case_ids.split(SEPARATOR)))) if related_case_ids else (),
    )


def _user(user_id: int | None, first_name: str, last_name: str) -> UserName | None:
    return None if user_id is None else UserName(user_id, first_name, last_name)


def _note(row: Row) -> Note:
    case_id, note_id, content, created, author_id, first_name, last_name = row
    return Note(note_id, case_id, content, created, UserName(author_id, first_name, last_name))

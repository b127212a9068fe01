"""The only place that selects cases: every statement is built once and answers for all IDs at a time."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

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
from casemgr.models import ActivityMode, ActivityType

_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)

_MODIFIER = aliased(models.User)
_OWNER = aliased(models.User)
_CREATOR = aliased(models.User)
_WORKER = aliased(models.User)

_SELECT_SUMMARIES = (
    select(
        models.Case.id,
        models.Case.department_id,
        models.Department.name.label("department_name"),
        models.Case.status,
        models.Case.severity,
        models.Case.subject,
        models.Case.created,
        models.Case.last_modified,
        models.Case.due_date,
        models.Case.last_closed,
        models.Case.originating_channel,
        models.Case.last_modified_by_id,
        _MODIFIER.first_name.label("last_modified_by_first_name"),
        _MODIFIER.last_name.label("last_modified_by_last_name"),
        models.Case.owner_id,
        _OWNER.first_name.label("owner_first_name"),
        _OWNER.last_name.label("owner_last_name"),
        models.Case.folder_id,
        models.Folder.name.label("folder_name"),
        models.Case.customer_id,
        models.Customer.name.label("customer_name"),
    )
    .join_from(models.Case, models.Department, models.Department.id == models.Case.department_id)
    .outerjoin(_MODIFIER, _MODIFIER.id == models.Case.last_modified_by_id)
    .outerjoin(_OWNER, _OWNER.id == models.Case.owner_id)
    .outerjoin(models.Folder, models.Folder.id == models.Case.folder_id)
    .outerjoin(models.Customer, models.Customer.id == models.Case.customer_id)
    .where(models.Case.id.in_(_IDS))
)

# Long texts and two more joins, for the requests that ask for one of these.
_DETAILS = frozenset({Attribute.CREATED_BY, Attribute.DESCRIPTION, Attribute.SOLUTION, Attribute.USER_LAST_WORKED})
_SELECT_DETAILS = (
    _SELECT_SUMMARIES.add_columns(
        models.Case.description,
        models.Case.solution,
        models.Case.created_by_id,
        _CREATOR.first_name.label("created_by_first_name"),
        _CREATOR.last_name.label("created_by_last_name"),
        models.Case.user_last_worked_id,
        _WORKER.first_name.label("user_last_worked_first_name"),
        _WORKER.last_name.label("user_last_worked_last_name"),
    )
    .outerjoin(_CREATOR, _CREATOR.id == models.Case.created_by_id)
    .outerjoin(_WORKER, _WORKER.id == models.Case.user_last_worked_id)
)

_SELECT_RELATED_CASES = (
    select(models.RelatedCase.case_id, models.RelatedCase.related_case_id)
    .where(models.RelatedCase.case_id.in_(_IDS))
    .order_by(models.RelatedCase.case_id, models.RelatedCase.related_case_id)
)

_SELECT_NOTES = (
    select(
        models.Note.case_id,
        models.Note.id,
        models.Note.content,
        models.Note.created,
        models.Note.created_by_id,
        models.User.first_name,
        models.User.last_name,
    )
    .join_from(models.Note, models.User, models.User.id == models.Note.created_by_id)
    .where(models.Note.case_id.in_(_IDS))
    .order_by(models.Note.case_id, models.Note.created, models.Note.id)
)

_SELECT_CUSTOM_VALUES = (
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
    .where(models.CustomValue.case_id.in_(_IDS))
    .order_by(models.CustomValue.case_id, models.CustomValue.attribute_id, models.CustomValue.position)
)
_SELECT_NAMED_CUSTOM_VALUES = _SELECT_CUSTOM_VALUES.where(
    models.CustomAttribute.name.in_(bindparam("names", expanding=True))
)

_SELECT_DEFINITIONS = (
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
_SELECT_NAMED_DEFINITIONS = _SELECT_DEFINITIONS.where(
    models.CustomAttribute.name.in_(bindparam("names", expanding=True))
)

_SELECT_GRANT = select(models.CustomerGrant.customer_id).where(
    models.CustomerGrant.customer_id == bindparam("customer_id"),
    models.CustomerGrant.on_customer_id == bindparam("on_customer_id"),
)

# Source: contract ACC-11, ACC-12.
_OUTBOUND_EMAIL = and_(
    models.Activity.activity_type == ActivityType.EMAIL, models.Activity.mode == ActivityMode.OUTBOUND
)
_VISIBLE_TO_CUSTOMER = or_(
    and_(models.Activity.activity_type == ActivityType.EMAIL, models.Activity.mode == ActivityMode.INBOUND),
    and_(_OUTBOUND_EMAIL, models.Activity.sent.is_not(None)),
    models.Activity.activity_type.in_((ActivityType.CHAT, ActivityType.CALLTRACK, ActivityType.SOCIAL)),
)
_SELECT_ACTIVITY_SUMMARY = select(
    func.max(case((_OUTBOUND_EMAIL, models.Activity.sent), else_=models.Activity.created)).label("recent"),
    func.count().filter(models.Activity.read.is_(False)).label("unread"),
).where(
    models.Activity.case_id == bindparam("case_id"),
    models.Activity.customer_id == bindparam("customer_id"),
    _VISIBLE_TO_CUSTOMER,
)


def load_cases(connection: Connection, ids: Iterable[int], attributes: frozenset[Attribute]) -> dict[int, Case]:
    """Load cases, without what hangs off them.

    :param attributes: what is wanted beyond the summary.
    :returns: those that exist, by ID.
    """
    with_details = not _DETAILS.isdisjoint(attributes)
    statement: Select[*tuple[Any, ...]] = _SELECT_DETAILS if with_details else _SELECT_SUMMARIES
    return {row.id: _case(row, with_details=with_details) for row in connection.execute(statement, {"ids": list(ids)})}


def load_related_cases(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Load the IDs of related cases, ascending, by the ID of the case that names them."""
    rows = connection.execute(_SELECT_RELATED_CASES, {"ids": list(ids)})
    return {
        case_id: tuple(row.related_case_id for row in group)
        for case_id, group in groupby(rows, key=lambda row: row.case_id)
    }


def load_notes(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[Note, ...]]:
    """Load notes, oldest first, by the ID of their case."""
    rows = connection.execute(_SELECT_NOTES, {"ids": list(ids)})
    return {case_id: tuple(map(_note, group)) for case_id, group in groupby(rows, key=lambda row: row.case_id)}


def load_custom_attributes(
    connection: Connection, ids: Iterable[int], names: frozenset[str] | None
) -> dict[int, tuple[CustomAttribute, ...]]:
    """Load custom attributes with their values, in the order of their definition, by the ID of their case.

    :param names: which ones; None means every one.
    """
    if names is None:
        rows = connection.execute(_SELECT_CUSTOM_VALUES, {"ids": list(ids)})
    else:
        rows = connection.execute(_SELECT_NAMED_CUSTOM_VALUES, {"ids": list(ids), "names": list(names)})
    attributes: defaultdict[int, list[CustomAttribute]] = defaultdict(list)
    for (case_id, name), group in groupby(rows, key=lambda row: (row.case_id, row.name)):
        values = tuple(NamedValue(row.value, row.label) for row in group)
        attributes[case_id].append(CustomAttribute(name, values))
    return {case_id: tuple(of_case) for case_id, of_case in attributes.items()}


def load_definitions(
    connection: Connection, names: frozenset[str] | None = None
) -> dict[str, CustomAttributeDefinition]:
    """Load the definitions of custom attributes, by name.

    :param names: which ones, as far as they are defined; None means every one.
    """
    if names is None:
        rows = connection.execute(_SELECT_DEFINITIONS)
    else:
        rows = connection.execute(_SELECT_NAMED_DEFINITIONS, {"names": list(names)})
    definitions = {}
    for (attribute_id, name, data_type, multiple), group in groupby(rows, key=lambda row: row[:4]):
        values = tuple(row.value for row in group if row.value is not None)
        definitions[name] = CustomAttributeDefinition(attribute_id, name, DataType(data_type), multiple, values)
    return definitions


def has_grant(connection: Connection, customer_id: int, on_customer_id: int) -> bool:
    """Tell whether a customer may act on behalf of another one."""
    parameters = {"customer_id": customer_id, "on_customer_id": on_customer_id}
    return connection.execute(_SELECT_GRANT, parameters).one_or_none() is not None


def load_activity_summary(connection: Connection, case_id: int, customer_id: int) -> ActivitySummary | None:
    """Summarise the activities of a case that are visible to a customer.

    :returns: None when none is visible, or there is no such case.
    """
    row = connection.execute(_SELECT_ACTIVITY_SUMMARY, {"case_id": case_id, "customer_id": customer_id}).one()
    return None if row.recent is None else ActivitySummary(row.recent, row.unread)


def _case(row: Row[*tuple[Any, ...]], *, with_details: bool) -> Case:
    details = (
        {
            "description": row.description,
            "solution": row.solution,
            "created_by": _user(row.created_by_id, row.created_by_first_name, row.created_by_last_name),
            "user_last_worked": _user(
                row.user_last_worked_id, row.user_last_worked_first_name, row.user_last_worked_last_name
            ),
        }
        if with_details
        else {}
    )
    return Case(
        id=row.id,
        department=Department(row.department_id, row.department_name),
        status=row.status,
        severity=row.severity,
        subject=row.subject,
        created=row.created,
        last_modified=row.last_modified,
        last_modified_by=_user(
            row.last_modified_by_id, row.last_modified_by_first_name, row.last_modified_by_last_name
        ),
        due_date=row.due_date,
        owner=_owner(row),
        customer=None if row.customer_id is None else CustomerName(row.customer_id, row.customer_name),
        originating_channel=row.originating_channel,
        last_closed=row.last_closed,
        **details,
    )


def _owner(row: Row[*tuple[Any, ...]]) -> Owner | None:
    user = _user(row.owner_id, row.owner_first_name, row.owner_last_name)
    folder = None if row.folder_id is None else Folder(row.folder_id, row.folder_name)
    return Owner(user, folder) if user or folder else None


def _user(user_id: int | None, first_name: str, last_name: str) -> UserName | None:
    return None if user_id is None else UserName(user_id, first_name, last_name)


def _note(row: Row[*tuple[Any, ...]]) -> Note:
    author = UserName(row.created_by_id, row.first_name, row.last_name)
    return Note(row.id, row.case_id, row.content, row.created, author)

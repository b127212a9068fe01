"""The only place that selects cases: every statement is built once and answers for all IDs at a time."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import and_, bindparam, case, func, null, or_, select
from sqlalchemy.orm import aliased

from casemgr import models
from casemgr.attributes import Attribute
from casemgr.cases import (
    ActivitySummary,
    Case,
    CustomAttribute,
    CustomAttributeDefinition,
    DataType,
    NamedValue,
    Note,
    RelatedCase,
)
from casemgr.database import Source
from casemgr.models import ActivityMode, ActivityType
from casemgr.statements import InstantText, IsOneOf, ListRows, Statement

_T = TypeVar("_T")

_MODIFIER = aliased(models.User)
_OWNER = aliased(models.User)
_CREATOR = aliased(models.User)
_WORKER = aliased(models.User)


def _all(make: Callable[[list[Any]], _T]) -> Callable[[list[list[Any]]], tuple[_T, ...]]:
    return lambda rows: tuple(map(make, rows))


def _custom_attributes(rows: list[list[Any]]) -> tuple[CustomAttribute, ...]:
    """Group the rows of _CUSTOM_VALUES."""
    values: dict[str, list[NamedValue]] = {}
    for _, _, name, value, label in rows:
        values.setdefault(name, []).append(NamedValue(value, label))
    return tuple([CustomAttribute(name, tuple(named)) for name, named in values.items()])


# The columns are those of `Case`, by name.
_SUMMARY_COLUMNS: Mapping[str, Any] = {
    "id": models.Case.id,
    "department_id": models.Case.department_id,
    "department_name": models.Department.name,
    "status": models.Case.status,
    "severity": models.Case.severity,
    "subject": models.Case.subject,
    "last_modified": InstantText(models.Case.last_modified),
    "last_modified_by_id": models.Case.last_modified_by_id,
    "last_modified_by_first_name": _MODIFIER.first_name,
    "last_modified_by_last_name": _MODIFIER.last_name,
    "due_date": InstantText(models.Case.due_date),
    "owner_user_id": models.Case.owner_id,
    "owner_user_first_name": _OWNER.first_name,
    "owner_user_last_name": _OWNER.last_name,
    "owner_folder_id": models.Case.folder_id,
    "owner_folder_name": models.Folder.name,
    "customer_id": models.Case.customer_id,
    "customer_name": models.Customer.name,
}

_RELATED_CASES = (
    select(ListRows(models.RelatedCase.related_case_id, read=_all(RelatedCase._make)))
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
_DETAIL_COLUMNS: Mapping[str, Any] = {
    "created": InstantText(models.Case.created),
    "created_by_id": models.Case.created_by_id,
    "created_by_first_name": _CREATOR.first_name,
    "created_by_last_name": _CREATOR.last_name,
    "originating_channel": models.Case.originating_channel,
    "description": models.Case.description,
    "solution": models.Case.solution,
    "user_last_worked_id": models.Case.user_last_worked_id,
    "user_last_worked_first_name": _WORKER.first_name,
    "user_last_worked_last_name": _WORKER.last_name,
    "last_closed": InstantText(models.Case.last_closed),
    "related_cases": _RELATED_CASES,
}

_NOTES = (
    select(
        ListRows(
            models.Note.created,
            models.Note.id,
            models.Note.case_id,
            InstantText(models.Note.created),
            models.Note.content,
            models.Note.created_by_id,
            models.User.first_name,
            models.User.last_name,
            read=_all(Note._make),
        )
    )
    .join_from(models.Note, models.User, models.User.id == models.Note.created_by_id)
    .where(models.Note.case_id == models.Case.id)
    .scalar_subquery()
)

# The first two columns are the order.
_CUSTOM_VALUES = (
    select(
        ListRows(
            models.CustomValue.attribute_id,
            models.CustomValue.position,
            models.CustomAttribute.name,
            models.CustomValue.value,
            models.EnumerationValue.label,
            read=_custom_attributes,
        )
    )
    .join_from(models.CustomValue, models.CustomAttribute, models.CustomAttribute.id == models.CustomValue.attribute_id)
    .outerjoin(
        models.EnumerationValue,
        and_(
            models.EnumerationValue.attribute_id == models.CustomValue.attribute_id,
            models.EnumerationValue.value == models.CustomValue.value,
        ),
    )
    .where(models.CustomValue.case_id == models.Case.id)
    .scalar_subquery()
)


@cache
def _select_cases(*, details: bool, notes: bool, custom: bool) -> Statement:
    """Select the columns of `Case` up to the last one that is asked for; those between that are not are NULL."""
    columns = {
        **_SUMMARY_COLUMNS,
        **(_DETAIL_COLUMNS if details else {}),
        **({"notes": _NOTES} if notes else {}),
        **({"custom_attributes": _CUSTOM_VALUES} if custom else {}),
    }
    last = max(map(Case._fields.index, columns))
    selected = (
        select(*(columns.get(name, null()) for name in Case._fields[: last + 1]))
        .join_from(models.Case, models.Department, models.Department.id == models.Case.department_id)
        .outerjoin(_MODIFIER, _MODIFIER.id == models.Case.last_modified_by_id)
        .outerjoin(_OWNER, _OWNER.id == models.Case.owner_id)
        .outerjoin(models.Folder, models.Folder.id == models.Case.folder_id)
        .outerjoin(models.Customer, models.Customer.id == models.Case.customer_id)
        .where(IsOneOf(models.Case.id))
    )
    if details:
        selected = selected.outerjoin(_CREATOR, _CREATOR.id == models.Case.created_by_id).outerjoin(
            _WORKER, _WORKER.id == models.Case.user_last_worked_id
        )
    return Statement(selected, many=True)


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
        InstantText(func.max(case((_OUTBOUND_EMAIL, models.Activity.sent), else_=models.Activity.created))),
        func.count().filter(models.Activity.read.is_(False)),
    ).where(
        models.Activity.case_id == bindparam("case_id"),
        models.Activity.customer_id == bindparam("customer_id"),
        _VISIBLE_TO_CUSTOMER,
    )
)


def load_cases(
    source: Source, ids: Sequence[int], attributes: frozenset[Attribute] = frozenset(), *, custom: bool = False
) -> dict[int, Case]:
    """Load cases by one statement.

    :param attributes: what is wanted beyond the summary.
    :param custom: whether the custom attributes are wanted.
    :returns: those that exist, by ID.
    """
    select_cases = _select_cases(
        details=not _DETAILS.isdisjoint(attributes), notes=Attribute.NOTES in attributes, custom=custom
    )
    return {row[0]: Case(*row) for row in select_cases.execute(source, {"ids": ids})}


def load_definitions(source: Source, names: frozenset[str] | None = None) -> dict[str, CustomAttributeDefinition]:
    """Load the definitions of custom attributes, by name.

    :param names: which ones, as far as they are defined; None means every one.
    """
    definitions = {}
    rows = _SELECT_DEFINITIONS.execute(source, {})
    for (attribute_id, name, data_type, multiple), group in groupby(rows, key=itemgetter(0, 1, 2, 3)):
        # Not in the statement: SQLite compares a name with U+0000 as far as that only, if it comes in a list.
        if names is None or name in names:
            values = tuple(value for *_, value in group if value is not None)
            definitions[name] = CustomAttributeDefinition(attribute_id, name, DataType(data_type), multiple, values)
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

"""The only place that selects cases: every statement is built once and answers for all IDs at a time."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby, islice
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)
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
from casemgr.database import Source
from casemgr.models import ActivityMode, ActivityType
from casemgr.statements import SEPARATOR, InstantText, IsOneOf, ListIds, ListRows, Row, Statement

_MODIFIER = aliased(models.User)
_OWNER = aliased(models.User)
_CREATOR = aliased(models.User)
_WORKER = aliased(models.User)


_SUMMARY = (
    select(
        models.Case.id,
        models.Case.department_id,
        models.Department.name,
        models.Case.status,
        models.Case.severity,
        models.Case.subject,
        InstantText(models.Case.last_modified),
        models.Case.last_modified_by_id,
        _MODIFIER.first_name,
        _MODIFIER.last_name,
        InstantText(models.Case.due_date),
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
    .where(IsOneOf(models.Case.id))
)

_SUMMARY_COLUMNS = len(_SUMMARY.selected_columns)

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
_DETAIL_COLUMNS = (
    InstantText(models.Case.created),
    models.Case.created_by_id,
    _CREATOR.first_name,
    _CREATOR.last_name,
    models.Case.originating_channel,
    models.Case.description,
    models.Case.solution,
    models.Case.user_last_worked_id,
    _WORKER.first_name,
    _WORKER.last_name,
    InstantText(models.Case.last_closed),
    _RELATED_CASES,
)

# The first two columns are the order; what is written of an instant lacks its microseconds.
_NOTES = (
    select(
        ListRows(
            models.Note.created,
            models.Note.id,
            InstantText(models.Note.created),
            models.Note.content,
            models.Note.created_by_id,
            models.User.first_name,
            models.User.last_name,
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
    selected: Select[*tuple[Any, ...]] = _SUMMARY
    if details:
        selected = (
            selected.add_columns(*_DETAIL_COLUMNS)
            .outerjoin(_CREATOR, _CREATOR.id == models.Case.created_by_id)
            .outerjoin(_WORKER, _WORKER.id == models.Case.user_last_worked_id)
        )
    if notes:
        selected = selected.add_columns(_NOTES)
    if custom:
        selected = selected.add_columns(_CUSTOM_VALUES)
    return Statement(selected)


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
    source: Source,
    ids: Sequence[int],
    attributes: frozenset[Attribute] = frozenset(),
    custom_names: frozenset[str] | None = frozenset(),
) -> dict[int, Case]:
    """Load cases by one statement.

    :param attributes: what is wanted beyond the summary.
    :param custom_names: which custom attributes are wanted; None means every one.
    :returns: those that exist, by ID.
    """
    details, notes = not _DETAILS.isdisjoint(attributes), Attribute.NOTES in attributes
    custom = custom_names is None or bool(custom_names)
    rows = _select_cases(details=details, notes=notes, custom=custom).execute(source, {"ids": ids})
    if not (details or notes or custom):
        return {row[0]: _summary(row) for row in rows}
    cases = {}
    for row in rows:
        rest = iter(row[_SUMMARY_COLUMNS:])
        more = _details(*islice(rest, len(_DETAIL_COLUMNS))) if details else {}
        if notes:
            more["notes"] = _notes(row[0], next(rest))
        if custom:
            more["custom_attributes"] = _custom_attributes(next(rest), custom_names)
        cases[row[0]] = _summary(row[:_SUMMARY_COLUMNS], more)
    return cases


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


def _summary(row: Row, more: Mapping[str, Any] = MappingProxyType({})) -> Case:
    """Make a case of the columns of _SUMMARY, by position: the rows of a driver have no names.

    :param more: the attributes that are no part of a summary.
    """
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
    owner = None if owner_id is None else UserName(owner_id, owner_first_name, owner_last_name)
    folder = None if folder_id is None else Folder(folder_id, folder_name)
    return Case(
        case_id,
        Department(department_id, department_name),
        status,
        severity,
        subject,
        last_modified,
        None if modifier_id is None else UserName(modifier_id, modifier_first_name, modifier_last_name),
        due_date,
        Owner(owner, folder) if owner or folder else None,
        None if customer_id is None else CustomerName(customer_id, customer_name),
        **more,
    )


def _details(
    created: str,
    creator_id: int | None,
    creator_first_name: str,
    creator_last_name: str,
    originating_channel: str | None,
    description: str | None,
    solution: str | None,
    worker_id: int | None,
    worker_first_name: str,
    worker_last_name: str,
    last_closed: str | None,
    related_case_ids: str | None,
) -> dict[str, Any]:
    """Read the columns of _DETAIL_COLUMNS."""
    return {
        "created": created,
        "created_by": None if creator_id is None else UserName(creator_id, creator_first_name, creator_last_name),
        "originating_channel": originating_channel,
        "description": description,
        "solution": solution,
        "user_last_worked": None if worker_id is None else UserName(worker_id, worker_first_name, worker_last_name),
        "last_closed": last_closed,
        "related_case_ids": tuple(sorted(map(int, related_case_ids.split(SEPARATOR)))) if related_case_ids else (),
    }


def _notes(case_id: int, rows: list[list[Any]]) -> tuple[Note, ...]:
    """Read the rows of _NOTES, the oldest first."""
    return tuple(
        [
            Note(note_id, case_id, content, created, UserName(author_id, first_name, last_name))
            for _, note_id, created, content, author_id, first_name, last_name in sorted(rows)
        ]
    )


def _custom_attributes(rows: list[list[Any]], names: frozenset[str] | None) -> tuple[CustomAttribute, ...]:
    """Read the rows of _CUSTOM_VALUES, in the order of the definitions."""
    values: dict[str, list[NamedValue]] = {}
    for _, _, name, value, label in sorted(rows):
        if names is None or name in names:
            values.setdefault(name, []).append(NamedValue(value, label))
    return tuple([CustomAttribute(name, tuple(named)) for name, named in values.items()])

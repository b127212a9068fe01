"""Loads cases and the definitions of custom attributes: each statement is built once and answers for all IDs."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import and_, null, select
from sqlalchemy.orm import aliased

from casemgr.cases.access import VISIBLE_ACTIVITIES
from casemgr.database import models
from casemgr.database.statements import InstantText, IsOneOf, ListRows, Source, Statement
from casemgr.domain.attributes import Attribute
from casemgr.domain.cases import (
    Case,
    CustomAttribute,
    CustomAttributeDefinition,
    DataType,
    NamedValue,
    Note,
    RelatedCase,
)

_MODIFIER = aliased(models.User)
_OWNER = aliased(models.User)
_CREATOR = aliased(models.User)
_WORKER = aliased(models.User)


def _read_related_cases(rows: list[list[Any]]) -> tuple[RelatedCase, ...]:
    """Order the rows of _RELATED_CASES by ID (contract REP-3)."""
    rows.sort()
    return tuple(map(RelatedCase._make, rows))


def _read_notes(rows: list[list[Any]]) -> tuple[Note, ...]:
    """Order the rows of _NOTES by creation, the oldest first, then by ID (contract REP-3)."""
    rows.sort()
    return tuple([Note._make(row[1:]) for row in rows])


def _read_custom_attributes(rows: list[list[Any]]) -> tuple[CustomAttribute, ...]:
    """Group the rows of _CUSTOM_VALUES, in the order of the definitions and of the values (contract REP-3)."""
    rows.sort()
    values: dict[str, list[NamedValue]] = {}
    for _, _, name, value, label in rows:
        values.setdefault(name, []).append(NamedValue(value, label))
    return tuple([CustomAttribute(name, tuple(named)) for name, named in values.items()])


# The keys are the attributes of `Case`.
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
    select(ListRows(models.RelatedCase.related_case_id, read=_read_related_cases))
    .where(models.RelatedCase.case_id == models.Case.id)
    .scalar_subquery()
)

# Loaded only on request: long texts, two more joins and a subquery.
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
            read=_read_notes,
        )
    )
    .join_from(models.Note, models.User, models.User.id == models.Note.created_by_id)
    .where(models.Note.case_id == models.Case.id)
    .scalar_subquery()
)

_CUSTOM_VALUES = (
    select(
        ListRows(
            models.CustomValue.attribute_id,
            models.CustomValue.position,
            models.CustomAttribute.name,
            models.CustomValue.value,
            models.EnumerationValue.label,
            read=_read_custom_attributes,
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

_ACTIVITY_COLUMNS: Mapping[str, Any] = {
    name: VISIBLE_ACTIVITIES.c[name] for name in ("recent_activity_date", "unread_activity_count")
}


@cache
def _select_cases(*, details: bool, notes: bool, custom: bool, activities: bool) -> Statement:
    """Select the columns of `Case` up to the last requested one, with NULL for earlier ones that are not requested."""
    columns = {
        **_SUMMARY_COLUMNS,
        **(_DETAIL_COLUMNS if details else {}),
        **({"notes": _NOTES} if notes else {}),
        **({"custom_attributes": _CUSTOM_VALUES} if custom else {}),
        **(_ACTIVITY_COLUMNS if activities else {}),
    }
    last = max(map(Case._fields.index, columns))
    selected = (
        select(*(columns.get(name, null()) for name in Case._fields[: last + 1]))
        .join_from(models.Case, models.Department, models.Department.id == models.Case.department_id)
        .outerjoin(_MODIFIER, _MODIFIER.id == models.Case.last_modified_by_id)
        .outerjoin(_OWNER, _OWNER.id == models.Case.owner_id)
        .outerjoin(models.Folder, models.Folder.id == models.Case.folder_id)
        .outerjoin(models.Customer, models.Customer.id == models.Case.customer_id)
        .where(IsOneOf(models.Case.id, "ids"))
    )
    if details:
        selected = selected.outerjoin(_CREATOR, _CREATOR.id == models.Case.created_by_id).outerjoin(
            _WORKER, _WORKER.id == models.Case.user_last_worked_id
        )
    if activities:
        selected = selected.join(VISIBLE_ACTIVITIES, VISIBLE_ACTIVITIES.c.case_id == models.Case.id)
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
_SELECT_NAMED_DEFINITIONS = Statement(_DEFINITIONS.where(IsOneOf(models.CustomAttribute.name, "names")))


def load_cases(
    source: Source,
    ids: Sequence[int],
    attributes: frozenset[Attribute] = frozenset(),
    *,
    custom: bool = False,
    visible_to: int | None = None,
) -> dict[int, Case]:
    """Load cases by one statement, so that everything in a case is of the same time.

    :param attributes: the attributes to load in addition to the summary.
    :param custom: whether to load the custom attributes.
    :param visible_to: the ID of the customer who asks; None when staff does.
    :returns: the cases that exist, by ID; for a customer those with visible activities, and a summary of these.
    """
    select_cases = _select_cases(
        details=not _DETAILS.isdisjoint(attributes),
        notes=Attribute.NOTES in attributes,
        custom=custom,
        activities=visible_to is not None,
    )
    parameters = {"ids": ids} if visible_to is None else {"ids": ids, "visible_to": visible_to}
    return {row[0]: Case(*row) for row in select_cases.execute(source, parameters)}


def load_definitions(source: Source, names: frozenset[str] | None = None) -> dict[str, CustomAttributeDefinition]:
    """Load the definitions of custom attributes.

    :param names: the attributes to load, without U+0000 in their names; None means all of them.
    :returns: the definitions that exist, by name.
    """
    if names is None:
        rows = _SELECT_DEFINITIONS.execute(source, {})
    else:
        rows = _SELECT_NAMED_DEFINITIONS.execute(source, {"names": sorted(names)})
    definitions = {}
    for (attribute_id, name, data_type, multiple), group in groupby(rows, key=itemgetter(0, 1, 2, 3)):
        values = tuple(value for *_, value in group if value is not None)
        definitions[name] = CustomAttributeDefinition(attribute_id, name, DataType(data_type), multiple, values)
    return definitions

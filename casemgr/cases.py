"""A case and what belongs to it, as plain data: what `casemgr.repository` loads and `schemas` represent.

What a request has hundreds of are named tuples: frozen dataclasses take nearly twice as long to make.
Instants are texts already, as `casemgr.instants` writes them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class DataType(StrEnum):
    """The declared type of a custom attribute."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    ENUMERATION = "enumeration"


@dataclass(frozen=True, slots=True)
class CustomAttributeDefinition:
    """What is known of a custom attribute.

    :param id: counts up in the order of the definitions.
    :param multiple: whether a case may have several values.
    :param values: the values of an enumeration in the order of their definition; empty for the other types.
    """

    id: int
    name: str
    data_type: DataType
    multiple: bool
    values: tuple[str, ...]


class NamedValue(NamedTuple):
    """A value and, if it has one, its name; of custom attributes only enumerations name their values."""

    value: str
    display_value: str | None = None


class CustomAttribute(NamedTuple):
    """A custom attribute of a case with its values, one at least."""

    name: str
    values: tuple[NamedValue, ...]


class RelatedCase(NamedTuple):
    """A case that another one refers to."""

    id: int


class Note(NamedTuple):
    """A note on a case.

    :param stored: when it was created, as the database writes it, with microseconds: what notes are ordered by.
    """

    stored: str
    id: int
    case_id: int
    created: str
    content: str
    created_by_id: int
    created_by_first_name: str
    created_by_last_name: str


class ActivitySummary(NamedTuple):
    """What a customer learns of the activities of a case that are visible to them (contract ACC-12)."""

    recent_activity_date: str
    unread_activity_count: int


class Case(NamedTuple):
    """A case; None is what it does not have, or what nobody asked for.

    It is flat, as the database gives it: objects within it would have to be made for each case of each request.

    :param on_behalf_of: the other customer for whom a customer asked; links carry it on.
    """

    id: int
    department_id: int
    department_name: str
    status: str
    severity: str
    subject: str
    last_modified: str
    last_modified_by_id: int | None = None
    last_modified_by_first_name: str | None = None
    last_modified_by_last_name: str | None = None
    due_date: str | None = None
    owner_user_id: int | None = None
    owner_user_first_name: str | None = None
    owner_user_last_name: str | None = None
    owner_folder_id: int | None = None
    owner_folder_name: str | None = None
    customer_id: int | None = None
    customer_name: str | None = None
    created: str | None = None
    created_by_id: int | None = None
    created_by_first_name: str | None = None
    created_by_last_name: str | None = None
    originating_channel: str | None = None
    description: str | None = None
    solution: str | None = None
    user_last_worked_id: int | None = None
    user_last_worked_first_name: str | None = None
    user_last_worked_last_name: str | None = None
    last_closed: str | None = None
    related_cases: tuple[RelatedCase, ...] | None = None
    notes: tuple[Note, ...] | None = None
    custom_attributes: tuple[CustomAttribute, ...] | None = None
    recent_activity_date: str | None = None
    unread_activity_count: int | None = None
    on_behalf_of: int | None = None

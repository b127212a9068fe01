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


class UserName(NamedTuple):
    """A user as a case names them."""

    id: int
    first_name: str
    last_name: str


class Department(NamedTuple):
    """The department that a case belongs to."""

    id: int
    name: str


class Folder(NamedTuple):
    """The folder that a case lies in; its name is a built-in value or any text."""

    id: int
    name: str


class Owner(NamedTuple):
    """Who has a case and in which folder: one of them at least."""

    user: UserName | None
    folder: Folder | None


class CustomerName(NamedTuple):
    """A customer as a case names them."""

    id: int
    name: str


class Note(NamedTuple):
    """A note on a case."""

    id: int
    case_id: int
    content: str
    created: str
    created_by: UserName


class ActivitySummary(NamedTuple):
    """What a customer learns of the activities of a case that are visible to them (contract ACC-12)."""

    recent_activity_date: str
    unread_activity_count: int


class Case(NamedTuple):
    """A case; None is what it does not have, or what nobody asked for.

    :param on_behalf_of: the other customer for whom a customer asked; links carry it on.
    """

    id: int
    department: Department
    status: str
    severity: str
    subject: str
    last_modified: str
    last_modified_by: UserName | None = None
    due_date: str | None = None
    owner: Owner | None = None
    customer: CustomerName | None = None
    created: str | None = None
    created_by: UserName | None = None
    originating_channel: str | None = None
    description: str | None = None
    solution: str | None = None
    user_last_worked: UserName | None = None
    last_closed: str | None = None
    related_case_ids: tuple[int, ...] = ()
    notes: tuple[Note, ...] = ()
    custom_attributes: tuple[CustomAttribute, ...] = ()
    recent_activity_date: str | None = None
    unread_activity_count: int | None = None
    on_behalf_of: int | None = None

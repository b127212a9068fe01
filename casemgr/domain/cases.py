"""A case and what belongs to it, as plain data: `casemgr.cases.repository` loads it, `schemas` represents it.

Objects that one request creates by the hundred are named tuples, which take two thirds of the time of frozen
dataclasses to create. Instants are already text, in the form of `casemgr.domain.instants`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class ActivityType(StrEnum):
    """The types of activity."""

    EMAIL = "email"
    CHAT = "chat"
    CALLTRACK = "calltrack"
    SOCIAL = "social"
    TASK = "task"
    GENERIC = "generic"
    WEB = "web"


class ActivityMode(StrEnum):
    """The direction of an activity."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


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
    """The definition of a custom attribute.

    :param id: increases in the order of the definitions.
    :param multiple: whether a case may have several values.
    :param values: the values of an enumeration in the order of their definition; empty for other types.
    """

    id: int
    name: str
    data_type: DataType
    multiple: bool
    values: tuple[str, ...]


class NamedValue(NamedTuple):
    """A value and its display value, if it has one; among custom attributes, only enumerations do."""

    value: str
    display_value: str | None = None


class CustomAttribute(NamedTuple):
    """A custom attribute of a case, with at least one value."""

    name: str
    values: tuple[NamedValue, ...]


class RelatedCase(NamedTuple):
    """A case that another case refers to."""

    id: int


class Note(NamedTuple):
    """A note on a case."""

    id: int
    case_id: int
    created: str
    content: str
    created_by_id: int
    created_by_first_name: str
    created_by_last_name: str


class Case(NamedTuple):
    """A case. None stands for a value that the case does not have, or that was not requested.

    It is as flat as its database row, since nested objects would have to be created for every case of every request.

    :param on_behalf_of: the ID of the other customer for whom the request was made; links repeat it.
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
    recent_activity_date: str | None = None
    unread_activity_count: int | None = None
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
    on_behalf_of: int | None = None

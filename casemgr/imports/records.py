"""The schemas of the dataset: one for each type of record, which loads a line into a row and dumps a row for a line.

A field has the name of the dataset field in snake case. Its `attribute`, by default its name, is a column of the row or
a list that becomes rows of a child table.

Source: contract, dataset.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_dump, post_load, pre_load, validate, validates_schema

from casemgr.database import models
from casemgr.domain.cases import ActivityMode, ActivityType, DataType
from casemgr.i18n.display_values import BUILT_IN_VALUES, ValueKind
from casemgr.imports.fields import (
    MISSING,
    Boolean,
    Choice,
    CustomValues,
    Id,
    Instant,
    Items,
    Name,
    Password,
    Reference,
    SessionId,
    Text,
)
from schemas.fields import CamelCaseSchema


class Record(CamelCaseSchema):
    """The base of the schemas of all records."""

    error_messages = {"unknown": "is not a field of this record", "type": "must be an object"}  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        """Remember the defaults of the optional fields."""
        super().__init__(**kwargs)
        defaults = {field.data_key: field.load_default for field in self.load_fields.values()}
        self._defaults = {name: default() if callable(default) else default for name, default in defaults.items()}

    @pre_load
    def remove_null(self, data: Any, **_: Any) -> Any:
        """Treat a field that is null as absent."""
        if not isinstance(data, Mapping) or None not in data.values():
            return data
        known = {field.data_key for field in self.load_fields.values()}
        return {name: value for name, value in data.items() if value is not None or name not in known}

    @post_dump
    def omit_defaults(self, data: Mapping[str, Any], **_: Any) -> Any:
        """Leave out the optional fields that have their default."""
        return {name: value for name, value in data.items() if value != self._defaults[name]}


class Deletion(Record):
    """The base of the schemas of deletions, which have only the fields of the key."""

    error_messages = {"unknown": "is not allowed in a deletion, which has only its key"}  # noqa: RUF012


def _optional(field: type[fields.Field[Any]], *args: Any, **kwargs: Any) -> Any:
    return field(*args, load_default=None, **kwargs)


def _nested(record: type[Record]) -> fields.Nested:
    return fields.Nested(record, error_messages={**MISSING})


class DepartmentRecord(Record):
    """A department."""

    id = Id(required=True)
    name = Name(required=True)


class DepartmentSharingRecord(Record):
    """A sharing of a department with another one."""

    from_department = Reference(models.Department, required=True, data_key="from", attribute="from_department_id")
    to_department = Reference(models.Department, required=True, data_key="to", attribute="to_department_id")
    activities = Boolean(required=True)


class RoleActionRecord(Record):
    """An action on a resource."""

    resource = Text(required=True)
    action = Text(required=True)


class RoleRecord(Record):
    """A role."""

    id = Id(required=True)
    name = Name(required=True)
    actions = Items(_nested(RoleActionRecord), required=True)


class UserRecord(Record):
    """A user."""

    id = Id(required=True)
    login_id = Name(required=True)
    first_name = Name(required=True)
    last_name = Name(required=True)
    department = Reference(models.Department, required=True, attribute="department_id")
    foreign_departments = Items(Reference(models.Department))
    roles = Items(Reference(models.Role))
    password = _optional(Password, attribute="password_hash")
    disabled = Boolean(load_default=False)


class FolderRecord(Record):
    """A folder."""

    id = Id(required=True)
    name = Name(required=True)


class CustomerRecord(Record):
    """A customer."""

    id = Id(required=True)
    name = Name(required=True)
    login_id = _optional(Name)
    password = _optional(Password, attribute="password_hash")
    disabled = Boolean(load_default=False)


class CustomerGrantRecord(Record):
    """The permission of one customer to act on behalf of another."""

    customer = Reference(models.Customer, required=True, attribute="customer_id")
    on = Reference(models.Customer, required=True, attribute="on_customer_id")


class ClientApplicationRecord(Record):
    """A client application."""

    id = Id(required=True)
    name = Name(required=True)
    client_type = Name(required=True)
    client_id = _optional(Name)
    client_secret = _optional(Password, attribute="client_secret_hash")
    disabled = Boolean(load_default=False)


class EnumerationValueRecord(Record):
    """A value of an enumeration."""

    value = Text(required=True)
    label = Text(required=True)


class CustomAttributeRecord(Record):
    """A custom attribute."""

    name = Name(
        required=True,
        validate=[
            validate.ContainsNoneOf(",", error="may not contain a comma, which separates names in requests"),
            validate.ContainsNoneOf("\0", error="may not contain U+0000, since SQLite compares names only up to it"),
        ],
    )
    data_type = Choice(DataType, required=True)
    multiple = Boolean(load_default=False)
    values = Items(_nested(EnumerationValueRecord))

    @validates_schema
    def check_values(self, data: Mapping[str, Any], **_: Any) -> None:
        """Require distinct values for an enumeration, and no values for other data types."""
        values = [item["value"] for item in data["values"]]
        if (data["data_type"] == DataType.ENUMERATION) != bool(values):
            raise ValidationError("are required for an enumeration and not allowed otherwise", "values")
        if len(set(values)) < len(values):
            raise ValidationError("must be distinct", "values")


class NoteRecord(Record):
    """A note."""

    id = Id(required=True)
    content = Text(required=True)
    created = Instant(required=True)
    created_by = Reference(models.User, required=True, attribute="created_by_id")


class CaseRecord(Record):
    """A case."""

    id = Id(required=True)
    department = Reference(models.Department, required=True, attribute="department_id")
    status = Choice(BUILT_IN_VALUES[ValueKind.STATUS], required=True)
    severity = Choice(BUILT_IN_VALUES[ValueKind.SEVERITY], required=True)
    subject = Text(required=True)
    created = Instant(required=True)
    last_modified = Instant(required=True)
    created_by = _optional(Reference, models.User, attribute="created_by_id")
    last_modified_by = _optional(Reference, models.User, attribute="last_modified_by_id")
    owner = _optional(Reference, models.User, attribute="owner_id")
    user_last_worked = _optional(Reference, models.User, attribute="user_last_worked_id")
    folder = _optional(Reference, models.Folder, attribute="folder_id")
    customer = _optional(Reference, models.Customer, attribute="customer_id")
    due_date = _optional(Instant)
    last_closed = _optional(Instant)
    originating_channel = _optional(Choice, BUILT_IN_VALUES[ValueKind.CHANNEL])
    description = _optional(Text)
    solution = _optional(Text)
    # Plain IDs, since a `Reference` has to be to an earlier line.
    related_cases = Items(Id())
    custom = CustomValues(load_default=dict)
    notes = Items(_nested(NoteRecord))

    @validates_schema
    def check_notes(self, data: Mapping[str, Any], **_: Any) -> None:
        """Require distinct IDs of the notes."""
        if len({note["id"] for note in data["notes"]}) < len(data["notes"]):
            raise ValidationError("must have distinct IDs", "notes")


class ActivityRecord(Record):
    """An activity."""

    id = Id(required=True)
    case = Reference(models.Case, required=True, attribute="case_id")
    customer = Reference(models.Customer, required=True, attribute="customer_id")
    activity_type = Choice(ActivityType, required=True)
    mode = Choice(ActivityMode, required=True)
    created = Instant(required=True)
    sent = _optional(Instant)
    read = Boolean(load_default=False)


class SessionRecord(Record):
    """A session."""

    session_id = SessionId(required=True, attribute="digest")
    user = _optional(Reference, models.User, attribute="user_id")
    customer = _optional(Reference, models.Customer, attribute="customer_id")
    client_application = _optional(Reference, models.ClientApplication, attribute="client_application_id")
    expires = Instant(required=True)

    @validates_schema
    def check_owner(self, data: Mapping[str, Any], **_: Any) -> None:
        """Require exactly one owner."""
        owners = [data["user_id"], data["customer_id"], data["client_application_id"]]
        if sum(owner is not None for owner in owners) != 1:
            raise ValidationError("exactly one of user, customer and clientApplication must be given", "user")

    @post_load
    def omit_idle_time(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Set no idle time, which only sessions from logins have."""
        return {**data, "created": None, "idle_expires": None}

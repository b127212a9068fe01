"""The records of the import format: one schema each, which loads a line into a row of its table.

A field is named as in the dataset, but for the camel case; its `attribute`, by default its name, is the column, or the
name under which its rows hang off the main one. What a message says completes the sentence that begins with the name
of the field.

Source: contract, dataset.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, missing, post_load, pre_load, validate, validates_schema

from casemgr import models
from casemgr.cases import DataType
from casemgr.display_values import BUILT_IN_VALUES, ValueKind
from casemgr.hashes import digest_of, hash_password
from casemgr.ids import MAX_ID
from casemgr.instants import parse_instant
from casemgr.models import ActivityMode, ActivityType
from casemgr.surrogates import replace_lone_surrogates
from schemas.fields import CamelCaseSchema

_ABSENT = {"required": "is missing", "null": "is missing"}


class Id(fields.Field[int]):
    """A positive integer that fits a column."""

    default_error_messages = {**_ABSENT, "invalid": f"must be a whole number from 1 to {MAX_ID}"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is not int or not 1 <= value <= MAX_ID:
            raise self.make_error("invalid")
        return value


class Reference(Id):
    """The ID of another record."""

    def __init__(self, model: type[models.Base], **kwargs: Any) -> None:
        """Take the table that the other record is in."""
        super().__init__(**kwargs)
        self.model = model


class Text(fields.Field[str]):
    """Any text; what UTF-8 cannot carry, which JSON can express, is replaced (contract REP-5)."""

    default_error_messages = {**_ABSENT, "invalid": "must be a text"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        return value if value.isascii() else replace_lone_surrogates(value)


class Name(Text):
    """A text that is not empty."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text:
            raise ValidationError("may not be empty")
        return text


class Password(Text):
    """A text of which only the hash is kept."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return hash_password(super()._deserialize(value, attr, data, **kwargs))


class Word(Text):
    """One of a few words."""

    def __init__(self, words: Any, **kwargs: Any) -> None:
        """Take the words."""
        one_of = validate.OneOf(list(words), error="must be one of {choices}, not {input}")
        super().__init__(validate=one_of, **kwargs)


class Flag(fields.Field[bool]):
    """True or false."""

    default_error_messages = {**_ABSENT, "invalid": "must be true or false"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Instant(Text):
    """A date and time with an offset."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return parse_instant(text)
        except ValueError as error:
            raise ValidationError(f"{text[:100]!r} {error}") from error


class SessionId(Text):
    """A session ID, of which only the digest is kept."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text or not text.isascii() or not text.isprintable() or " " in text or "," in text:
            raise ValidationError("must be visible ASCII characters without a comma, as it travels in a header")
        return digest_of(text)


class Items(fields.List[Any]):
    """A list; empty unless given."""

    default_error_messages = {**_ABSENT, "invalid": "must be a list"}  # noqa: RUF012

    def __init__(self, item: Any, *, required: bool = False) -> None:
        """Take the field of an item."""
        super().__init__(item, required=required, load_default=missing if required else list)


class CustomValues(fields.Field[dict[str, list[str]]]):
    """Values by the name of their custom attribute."""

    _NAME = Text()
    _TEXTS = Items(Text())

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValidationError("must be an object")
        problems = {}
        loaded = {}
        for name, texts in value.items():
            try:
                loaded[self._NAME.deserialize(name)] = self._TEXTS.deserialize(texts)
            except ValidationError as error:
                problems[name] = error.messages
        if problems:
            raise ValidationError(problems)
        return loaded


class Record(CamelCaseSchema):
    """What all records share."""

    error_messages = {"unknown": "is not a field of this record", "type": "must be an object"}  # noqa: RUF012

    @pre_load
    def leave_out_null(self, data: Any, **_: Any) -> Any:
        """Take null for absent."""
        if not isinstance(data, Mapping) or None not in data.values():
            return data
        known = {field.data_key for field in self.load_fields.values()}
        return {name: value for name, value in data.items() if value is not None or name not in known}


def _optional(field: type[fields.Field[Any]], *args: Any, **kwargs: Any) -> Any:
    return field(*args, load_default=None, **kwargs)


def _nested(record: type[Record]) -> fields.Nested:
    return fields.Nested(record, error_messages={**_ABSENT})


class DepartmentRecord(Record):
    """A department."""

    id = Id(required=True)
    name = Name(required=True)


class DepartmentSharingRecord(Record):
    """What one department lets another one see."""

    from_department = Reference(models.Department, required=True, data_key="from", attribute="from_department_id")
    to_department = Reference(models.Department, required=True, data_key="to", attribute="to_department_id")
    activities = Flag(required=True)


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
    disabled = Flag(load_default=False)


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
    disabled = Flag(load_default=False)


class CustomerGrantRecord(Record):
    """A grant."""

    customer = Reference(models.Customer, required=True, attribute="customer_id")
    on = Reference(models.Customer, required=True, attribute="on_customer_id")


class ClientApplicationRecord(Record):
    """A client application."""

    id = Id(required=True)
    name = Name(required=True)
    client_type = Name(required=True)
    client_id = _optional(Name)
    client_secret = _optional(Password, attribute="client_secret_hash")
    disabled = Flag(load_default=False)


class EnumerationValueRecord(Record):
    """A value of an enumeration."""

    value = Text(required=True)
    label = Text(required=True)


class CustomAttributeRecord(Record):
    """A custom attribute."""

    name = Name(
        required=True,
        validate=validate.ContainsNoneOf(",", error="may not contain a comma, which separates names in requests"),
    )
    data_type = Word(DataType, required=True)
    multiple = Flag(load_default=False)
    values = Items(_nested(EnumerationValueRecord))

    @validates_schema
    def check_values(self, data: Mapping[str, Any], **_: Any) -> None:
        """Want values for an enumeration, each once, and for nothing else."""
        values = [item["value"] for item in data["values"]]
        if (data["data_type"] == DataType.ENUMERATION) != bool(values):
            raise ValidationError("must be given for an enumeration, and for nothing else", "values")
        if len(set(values)) < len(values):
            raise ValidationError("must be different from each other", "values")


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
    status = Word(BUILT_IN_VALUES[ValueKind.STATUS], required=True)
    severity = Word(BUILT_IN_VALUES[ValueKind.SEVERITY], required=True)
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
    originating_channel = _optional(Word, BUILT_IN_VALUES[ValueKind.CHANNEL])
    description = _optional(Text)
    solution = _optional(Text)
    # Not a Reference: it alone may point forward.
    related_cases = Items(Id())
    custom = CustomValues(load_default=dict)
    notes = Items(_nested(NoteRecord))

    @validates_schema
    def check_notes(self, data: Mapping[str, Any], **_: Any) -> None:
        """Want each note ID once."""
        if len({note["id"] for note in data["notes"]}) < len(data["notes"]):
            raise ValidationError("must have IDs that are different from each other", "notes")


class ActivityRecord(Record):
    """An activity."""

    id = Id(required=True)
    case = Reference(models.Case, required=True, attribute="case_id")
    customer = Reference(models.Customer, required=True, attribute="customer_id")
    activity_type = Word(ActivityType, required=True)
    mode = Word(ActivityMode, required=True)
    created = Instant(required=True)
    sent = _optional(Instant)
    read = Flag(load_default=False)


class SessionRecord(Record):
    """A session."""

    session_id = SessionId(required=True, attribute="digest")
    user = _optional(Reference, models.User, attribute="user_id")
    customer = _optional(Reference, models.Customer, attribute="customer_id")
    client_application = _optional(Reference, models.ClientApplication, attribute="client_application_id")
    expires = Instant(required=True)

    @validates_schema
    def check_owner(self, data: Mapping[str, Any], **_: Any) -> None:
        """Want exactly one owner."""
        owners = [data["user_id"], data["customer_id"], data["client_application_id"]]
        if sum(owner is not None for owner in owners) != 1:
            raise ValidationError("exactly one of user, customer and clientApplication must be given", "user")

    @post_load
    def without_idle_time(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Let it end when it expires, used or not: nobody has logged in to it."""
        return {**data, "created": None, "idle_expires": None}

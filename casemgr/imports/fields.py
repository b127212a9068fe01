"""The field types of records.

Error messages follow the name of the field, such as "id: is missing".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError, fields, missing, validate

from casemgr.accounts.sessions import MIN_SESSION_ID, digest_session_id
from casemgr.database import models
from casemgr.domain.ids import MAX_ID
from casemgr.domain.instants import format_instant, parse_instant
from casemgr.domain.texts import replace_lone_surrogates

MISSING = {"required": "is missing", "null": "is missing"}
"""The error messages for a required field that is absent or null."""


class Id(fields.Field[int]):
    """A positive integer that fits a database column."""

    default_error_messages = {**MISSING, "invalid": f"must be a whole number from 1 to {MAX_ID}"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is not int or not 1 <= value <= MAX_ID:
            raise self.make_error("invalid")
        return value


class Reference(Id):
    """The ID of another record."""

    def __init__(self, model: type[models.Base], **kwargs: Any) -> None:
        """Declare a reference to a record in the table of this model."""
        super().__init__(**kwargs)
        self.model = model


class Text(fields.Field[str]):
    """A string; lone surrogates are replaced (contract REP-5)."""

    default_error_messages = {**MISSING, "invalid": "must be a string"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        return value if value.isascii() else replace_lone_surrogates(value)


class Name(Text):
    """A string that is not empty."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text:
            raise ValidationError("may not be empty")
        return text


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or secret, which no database column accepts before it is hashed."""

    text: str = field(repr=False)


class Password(Name):
    """A password or secret, which is loaded as a `Secret` and never dumped."""

    def __init__(self, **kwargs: Any) -> None:
        """Declare a password or secret."""
        super().__init__(load_only=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return Secret(super()._deserialize(value, attr, data, **kwargs))


class Choice(Text):
    """One of several strings."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        """Declare a string that is one of these choices."""
        one_of = validate.OneOf(list(choices), error="must be one of {choices}, not {input}")
        super().__init__(validate=one_of, **kwargs)


class Boolean(fields.Field[bool]):
    """True or false; marshmallow's own field also accepts strings and numbers."""

    default_error_messages = {**MISSING, "invalid": "must be true or false"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Instant(Text):
    """A date and time with an offset, which is loaded and dumped in UTC."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return value and format_instant(value, exact=True)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return parse_instant(text)
        except ValueError as error:
            raise ValidationError(f"{text[:100]!r} {error}") from error


class SessionId(Text):
    """A session ID, which is loaded as its digest and never dumped."""

    def __init__(self, **kwargs: Any) -> None:
        """Declare a session ID."""
        super().__init__(load_only=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text.isascii() or not text.isprintable() or " " in text or "," in text:
            raise ValidationError("must consist of visible ASCII characters other than the comma")
        if len(text) < MIN_SESSION_ID:
            raise ValidationError(f"must have at least {MIN_SESSION_ID} characters")
        return digest_session_id(text)


class Items(fields.List[Any]):
    """A list, empty by default."""

    default_error_messages = {**MISSING, "invalid": "must be a list"}  # noqa: RUF012

    def __init__(self, item: Any, *, required: bool = False) -> None:
        """Declare a list whose items are of this field."""
        super().__init__(item, required=required, load_default=missing if required else list)


class CustomValues(fields.Field[dict[str, list[str]]]):
    """An object with a list of values for each custom attribute."""

    _NAME = Text()
    _VALUES = Items(Text())

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValidationError("must be an object")
        problems = {}
        loaded = {}
        for name, values in value.items():
            try:
                loaded[self._NAME.deserialize(name)] = self._VALUES.deserialize(values)
            except ValidationError as error:
                problems[name] = error.messages
        if problems:
            raise ValidationError(problems)
        return loaded

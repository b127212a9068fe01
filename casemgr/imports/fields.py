"""The field types of records.

A message completes the sentence that begins with the name of the field.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, missing, validate

from casemgr.accounts.passwords import hash_password
from casemgr.accounts.sessions import digest_session_id
from casemgr.database import models
from casemgr.domain.ids import MAX_ID
from casemgr.domain.instants import parse_instant
from casemgr.domain.texts import replace_lone_surrogates

ABSENT = {"required": "is missing", "null": "is missing"}
"""The messages for an absent field."""


class Id(fields.Field[int]):
    """A positive integer that fits a database column."""

    default_error_messages = {**ABSENT, "invalid": f"must be a whole number from 1 to {MAX_ID}"}  # noqa: RUF012

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
    """A text, in which lone surrogates are replaced (contract REP-5)."""

    default_error_messages = {**ABSENT, "invalid": "must be a text"}  # noqa: RUF012

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
    """A text of which only the hash is stored."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return hash_password(super()._deserialize(value, attr, data, **kwargs))


class Word(Text):
    """One of a few words."""

    def __init__(self, words: Any, **kwargs: Any) -> None:
        """Declare a text that is one of these words."""
        one_of = validate.OneOf(list(words), error="must be one of {choices}, not {input}")
        super().__init__(validate=one_of, **kwargs)


class Flag(fields.Field[bool]):
    """True or false."""

    default_error_messages = {**ABSENT, "invalid": "must be true or false"}  # noqa: RUF012

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
    """A session ID, of which only the digest is stored."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text or not text.isascii() or not text.isprintable() or " " in text or "," in text:
            raise ValidationError("must be visible ASCII characters without a comma, as it travels in a header")
        return digest_session_id(text)


class Items(fields.List[Any]):
    """A list, empty by default."""

    default_error_messages = {**ABSENT, "invalid": "must be a list"}  # noqa: RUF012

    def __init__(self, item: Any, *, required: bool = False) -> None:
        """Declare a list whose items are of this field."""
        super().__init__(item, required=required, load_default=missing if required else list)


class CustomValues(fields.Field[dict[str, list[str]]]):
    """Lists of values by the name of their custom attribute."""

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

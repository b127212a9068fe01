"""The body of an error: its wording in a locale, and its details."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from casemgr.errors.definitions import ApiError, DetailValue
from casemgr.http.limits import MAX_IDS_LENGTH
from casemgr.i18n import translation
from casemgr.i18n.locales import Locale

_MAX_QUOTED = 100
"""Characters of a piece of input that a sentence quotes (contract REP-7)."""

_MAX_PIECES = 100
"""Pieces of input that a sentence quotes; a request line has room for tens of thousands."""

# Controls, formatting (which can reverse the direction of text), surrogates, line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Detail:
    """A key and a value, the same in every locale."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The members of an error body (contract REP-7, REP-8).

    :param user_message: None unless the caller asked for it.
    """

    code: str
    developer_message: str
    user_message: str | None
    details: tuple[Detail, ...]


def build_error_body(error: ApiError, locale: Locale, *, with_user_message: bool) -> ErrorBody:
    """Build the body of an error.

    Source: contract REP-7, REP-8.
    """
    definition = error.definition
    return ErrorBody(
        code=definition.code,
        developer_message=_developer_message(error, locale),
        user_message=translation.translate(locale, definition.user) if with_user_message else None,
        details=tuple(Detail(key, text) for key in definition.detail_keys for text in _detail_texts(error.values[key])),
    )


def _developer_message(error: ApiError, locale: Locale) -> str:
    variables = {key: _quote(value, locale) for key, value in error.values.items()}
    match error.definition.developer:
        case (singular, plural):
            number = count_values(error.values[error.definition.counted_key])
            return translation.translate_plural(locale, singular, plural, number, **variables)
        case message:
            return translation.translate(locale, message, **variables)


def count_values(value: DetailValue) -> int:
    """Return the number that a value of `counted_key` stands for: itself, or its number of texts."""
    return value if isinstance(value, int) else len(_texts(value))


def _texts(value: DetailValue) -> list[str]:
    return [str(value)] if isinstance(value, str | int) else list(value)


def _detail_texts(value: DetailValue) -> list[str]:
    """Select the texts that begin within a list as long as `ids` may be.

    So every element of `ids` has a detail, but not each of the tens of thousands of names that a query string can hold.
    """
    texts = _texts(value)
    starts = accumulate((len(text) + 1 for text in texts), initial=0)
    return [text for text, start in zip(texts, starts, strict=False) if start < MAX_IDS_LENGTH]


def _quote(value: DetailValue, locale: Locale) -> str:
    if isinstance(value, int):
        return translation.format_number(locale, value)
    texts = _texts(value)
    excerpts = tuple(map(_excerpt, texts[:_MAX_PIECES]))
    return translation.enumerate_quoted(locale, excerpts, and_more=len(texts) > _MAX_PIECES)


def _excerpt(text: str) -> str:
    """Cut a piece of input and make its control characters visible (contract REP-7)."""
    excerpt = text[:_MAX_QUOTED]
    visible = excerpt if excerpt.isprintable() else "".join(_escape_invisible(excerpt))
    return f"{visible}…" if len(text) > _MAX_QUOTED else visible


def _escape_invisible(text: str) -> Iterator[str]:
    for character in text:
        invisible = unicodedata.category(character) in _INVISIBLE
        yield f"\\u{ord(character):04x}" if invisible else character

"""What an error says, in the locale in use."""

import unicodedata
from collections.abc import Iterator

from casemgr import i18n
from casemgr.errors import ApiError, DetailValue
from casemgr.representations.encoders import Detail, ErrorBody

_MAX_QUOTED = 100
"""Characters of a piece of input that a sentence quotes (contract REP-7)."""

_MAX_PIECES = 100
"""Pieces of input that a sentence quotes; a request line has room for tens of thousands, the details have them all."""

# Controls, formatting (which can turn the direction of writing around), surrogates, line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def build_error_body(error: ApiError, *, with_user_message: bool) -> ErrorBody:
    """Build the body of an error.

    :param with_user_message: whether the caller asked for one (contract REP-8).

    Source: contract REP-7.
    """
    definition = error.definition
    return ErrorBody(
        code=definition.code,
        developer_message=_developer_message(error),
        user_message=i18n.translate(definition.user) if with_user_message else None,
        details=tuple(Detail(key, text) for key in definition.detail_keys for text in _texts(error.values[key])),
    )


def _developer_message(error: ApiError) -> str:
    variables = {key: _in_sentence(value) for key, value in error.values.items()}
    match error.definition.developer:
        case (singular, plural):
            counted = error.values[error.definition.counted_key]
            number = counted if isinstance(counted, int) else len(_texts(counted))
            return i18n.translate_plural(singular, plural, number, **variables)
        case message:
            return i18n.translate(message, **variables)


def _texts(value: DetailValue) -> list[str]:
    return [str(value)] if isinstance(value, str | int) else list(value)


def _in_sentence(value: DetailValue) -> str:
    if isinstance(value, int):
        return i18n.format_number(value)
    texts = _texts(value)
    return i18n.enumerate_quoted(tuple(map(_excerpt, texts[:_MAX_PIECES])), and_more=len(texts) > _MAX_PIECES)


def _excerpt(text: str) -> str:
    """Cut a piece of input and make its control characters visible (contract REP-7)."""
    excerpt = text[:_MAX_QUOTED]
    visible = excerpt if excerpt.isprintable() else "".join(_visible(excerpt))
    return f"{visible}…" if len(text) > _MAX_QUOTED else visible


def _visible(text: str) -> Iterator[str]:
    for character in text:
        invisible = unicodedata.category(character) in _INVISIBLE
        yield f"\\u{ord(character):04x}" if invisible else character

"""Content negotiation: from the values of Accept and Accept-Language to a media type and a locale."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from casemgr.http.media_types import MediaType
from casemgr.i18n.locales import DEFAULT_LOCALE, LANGUAGE_TAGS, LOCALES, Locale, look_up, matches_prefix

# RFC 9110 sections 5.6.2, 5.6.4, 5.6.6, 12.4.2 and 12.5.1; RFC 4647 section 2.1. Old clients leave out the zero of a
# quality value, write `*` for `*/*`, and separate subtags with an underscore (contract NEG-2, NEG-4).
_TCHARS = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED_STRING = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
_PARAMETER = re.compile(rf"({_TCHARS})=({_TCHARS}|{_QUOTED_STRING})")
_QUALITY_VALUE = r"(?:0(?:\.[0-9]{0,3})?|\.[0-9]{1,3}|1(?:\.0{0,3})?)"
_MEDIA_RANGE = re.compile(
    rf"({_TCHARS}/{_TCHARS}|\*)[ \t]*+((?:;[ \t]*+(?:{_TCHARS}=(?:{_TCHARS}|{_QUOTED_STRING})[ \t]*+)?+)*+)"
)
_LANGUAGE_RANGE = re.compile(
    rf"([A-Za-z]{{1,8}}(?:[-_][A-Za-z0-9]{{1,8}})*+|\*)[ \t]*+(?:;[ \t]*+[qQ]=({_QUALITY_VALUE})[ \t]*+)?"
)

_CLOSED_STRING = r'"(?:[^"\\]|\\.)*+"'
_CLOSED_STRINGS = re.compile(_CLOSED_STRING, re.DOTALL)
_UP_TO_UNCLOSED_STRING = re.compile(rf'(?:[^"]++|{_CLOSED_STRING})*+', re.DOTALL)

_MAX_CACHED_LENGTH = 256
"""Characters of a field value whose result is cached. Browsers send fewer; a server may let nearly 1 MB through."""


class NotAcceptableError(Exception):
    """No offer satisfies a request header field.

    :param requested: the field value as received.
    :param supported: all offers.
    """

    def __init__(self, requested: str, supported: Sequence[str]) -> None:
        """Store what was requested and what is supported."""
        super().__init__(requested)
        self.requested = requested
        self.supported = supported


class MediaTypeNotAcceptableError(NotAcceptableError):
    """No media type satisfies Accept."""


class LanguageNotAcceptableError(NotAcceptableError):
    """No locale satisfies Accept-Language."""


class _WeightedRange(NamedTuple):
    range: str
    quality: float


def select_media_type(accept: str | None) -> MediaType:
    """Select the media type of the representation.

    :param accept: the Accept field value as received; None when it is absent.
    :returns: JSON when the client has no preference.
    :raises MediaTypeNotAcceptableError: when no element of the value can be read, or every offer is refused.

    Source: RFC 9110 section 12.5.1; contract NEG-1, NEG-2.
    """
    value = accept or ""
    # Most clients send the same value with every request.
    select = _best_media_type if len(value) <= _MAX_CACHED_LENGTH else _best_media_type.__wrapped__
    media_type = select(value)
    if media_type is None:
        raise MediaTypeNotAcceptableError(value, list(MediaType))
    return media_type


def select_locale(accept_language: str | None) -> Locale:
    """Select the locale of display values and messages.

    A range with `q=0` forbids every locale whose tag begins with it; `*;q=0` does not forbid any locale.

    :param accept_language: the Accept-Language field value as received; None when it is absent.
    :returns: the default locale when the client has no preference.
    :raises LanguageNotAcceptableError: when no element of the value can be read, or no range matches a locale.

    Source: RFC 9110 section 12.5.4; contract NEG-3 to NEG-5.
    """
    value = accept_language or ""
    select = _best_locale if len(value) <= _MAX_CACHED_LENGTH else _best_locale.__wrapped__
    locale = select(value)
    if locale is None:
        raise LanguageNotAcceptableError(value, LANGUAGE_TAGS)
    return locale


@lru_cache(maxsize=256)
def _best_media_type(accept: str) -> MediaType | None:
    elements = _split_elements(accept)
    if not elements:
        return MediaType.JSON
    ranges = list(_parse_media_ranges(elements))
    quality, media_type = max(
        ((_quality_of(offer, ranges), offer) for offer in MediaType), key=lambda candidate: candidate[0]
    )
    return media_type if quality else None


@lru_cache(maxsize=256)
def _best_locale(accept_language: str) -> Locale | None:
    elements = _split_elements(accept_language)
    if not elements:
        return DEFAULT_LOCALE
    ranges = list(_parse_language_ranges(elements))
    forbidden = [weighted.range for weighted in ranges if not weighted.quality]
    offers = [locale for locale in LOCALES if not any(matches_prefix(locale, name) for name in forbidden)]
    for weighted in sorted(ranges, key=lambda weighted: weighted.quality, reverse=True):
        if weighted.quality and (locale := look_up(weighted.range, offers)):
            return locale
    return None


def _quality_of(offer: MediaType, ranges: list[_WeightedRange]) -> float:
    """Find the quality of an offer: that of the most specific ranges that match it, where 0 outweighs the others."""
    for matching in (offer, "application/*", "*/*"):
        qualities = [weighted.quality for weighted in ranges if weighted.range == matching]
        if qualities:
            return max(qualities) if all(qualities) else 0.0
    return 0.0


def _parse_media_ranges(elements: Sequence[str]) -> Iterator[_WeightedRange]:
    """Parse the elements of Accept, skipping those that do not follow the grammar (contract NEG-2)."""
    for element in filter(None, map(_MEDIA_RANGE.fullmatch, elements)):
        weights = [text for name, text in _PARAMETER.findall(element[2]) if name.lower() == "q"] or ["1"]
        if len(weights) == 1 and re.fullmatch(_QUALITY_VALUE, weights[0]):
            yield _WeightedRange("*/*" if element[1] == "*" else element[1].lower(), float(weights[0]))


def _parse_language_ranges(elements: Sequence[str]) -> Iterator[_WeightedRange]:
    """Parse the elements of Accept-Language, skipping those that do not follow the grammar (contract NEG-5)."""
    for element in filter(None, map(_LANGUAGE_RANGE.fullmatch, elements)):
        yield _WeightedRange(element[1].replace("_", "-"), float(element[2] or "1"))


def _split_elements(value: str) -> list[str]:
    """Split a comma-separated list (RFC 9110 section 5.6.1) into the elements that are not empty.

    A comma in a closed quoted string does not separate elements (contract NEG-2).
    """
    closed = _UP_TO_UNCLOSED_STRING.match(value)
    end = closed.end() if closed else 0
    masked = _CLOSED_STRINGS.sub(lambda quoted: "_" * len(quoted[0]), value[:end]) + value[end:]
    elements, start = [], 0
    for length in map(len, masked.split(",")):
        elements.append(value[start : start + length].strip(" \t"))
        start += length + 1
    return [element for element in elements if element]

"""Content negotiation: from the values of Accept and Accept-Language to a media type and a locale."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeVar

from casemgr.errors import LANGUAGE_NOT_ACCEPTABLE, MEDIA_TYPE_NOT_ACCEPTABLE, ApiError
from casemgr.locales import DEFAULT_LOCALE, LOCALES, Locale, is_named_by, look_up
from casemgr.media_types import MediaType

# RFC 9110 sections 5.6.2, 5.6.4, 5.6.6, 12.4.2 and 12.5.1; RFC 4647 section 2.1.
_TCHARS = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED_STRING = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
_PARAMETER = re.compile(rf"({_TCHARS})=({_TCHARS}|{_QUOTED_STRING})")
_QUALITY_VALUE = r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)"
_MEDIA_RANGE = re.compile(
    rf"({_TCHARS})/({_TCHARS})[ \t]*+((?:;[ \t]*+(?:{_TCHARS}=(?:{_TCHARS}|{_QUOTED_STRING})[ \t]*+)?+)*+)"
)
_LANGUAGE_RANGE = re.compile(
    rf"([A-Za-z]{{1,8}}(?:-[A-Za-z0-9]{{1,8}})*+|\*)[ \t]*+(?:;[ \t]*+[qQ]=({_QUALITY_VALUE})[ \t]*+)?"
)
_EMPTY_ELEMENTS = re.compile(r"[ \t,]*+")

_T = TypeVar("_T")

_MAX_REMEMBERED = 256
"""Characters of a field value that is remembered: browsers send fewer, a server lets through nearly a megabyte."""


class _UnreadableError(ValueError):
    """A field value does not follow its grammar."""


class _WeightedRange(NamedTuple):
    range: str
    quality: float


def select_media_type(accept: str | None) -> MediaType:
    """Select the media type of the representation.

    :param accept: the Accept field value as received; None when it is absent.
    :raises ApiError: MEDIA_TYPE_NOT_ACCEPTABLE when the value cannot be read or refuses every offer.

    Source: RFC 9110 section 12.5.1; contract NEG-1, NEG-2.
    """
    media_type = _remembered(_best_media_type, accept or "")
    if media_type is None:
        raise ApiError(MEDIA_TYPE_NOT_ACCEPTABLE, requested=accept or "", supported=list(MediaType))
    return media_type


def _remembered(select: Callable[[str], _T], value: str) -> _T:
    """Select by what a field says; most clients say the same with every request."""
    return _remember(select, value) if len(value) <= _MAX_REMEMBERED else select(value)


@lru_cache(maxsize=256)
def _remember(select: Callable[[str], _T], value: str) -> _T:
    return select(value)


def _best_media_type(accept: str) -> MediaType | None:
    try:
        ranges = list(_parse_accept(accept))
    except _UnreadableError:
        return None
    if not ranges:
        return MediaType.JSON
    quality, media_type = max(
        ((_quality(offer, ranges), offer) for offer in MediaType), key=lambda candidate: candidate[0]
    )
    return media_type if quality else None


def select_locale(accept_language: str | None) -> Locale:
    """Select the locale of names and messages.

    A range with `q=0` forbids every locale whose tag it is a prefix of; `*;q=0` names no locale in particular.

    :param accept_language: the Accept-Language field value as received; None when it is absent.
    :raises ApiError: LANGUAGE_NOT_ACCEPTABLE when the value cannot be read or no range means a locale.

    Source: RFC 9110 section 12.5.4; contract NEG-3 to NEG-5.
    """
    locale = _remembered(_best_locale, accept_language or "")
    if locale is None:
        raise ApiError(
            LANGUAGE_NOT_ACCEPTABLE,
            requested=accept_language or "",
            supported=[locale.language_tag for locale in LOCALES],
        )
    return locale


def _best_locale(accept_language: str) -> Locale | None:
    try:
        ranges = list(_parse_accept_language(accept_language))
    except _UnreadableError:
        return None
    if not ranges:
        return DEFAULT_LOCALE
    forbidden = [weighted.range for weighted in ranges if not weighted.quality]
    offers = [locale for locale in LOCALES if not any(is_named_by(locale, name) for name in forbidden)]
    for weighted in sorted(ranges, key=lambda weighted: weighted.quality, reverse=True):
        if weighted.quality and (locale := look_up(weighted.range, offers)):
            return locale
    return None


def _quality(offer: MediaType, ranges: list[_WeightedRange]) -> float:
    """Weigh an offer by the most specific ranges that match it; among those, 0 outweighs everything else."""
    for matching in (offer, "application/*", "*/*"):
        qualities = [weighted.quality for weighted in ranges if weighted.range == matching]
        if qualities:
            return max(qualities) if all(qualities) else 0.0
    return 0.0


def _parse_accept(value: str) -> Iterator[_WeightedRange]:
    for element in _parse_elements(value, _MEDIA_RANGE):
        media_type, subtype, parameters = element.groups()
        weights = [text for name, text in _PARAMETER.findall(parameters) if name.lower() == "q"] or ["1"]
        if len(weights) > 1 or not re.fullmatch(_QUALITY_VALUE, weights[0]):
            raise _UnreadableError(value)
        yield _WeightedRange(f"{media_type}/{subtype}".lower(), float(weights[0]))


def _parse_accept_language(value: str) -> Iterator[_WeightedRange]:
    for element in _parse_elements(value, _LANGUAGE_RANGE):
        yield _WeightedRange(element[1], float(element[2] or "1"))


def _parse_elements(value: str, element: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Split a comma-separated list (RFC 9110 section 5.6.1), skipping its empty elements."""
    position = _skip_empty_elements(value, 0)
    while position < len(value):
        match = element.match(value, position)
        if match is None or value[match.end() : match.end() + 1] not in {"", ","}:
            raise _UnreadableError(value)
        yield match
        position = _skip_empty_elements(value, match.end())


def _skip_empty_elements(value: str, position: int) -> int:
    match = _EMPTY_ELEMENTS.match(value, position)
    return match.end() if match else position

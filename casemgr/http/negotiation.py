"""Content negotiation: from the values of Accept and Accept-Language to a media type and a locale."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from casemgr.http.media_types import MediaType
from casemgr.i18n.locales import DEFAULT_LOCALE, LANGUAGE_TAGS, LANGUAGES, LOCALES, Locale, look_up

_MATCHING_RANGES = {media_type: (media_type.value, "application/*", "*/*") for media_type in MediaType}
"""The media ranges that match each media type, from the most specific one."""

# RFC 9110 sections 5.6.2, 5.6.4, 5.6.6, 12.4.2 and 12.5.1; RFC 4647 section 2.1. Old clients leave out the zero of a
# quality value, write `*` for `*/*`, and separate subtags with an underscore (contract NEG-2, NEG-4).
#
# A field may be repeated until it has 256 kB, so each expression finds, in one pass, only those elements of the list
# that follow the grammar and may match an offer. Possessive quantifiers keep the time linear.
_TCHARS = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED_STRING = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
_WEIGHT = r";[ \t]*+q=(0(?:\.[0-9]{0,3})?|\.[0-9]{1,3}|1(?:\.0{0,3})?)[ \t]*+"
_PARAMETERS = rf"(?:;[ \t]*+(?:(?!q=){_TCHARS}=(?:{_TCHARS}|{_QUOTED_STRING})[ \t]*+|(?=[;,]|\Z)))*+"
_START, _END = r"(?:\A|,)[ \t]*+", r"(?=,|\Z)"
_KNOWN_MEDIA_RANGES = "|".join(map(re.escape, (*MediaType, "application/*", "*/*", "*")))
_MEDIA_RANGES = re.compile(
    rf"{_START}({_KNOWN_MEDIA_RANGES})[ \t]*+{_PARAMETERS}(?:{_WEIGHT}{_PARAMETERS})?{_END}", re.ASCII | re.IGNORECASE
)
_LANGUAGE_RANGES = re.compile(
    rf"{_START}((?:{'|'.join(LANGUAGES)})(?:[-_][a-z0-9]{{1,8}})*+|\*)[ \t]*+(?:{_WEIGHT})?{_END}",
    re.ASCII | re.IGNORECASE,
)

_CLOSED_STRING = r'"(?:[^"\\]|\\.)*+"'
_CLOSED_STRINGS = re.compile(_CLOSED_STRING, re.DOTALL)
_UP_TO_UNCLOSED_STRING = re.compile(rf'(?:[^"]++|{_CLOSED_STRING})*+', re.DOTALL)

_MAX_CACHED_LENGTH = 256
"""Characters of a field value whose result is cached. Browsers send fewer."""


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
    if _is_empty(accept):
        return MediaType.JSON
    qualities: dict[str, list[float]] = {}
    for media_range, quality in set(_MEDIA_RANGES.findall(_join_distinct_elements(accept))):
        known = "*/*" if media_range == "*" else media_range.lower()
        qualities.setdefault(known, []).append(float(quality or "1"))
    best = max(MediaType, key=lambda offer: _quality_of(offer, qualities))
    return best if _quality_of(best, qualities) else None


@lru_cache(maxsize=256)
def _best_locale(accept_language: str) -> Locale | None:
    if _is_empty(accept_language):
        return DEFAULT_LOCALE
    # A dictionary keeps the order, a set would not.
    found = dict.fromkeys(_LANGUAGE_RANGES.findall(_join_distinct_elements(accept_language)))
    ranges = [(name.replace("_", "-").lower(), float(quality or "1")) for name, quality in found]
    forbidden = {name for name, quality in ranges if not quality}
    offers = [locale for locale in LOCALES if forbidden.isdisjoint(locale.prefixes)]
    languages = {"*"}.union(*(offer.prefixes for offer in offers))
    # The best range among those with an offer; equal ones in their order.
    candidates = [weighted for weighted in ranges if weighted[1] and weighted[0].partition("-")[0] in languages]
    best = max(candidates, key=lambda weighted: weighted[1], default=None)
    return look_up(best[0], offers) if best else None


def _quality_of(offer: MediaType, qualities: Mapping[str, Sequence[float]]) -> float:
    """Find the quality of an offer: that of the most specific ranges that match it, where 0 outweighs the others."""
    for matching in _MATCHING_RANGES[offer]:
        if found := qualities.get(matching):
            return max(found) if all(found) else 0.0
    return 0.0


def _is_empty(value: str) -> bool:
    """Check whether a comma-separated list has only empty elements (RFC 9110 section 5.6.1)."""
    return not value.strip(" \t,")


def _join_distinct_elements(value: str) -> str:
    """Leave out repeated elements of a comma-separated list, and mask commas that do not separate elements.

    These are the commas in closed quoted strings (contract NEG-2).
    """
    if '"' in value:
        closed = _UP_TO_UNCLOSED_STRING.match(value)
        end = closed.end() if closed else 0
        value = _CLOSED_STRINGS.sub(lambda quoted: quoted[0].replace(",", "_"), value[:end]) + value[end:]
    return ",".join(dict.fromkeys(value.split(",")))

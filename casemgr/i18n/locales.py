"""The fifteen locales, and the lookup of language ranges among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import babel
from babel.core import get_global


@dataclass(frozen=True, slots=True, eq=False)
class Locale:
    """A locale under both of its names. Each locale is a single object.

    :param language_tag: its name in HTTP, `fr-CA`.
    :param babel: names the message catalogue; for Chinese it has a script that the tag lacks, `zh_Hans_CN`.
    :param prefixes: the language ranges, in lower case, that are its tag or a prefix of it (RFC 4647 section 3.3.1).
    """

    language_tag: str
    babel: babel.Locale
    prefixes: frozenset[str]


def _locale(language_tag: str) -> Locale:
    prefixes = accumulate(language_tag.lower().split("-"), "{}-{}".format)
    return Locale(language_tag, babel.Locale.parse(language_tag, sep="-"), frozenset(prefixes))


LOCALES: tuple[Locale, ...] = tuple(
    _locale(language_tag)
    for language_tag in (
        "en-US",
        "es-ES",
        "fr-FR",
        "it-IT",
        "de-DE",
        "nl-NL",
        "pt-BR",
        "pt-PT",
        "da-DK",
        "ru-RU",
        "fr-CA",
        "zh-CN",
        "ja-JP",
        "ko-KR",
        "sv-SE",
    )
)
"""All locales; where a range matches several of them, the first one is selected. Source: contract NEG-3."""

DEFAULT_LOCALE = LOCALES[0]

LANGUAGE_TAGS = tuple(locale.language_tag for locale in LOCALES)

LANGUAGES = tuple(dict.fromkeys(tag.partition("-")[0] for tag in LANGUAGE_TAGS))
"""The primary languages of the locales."""

_LOCALES_BY_BABEL = {str(locale.babel): locale for locale in LOCALES}

_LOCALES_BY_CHILD = {
    child.replace("_", "-").lower(): _LOCALES_BY_BABEL[parent]
    for child, parent in get_global("parent_exceptions").items()
    if parent in _LOCALES_BY_BABEL
}
"""The locales that the Unicode CLDR names as parents, such as pt-PT, by the language tags of their children."""

_MAX_SUBTAGS = max(len(tag.split("-")) for tag in (*LANGUAGE_TAGS, *_LOCALES_BY_CHILD))


def look_up(language_range: str, offers: Sequence[Locale]) -> Locale | None:
    """Look up the locale for a language range.

    :param language_range: such as `pt`, `pt-PT-1996` or `*`, in any case.
    :param offers: the locales to choose from, the preferred ones first.
    :returns: the locale whose tag is the range or one of its truncations, else the CLDR parent of one of these, else
        the first locale of the primary language, else None.

    Source: RFC 4647 section 3.4; contract NEG-4.
    """
    if language_range == "*":
        return offers[0] if offers else None
    subtags = language_range.lower().split("-")
    by_tag = {offer.language_tag.lower(): offer for offer in offers}
    # No tag has more subtags than that, while a URL has room for tens of thousands.
    truncations = ["-".join(subtags[:length]) for length in range(min(len(subtags), _MAX_SUBTAGS), 1, -1)]
    named = (by_tag.get(tag) for tag in truncations)
    parents = (parent for tag in truncations if (parent := _LOCALES_BY_CHILD.get(tag)) in offers)
    same_language = (offer for offer in offers if subtags[0] in offer.prefixes)
    return next(filter(None, (*named, *parents, *same_language)), None)

"""The fifteen locales and the lookup of language ranges among them."""

from collections.abc import Sequence
from dataclasses import dataclass

import babel


@dataclass(frozen=True, slots=True, eq=False)
class Locale:
    """A locale under both of its names; there is one object for each.

    :param language_tag: as it travels in HTTP, `fr-CA`.
    :param babel: what names the message catalogue; for Chinese it has a script that the tag lacks, `zh_Hans_CN`.
    """

    language_tag: str
    babel: babel.Locale


def _locale(language_tag: str) -> Locale:
    return Locale(language_tag, babel.Locale.parse(language_tag, sep="-"))


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
"""Every locale; where several could be meant, the first one is. Source: contract NEG-3."""

DEFAULT_LOCALE = LOCALES[0]

_MOST_SUBTAGS = max(len(locale.language_tag.split("-")) for locale in LOCALES)


def look_up(language_range: str, offers: Sequence[Locale]) -> Locale | None:
    """Find the locale that a language range means.

    :param language_range: such as `pt`, `pt-PT-1996` or `*`, in any case.
    :param offers: the locales to choose from, the preferred ones first.
    :returns: the locale with that tag or one of its truncations, else the first of the primary language, else None.

    Source: RFC 4647 section 3.4; contract NEG-4.
    """
    if language_range == "*":
        return offers[0] if offers else None
    subtags = language_range.lower().split("-")
    by_tag = {offer.language_tag.lower(): offer for offer in offers}
    # A longer one is the tag of none, and a URL has room for tens of thousands of them.
    for length in range(min(len(subtags), _MOST_SUBTAGS), 1, -1):
        if offer := by_tag.get("-".join(subtags[:length])):
            return offer
    return next((offer for offer in offers if is_named_by(offer, subtags[0])), None)


def is_named_by(locale: Locale, language_range: str) -> bool:
    """Tell whether a language range is the tag of a locale or a prefix of it (RFC 4647 section 3.3.1)."""
    return f"{locale.language_tag}-".lower().startswith(f"{language_range}-".lower())

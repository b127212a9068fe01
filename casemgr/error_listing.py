"""The error catalogue as a list of sentences, for whoever checks what callers are told."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from casemgr import i18n
from casemgr.errors import CATALOGUE, ErrorDef
from casemgr.locales import Locale


class Sentence(NamedTuple):
    """A sentence of an error in a locale, with its placeholders.

    :param audience: `developer` or `user`.
    :param number: the smallest number that takes this form; None where there are no plural forms.
    :param message_id: the English text that the message catalogues know it by; of plural forms the singular.
    """

    code: str
    locale: str
    audience: str
    number: int | None
    message_id: str
    message: str


def list_sentences(locales: Iterable[Locale]) -> Iterator[Sentence]:
    """List what errors say in these locales, in the order of the error catalogue."""
    for definition in CATALOGUE:
        for locale in locales:
            yield from sentences_of(definition, locale)


def sentences_of(definition: ErrorDef, locale: Locale) -> list[Sentence]:
    """List what an error says in a locale: to developers, in each plural form, and to users."""
    with i18n.use_locale(locale):
        return list(_sentences(definition, locale.language_tag))


def _sentences(definition: ErrorDef, language_tag: str) -> Iterator[Sentence]:
    match definition.developer:
        case (singular, plural):
            for number, form in i18n.plural_forms(singular, plural).items():
                yield Sentence(definition.code, language_tag, "developer", number, singular, form)
        case message:
            yield Sentence(definition.code, language_tag, "developer", None, message, i18n.translate(message))
    yield Sentence(definition.code, language_tag, "user", None, definition.user, i18n.translate(definition.user))

"""The error catalogue as a list of sentences, for people who check the wording."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.definitions import ErrorDef
from casemgr.i18n import translation
from casemgr.i18n.locales import Locale


class Sentence(NamedTuple):
    """A sentence of an error in a locale, with its placeholders.

    :param name: the unique name of the error.
    :param audience: `developer` or `user`.
    :param number: the smallest number that takes this plural form; None for a sentence without plural forms.
    :param message_id: the English text that identifies the message in the catalogues; of plural forms the singular.
    """

    code: str
    name: str
    locale: str
    audience: str
    number: int | None
    message_id: str
    message: str


def list_sentences(locales: Iterable[Locale]) -> Iterator[Sentence]:
    """List the sentences of all errors in these locales, in the order of the error catalogue."""
    for definition in CATALOGUE:
        for locale in locales:
            yield from list_sentences_of(definition, locale)


def list_sentences_of(definition: ErrorDef, locale: Locale) -> list[Sentence]:
    """List the sentences of an error in a locale: for developers, in each plural form, and for users."""
    return list(_sentences(definition, locale))


def _sentences(definition: ErrorDef, locale: Locale) -> Iterator[Sentence]:
    entry = (definition.code, definition.name, locale.language_tag)
    match definition.developer:
        case (singular, plural):
            for number, form in translation.plural_forms(locale, singular, plural):
                yield Sentence(*entry, "developer", number, singular, form)
        case message:
            yield Sentence(*entry, "developer", None, message, translation.translate(locale, message))
    yield Sentence(*entry, "user", None, definition.user, translation.translate(locale, definition.user))

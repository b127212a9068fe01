"""Translation with Flask-Babel, which no other module imports."""

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import flask_babel
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.support import Translations
from flask import Flask

from casemgr.i18n.locales import LOCALES, Locale
from casemgr.i18n.messages import NC_

TRANSLATIONS = Path(__file__).resolve().parent.parent.parent / "translations"

# TRANSLATORS: the quotation marks of the locale, around a piece of input
_QUOTATION = NC_("quotation marks", "“%(text)s”")

_NUMBERS_WITH_ALL_FORMS = range(1, 101)
"""In every locale, the last two digits of a number decide on its plural form."""

_GROUPED_FROM_FIVE_DIGITS = frozenset({"es-ES", "it-IT", "pt-PT"})
"""The language tags of the locales in which a number of four digits is not grouped.

Babel's data do not have this. Source: CLDR 48, numbers, minimumGroupingDigits: 2 in these locales, 1 in the others.
"""

_catalogues: dict[Locale, Translations] = {}


class MissingCatalogueError(RuntimeError):
    """A locale has no compiled message catalogue, so that it would silently answer in English."""


def init_app(app: Flask) -> None:
    """Load the message catalogues with Flask-Babel, and keep them.

    Flask-Babel's own `gettext` looks for the locale and the catalogue of the request again for each message: 30 µs for
    an error, which is more than a twentieth of the whole response.

    :raises MissingCatalogueError: when the message catalogue of a locale is not compiled.
    """
    check_catalogues()
    flask_babel.Babel(app, configure_jinja=False, default_translation_directories=str(TRANSLATIONS))
    with app.app_context():
        for locale in LOCALES:
            with flask_babel.force_locale(locale.babel):
                _catalogues[locale] = flask_babel.get_translations()


def load_catalogues() -> None:
    """Load the message catalogues for a program that is not the service.

    :raises MissingCatalogueError: when the message catalogue of a locale is not compiled.
    """
    init_app(Flask(__name__))


def check_catalogues() -> None:
    """Check that the message catalogues are compiled.

    :raises MissingCatalogueError: when that of a locale is not.
    """
    if missing := missing_catalogues():
        raise MissingCatalogueError(f"No compiled message catalogue for {', '.join(missing)}: run 'make catalogues'.")


def missing_catalogues() -> list[str]:
    """List the language tags of the locales whose message catalogue is not compiled."""
    return [locale.language_tag for locale in LOCALES if not (catalogue_folder(locale) / "messages.mo").is_file()]


def catalogue_folder(locale: Locale) -> Path:
    """Return the folder of the message catalogue of a locale."""
    return TRANSLATIONS / str(locale.babel) / "LC_MESSAGES"


def translate(locale: Locale, message: str, **variables: str) -> str:
    """Translate a message marked with `N_` and fill in its placeholders."""
    return _fill_in(_catalogues[locale].gettext(message), variables)


def translate_plural(locale: Locale, singular: str, plural: str, number: int, **variables: str) -> str:
    """Translate a message marked with `NN_` in the plural form of the number.

    :param variables: the placeholders, without `count`, which is the number in the format of the locale.
    """
    message = _catalogues[locale].ngettext(singular, plural, number)
    return _fill_in(message, variables | {"count": format_number(locale, number)})


def translate_in_context(locale: Locale, context: str, message: str, **variables: str) -> str:
    """Translate a message marked with `NC_` and fill in its placeholders."""
    return _fill_in(_catalogues[locale].pgettext(context, message), variables)


def plural_forms(locale: Locale, singular: str, plural: str) -> Iterator[tuple[int, str]]:
    """List the plural forms of a message marked with `NN_`, with their placeholders.

    :returns: each form with the smallest number that takes it.
    """
    seen = set()
    for number in _NUMBERS_WITH_ALL_FORMS:
        form = str(_catalogues[locale].ngettext(singular, plural, number))
        if form not in seen:
            seen.add(form)
            yield number, form


@lru_cache(maxsize=1024)
def format_number(locale: Locale, number: int) -> str:
    """Format a number with the digit grouping of the locale."""
    grouped = abs(number) >= 10_000 or locale.language_tag not in _GROUPED_FROM_FIVE_DIGITS
    return format_decimal(number, locale=locale.babel, group_separator=grouped)


# Most enumerations list what the service supports, and are the same every time.
@lru_cache(maxsize=256)
def enumerate_quoted(locale: Locale, texts: tuple[str, ...], *, and_more: bool = False) -> str:
    """Enumerate texts in quotation marks, with the marks, the separators and the "and" of the locale.

    :param and_more: whether an ellipsis follows, for texts that are left out. A separator precedes it, not the "and".
    """
    quotation = _quotation(locale)
    pieces = [quotation % {"text": text} for text in texts]
    if and_more:
        separator = locale.babel.list_patterns["standard"]["middle"].format("", "")
        return str(separator).join([*pieces, "…"])
    return format_list(pieces, locale=locale.babel)


@cache
def _quotation(locale: Locale) -> str:
    return translate_in_context(locale, *_QUOTATION)


def _fill_in(message: object, variables: dict[str, str]) -> str:
    return str(message) % variables if variables else str(message)

"""Translation with Flask-Babel, which no other module imports.

Everything here needs an application context, and translates into the locale of the request or of `use_locale`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import TypeAlias

import babel
import flask_babel
from babel.lists import format_list
from flask import Flask, has_app_context

from casemgr.i18n.locales import DEFAULT_LOCALE, LOCALES, Locale
from casemgr.i18n.messages import NC_

TRANSLATIONS = Path(__file__).resolve().parent.parent.parent / "translations"

# TRANSLATORS: the quotation marks of the locale, around a piece of input
_QUOTATION = NC_("quotation marks", "“%(text)s”")

_NUMBERS_WITH_ALL_FORMS = range(1, 101)
"""In every locale, the last two digits of a number decide on its plural form."""

_LOCALES = {locale.babel: locale for locale in LOCALES}

SelectLocale: TypeAlias = Callable[[], Locale]


class MissingCatalogueError(RuntimeError):
    """A locale has no compiled message catalogue, so that it would silently answer in English."""


def init_app(app: Flask, select_locale: SelectLocale) -> None:
    """Set up Flask-Babel.

    :param select_locale: returns the locale of the current request.
    :raises MissingCatalogueError: when the message catalogue of a locale is not compiled.
    """
    if missing := missing_catalogues():
        raise MissingCatalogueError(f"No compiled message catalogue for {', '.join(missing)}: run 'make catalogues'.")
    flask_babel.Babel(
        app,
        configure_jinja=False,
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=lambda: select_locale().babel,
    )


@contextmanager
def translating() -> Iterator[None]:
    """Provide an application context with the message catalogues within the `with` block, for programs without one.

    :raises MissingCatalogueError: when the message catalogue of a locale is not compiled.
    """
    app = Flask(__name__)
    init_app(app, lambda: DEFAULT_LOCALE)
    with app.app_context():
        yield


def missing_catalogues() -> list[str]:
    """List the language tags of the locales whose message catalogue is not compiled."""
    return [locale.language_tag for locale in LOCALES if not (catalogue_folder(locale) / "messages.mo").is_file()]


def catalogue_folder(locale: Locale) -> Path:
    """Return the folder of the message catalogue of a locale."""
    return TRANSLATIONS / str(locale.babel) / "LC_MESSAGES"


def current_locale() -> Locale:
    """Return the locale in use."""
    return _LOCALES[flask_babel.get_locale()]


def use_locale(locale: Locale) -> AbstractContextManager[None]:
    """Translate into this locale within the `with` block.

    :raises RuntimeError: without an application context, where Flask-Babel would silently answer in English.
    """
    if not has_app_context():
        raise RuntimeError("There is no application context.")
    context: AbstractContextManager[None] = flask_babel.force_locale(locale.babel)
    return context


def translate(message: str, **variables: str) -> str:
    """Translate a message marked with `N_` and fill in its placeholders."""
    return str(flask_babel.gettext(message, **variables))


def translate_plural(singular: str, plural: str, number: int, **variables: str) -> str:
    """Translate a message marked with `NN_` in the plural form of the number.

    :param variables: the placeholders, without `count`, which is the number in the format of the locale.
    """
    return str(flask_babel.ngettext(singular, plural, number, count=format_number(number), **variables))


def translate_in_context(context: str, message: str, **variables: str) -> str:
    """Translate a message marked with `NC_` and fill in its placeholders."""
    return str(flask_babel.pgettext(context, message, **variables))


def plural_forms(singular: str, plural: str) -> Iterator[tuple[int, str]]:
    """List the plural forms of a message marked with `NN_`, with their placeholders.

    :returns: each form with the smallest number that takes it.
    """
    catalogue = flask_babel.get_translations()
    seen = set()
    for number in _NUMBERS_WITH_ALL_FORMS:
        form = str(catalogue.ungettext(singular, plural, number))
        if form not in seen:
            seen.add(form)
            yield number, form


def format_number(number: int) -> str:
    """Format a number with the digit grouping of the locale."""
    return _format_number(number, flask_babel.get_locale())


@lru_cache(maxsize=1024)
def _format_number(number: int, _: babel.Locale) -> str:
    return str(flask_babel.format_decimal(number))


def enumerate_quoted(texts: tuple[str, ...], *, and_more: bool = False) -> str:
    """Enumerate texts in quotation marks, with the marks, the separators and the "and" of the locale.

    :param and_more: whether an ellipsis follows, for texts that are left out.
    """
    return _enumerate_quoted(texts, flask_babel.get_locale(), and_more)


# Most enumerations list what the service supports, and are the same every time.
@lru_cache(maxsize=256)
def _enumerate_quoted(texts: tuple[str, ...], locale: babel.Locale, and_more: bool) -> str:
    quotation = _quotation(locale)
    pieces = [*(quotation % {"text": text} for text in texts), *(["…"] if and_more else [])]
    return format_list(pieces, locale=locale) if len(pieces) > 1 else "".join(pieces)


@cache
def _quotation(_: babel.Locale) -> str:
    return translate_in_context(*_QUOTATION)

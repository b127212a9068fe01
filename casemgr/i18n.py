"""Translation of what a caller sees; the only module that knows Flask-Babel."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path

import flask_babel
from babel.lists import format_list as babel_format_list
from babel.numbers import format_decimal
from babel.support import Translations
from flask import Flask

from casemgr.locales import LOCALES, Locale
from casemgr.messages import NC_

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"

# TRANSLATORS: the quotation marks of the locale, around a piece of input
_QUOTATION = NC_("quotation marks", "“%(text)s”")

_ENOUGH_FOR_EVERY_FORM = 101
"""What decides on a plural form are the last two digits of a number, in every locale."""

_catalogues: dict[Locale, Translations] = {}

_current: ContextVar[Locale] = ContextVar("locale")


class MissingCatalogueError(RuntimeError):
    """A locale has no compiled message catalogue, so that it would silently answer in English."""


def init_app(app: Flask) -> None:
    """Load the message catalogues of the application.

    They are kept: Flask-Babel would look for the one of the request anew for each message, which takes sixteen times as
    long (docs/performance.md).

    :raises MissingCatalogueError: when the catalogue of a locale is not compiled.
    """
    if missing := missing_catalogues():
        raise MissingCatalogueError(f"No compiled message catalogue for {', '.join(missing)}: run 'make catalogues'.")
    flask_babel.Babel(app, configure_jinja=False, default_translation_directories=str(TRANSLATIONS))
    with app.app_context():
        for locale in LOCALES:
            with flask_babel.force_locale(locale.babel):
                _catalogues[locale] = flask_babel.get_domain().get_translations()


def missing_catalogues() -> list[str]:
    """Find the locales whose message catalogue is not compiled, by their tags."""
    return [locale.language_tag for locale in LOCALES if not (catalogue_folder(locale) / "messages.mo").is_file()]


def catalogue_folder(locale: Locale) -> Path:
    """Locate the message catalogue of a locale."""
    return TRANSLATIONS / str(locale.babel) / "LC_MESSAGES"


@contextmanager
def use_locale(locale: Locale) -> Iterator[None]:
    """Translate into this locale as long as the context lasts."""
    token = _current.set(locale)
    try:
        yield
    finally:
        _current.reset(token)


def current_locale() -> Locale:
    """Give the locale in use.

    :raises LookupError: when none is.
    """
    return _current.get()


def translate(message: str, **variables: str) -> str:
    """Translate a message marked with `N_` and fill in its placeholders."""
    return _fill(_catalogue().gettext(message), variables)


def translate_plural(singular: str, plural: str, number: int, **variables: str) -> str:
    """Translate a message marked with `NN_` in the form that the number takes; `count` is filled in as well."""
    return _fill(_catalogue().ngettext(singular, plural, number), variables | {"count": format_number(number)})


def plural_forms(singular: str, plural: str) -> dict[int, str]:
    """Give the forms of a message marked with `NN_`, with its placeholders, by the smallest number that takes each."""
    forms: dict[int, str] = {}
    for number in range(1, _ENOUGH_FOR_EVERY_FORM):
        form = str(_catalogue().ngettext(singular, plural, number))
        if form not in forms.values():
            forms[number] = form
    return forms


def translate_in_context(context: str, message: str, **variables: str) -> str:
    """Translate a message marked with `NC_` and fill in its placeholders."""
    return _fill(_catalogue().pgettext(context, message), variables)


def format_number(number: int) -> str:
    """Write a number with the digit grouping of the locale."""
    return _format_number(number, current_locale())


def enumerate_quoted(texts: tuple[str, ...], *, and_more: bool = False) -> str:
    """Enumerate texts between quotation marks, with the marks, the separators and the "and" of the locale.

    :param and_more: whether an ellipsis stands for others.
    """
    return _enumerate_quoted(texts, current_locale(), and_more)


# Most of what is enumerated is what the service supports.
@lru_cache(maxsize=256)
def _enumerate_quoted(texts: tuple[str, ...], locale: Locale, and_more: bool) -> str:
    pieces = [*(_fill(_quotation(locale), {"text": text}) for text in texts), *(["…"] if and_more else [])]
    return babel_format_list(pieces, locale=locale.babel) if len(pieces) > 1 else "".join(pieces)


@cache
def _quotation(locale: Locale) -> str:
    with use_locale(locale):
        return translate_in_context(*_QUOTATION)


@lru_cache(maxsize=1024)
def _format_number(number: int, locale: Locale) -> str:
    return format_decimal(number, locale=locale.babel)


def _catalogue() -> Translations:
    return _catalogues[current_locale()]


def _fill(message: object, variables: dict[str, str]) -> str:
    return str(message) % variables if variables else str(message)

"""Translation of what a caller sees; the only module that knows Flask-Babel."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import flask_babel
from babel.lists import format_list as babel_format_list
from flask import Flask

from casemgr.locales import LOCALES, Locale
from casemgr.messages import NC_

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"

# TRANSLATORS: the quotation marks of the locale, around a piece of input
_QUOTATION = NC_("quotation marks", "“%(text)s”")


class MissingCatalogueError(RuntimeError):
    """A locale has no compiled message catalogue, so that it would silently answer in English."""


def init_app(app: Flask) -> None:
    """Make the message catalogues available to the application.

    :raises MissingCatalogueError: when the catalogue of a locale is not compiled.
    """
    if missing := missing_catalogues():
        raise MissingCatalogueError(f"No compiled message catalogue for {', '.join(missing)}: run 'make catalogues'.")
    flask_babel.Babel(app, configure_jinja=False, default_translation_directories=str(TRANSLATIONS))


def missing_catalogues() -> list[str]:
    """Find the locales whose message catalogue is not compiled, by their tags."""
    return [locale.language_tag for locale in LOCALES if not (catalogue_folder(locale) / "messages.mo").is_file()]


def catalogue_folder(locale: Locale) -> Path:
    """Locate the message catalogue of a locale."""
    return TRANSLATIONS / str(locale.babel) / "LC_MESSAGES"


def use_locale(locale: Locale) -> AbstractContextManager[None]:
    """Translate into this locale as long as the context lasts; needs an application context."""
    context: AbstractContextManager[None] = flask_babel.force_locale(locale.babel)
    return context


def translate(message: str, **variables: str) -> str:
    """Translate a message marked with `N_` and fill in its placeholders."""
    return str(flask_babel.gettext(message, **variables))


def translate_plural(singular: str, plural: str, number: int, **variables: str) -> str:
    """Translate a message marked with `NN_` in the form that the number takes; `count` is filled in as well."""
    return str(flask_babel.ngettext(singular, plural, number, count=format_number(number), **variables))


def translate_in_context(context: str, message: str, **variables: str) -> str:
    """Translate a message marked with `NC_` and fill in its placeholders."""
    return str(flask_babel.pgettext(context, message, **variables))


def format_number(number: int) -> str:
    """Write a number with the digit grouping of the locale."""
    return str(flask_babel.format_number(number))


def quote(text: str) -> str:
    """Put a text between the quotation marks of the locale."""
    return translate_in_context(*_QUOTATION, text=text)


def format_list(items: Sequence[str]) -> str:
    """Enumerate texts as a sentence of the locale does, with its separators and its "and"."""
    return babel_format_list(items, locale=flask_babel.get_locale())

"""The blueprint of the error catalogue for people: a page with every error in one or two languages."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple

import orjson
from flask import Blueprint, Response, render_template, request
from markupsafe import Markup, escape

from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.definitions import ErrorDef
from casemgr.errors.listing import Sentence, list_sentences_of, render_example
from casemgr.http.media_types import MediaType
from casemgr.http.negotiation import NotAcceptableError, select_locale
from casemgr.http.paths import ERROR_PAGE_PATH
from casemgr.i18n.locales import DEFAULT_LOCALE, LOCALES, Locale, look_up
from casemgr.representations import FORMATS
from casemgr.web.responses import add_options, respond_with_page

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_CODE = re.compile(r"`([^`]+)`")
_DETAIL = re.compile(r"\{\s+(\"key\": .*),\s+(\"value\": .*)\s+\}")


class Wording(NamedTuple):
    """An error in a locale.

    :param example: a whole body in JSON, indented, with each detail on one line.
    """

    locale: Locale
    sentences: Sequence[Sentence]
    example: str


def create_blueprint() -> Blueprint:
    """Create the route of the page: its sentences are in the chosen languages, everything else is in English."""
    blueprint = Blueprint("error_page", __name__, template_folder="templates")
    blueprint.add_app_template_filter(_mark_up_placeholders, "mark_up_placeholders")
    blueprint.add_app_template_filter(_mark_up_code, "mark_up_code")

    @blueprint.get(ERROR_PAGE_PATH)
    def get_error_page() -> Response:
        locale = _locale_of(request.args.get("locale", ""))
        second = look_up(request.args.get("beside", ""), LOCALES)
        beside = None if second is locale else second
        page = render_template(
            "errors.html",
            groups=[
                (code, [(definition, _wordings(definition, locale, beside)) for definition in definitions])
                for code, definitions in groupby(CATALOGUE, key=lambda definition: definition.code)
            ],
            locale=locale,
            beside=beside,
            locales=LOCALES,
        )
        return respond_with_page(page, _CONTENT_SECURITY_POLICY)

    add_options(blueprint, ERROR_PAGE_PATH, ["GET", "HEAD"])
    return blueprint


def _locale_of(language_tag: str) -> Locale:
    """Choose the locale of the errors: the one that was clicked on, else the one that the browser prefers."""
    if chosen := look_up(language_tag, LOCALES):
        return chosen
    try:
        return select_locale(request.headers.get("Accept-Language"))
    except NotAcceptableError:
        return DEFAULT_LOCALE


def _wordings(definition: ErrorDef, locale: Locale, beside: Locale | None) -> list[Wording]:
    return [_wording(definition, one) for one in (locale, beside) if one]


@cache
def _wording(definition: ErrorDef, locale: Locale) -> Wording:
    body = FORMATS[MediaType.JSON].encode_error(render_example(definition, locale))
    example = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    return Wording(locale, list_sentences_of(definition, locale), _DETAIL.sub(r"{\1, \2}", example))


def _mark_up_placeholders(message: str) -> Markup:
    return Markup(_PLACEHOLDER.sub(r"<var>\1</var>", str(escape(message))))  # noqa: S704 - the message is escaped


def _mark_up_code(text: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - the text is escaped

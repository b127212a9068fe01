"""The blueprint of the page about the API for people: guide, errors, reference."""

import re
from functools import cache
from importlib.resources import files
from mimetypes import guess_type

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup, escape
from werkzeug.exceptions import NotFound

from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.listing import list_sentences_of
from casemgr.http.addresses import find_base_url
from casemgr.http.negotiation import NotAcceptableError, select_locale
from casemgr.http.paths import DOCS_PATH
from casemgr.i18n.locales import DEFAULT_LOCALE, LOCALES, Locale, look_up
from casemgr.observability.context import current_context
from casemgr.web.responses import add_options

_STATIC = files("casemgr.web").joinpath("static")
_TEMPLATES = files("casemgr.web").joinpath("templates")
_SWAGGER_UI = files("flask_swagger_ui").joinpath("dist")
_FILES = {
    **dict.fromkeys(("documentation.css", "documentation.js", "icon.svg"), _STATIC),
    **dict.fromkeys(("swagger-ui.css", "swagger-ui-bundle.js"), _SWAGGER_UI),
}
"""The static files of the page, with the folder of each."""

# Swagger UI embeds its icons as data URLs.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

BASE_URL_IN_GUIDE = "http://127.0.0.1:8000"
"""The base URL that the guide uses; the page replaces it with that of the service."""

_EXAMPLE_BASE_URL = "https://cases.example.com"
"""What the guide on the page shows when the base URL of the service is not known."""

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def create_blueprint(base_url: str | None) -> Blueprint:
    """Create the routes of the page and its static files; guide and reference are in English.

    :param base_url: scheme and authority under which clients reach the service; None when it is not configured.
    """
    blueprint = Blueprint("docs_page", __name__, url_prefix=DOCS_PATH, template_folder="templates")
    blueprint.add_app_template_filter(_mark_up_placeholders, "mark_up_placeholders")

    @blueprint.get("")
    def get_page() -> Response:
        locale = _locale_of_errors(request.args.get("locale", ""))
        shown_base_url = find_base_url(base_url, request.environ) or _EXAMPLE_BASE_URL
        page = render_template(
            "documentation.html",
            guide=_render_guide().replace(BASE_URL_IN_GUIDE, shown_base_url),
            errors=[(definition, list_sentences_of(definition, locale)) for definition in CATALOGUE],
            locale=locale,
            locales=LOCALES,
        )
        headers = {"Content-Security-Policy": _CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"}
        return Response(page, headers=headers)

    @blueprint.get("/<name>")
    def get_file(name: str) -> Response:
        if name not in _FILES:
            raise NotFound
        response = Response(_read_file(name), content_type=guess_type(name)[0])
        # A weak tag, which is the same whether or not the body is compressed.
        response.add_etag(weak=True)
        if request.if_none_match.contains_weak(response.get_etag()[0] or ""):
            response.status_code = 304
        current_context().is_file = True
        return response

    for path in ("", "/<name>"):
        add_options(blueprint, path, ["GET", "HEAD"])
    return blueprint


@cache
def _render_guide() -> Markup:
    """Render the guide, with its headings one level below the title of the page."""
    # Imported on demand: see casemgr.web.description.
    from markdown_it import MarkdownIt

    markdown = MarkdownIt()
    tokens = markdown.parse(_TEMPLATES.joinpath("guide.md").read_text(encoding="utf-8"))
    for token in tokens:
        if token.type.startswith("heading"):
            token.tag = f"h{int(token.tag[1:]) + 1}"
    guide = markdown.renderer.render(tokens, markdown.options, {})
    # With tabindex, blocks of code can be scrolled by keyboard.
    return Markup(guide.replace("<pre>", '<pre tabindex="0">'))  # noqa: S704 - the guide is part of the package


@cache
def _read_file(name: str) -> bytes:
    return _FILES[name].joinpath(name).read_bytes()


def _locale_of_errors(language_tag: str) -> Locale:
    """Choose the locale of the errors: the one that was clicked on, else the one that the browser prefers."""
    if chosen := look_up(language_tag, LOCALES):
        return chosen
    try:
        return select_locale(request.headers.get("Accept-Language"))
    except NotAcceptableError:
        return DEFAULT_LOCALE


def _mark_up_placeholders(message: str) -> Markup:
    return Markup(_PLACEHOLDER.sub(r"<var>\1</var>", str(escape(message))))  # noqa: S704 - the message is escaped

"""The blueprint of the page that people read about the API: guide, errors, reference."""

import re
from functools import cache
from importlib.resources import files
from mimetypes import guess_type

# The response is Flask's own, which leaves out the body of a 304.
from flask import Blueprint, Response, render_template, request
from markupsafe import Markup, escape
from werkzeug.exceptions import NotFound

from casemgr import observations
from casemgr.addresses import requested_base_url
from casemgr.error_listing import sentences_of
from casemgr.errors import CATALOGUE, ApiError
from casemgr.header_fields import read_field
from casemgr.locales import DEFAULT_LOCALE, LOCALES, Locale, look_up
from casemgr.methods import answer_options
from casemgr.negotiation import select_locale
from casemgr.paths import DOCUMENTATION_PATH

_OWN = files("casemgr").joinpath("static")
_SWAGGER_UI = files("flask_swagger_ui").joinpath("dist")
_FILES = {
    **dict.fromkeys(("documentation.css", "documentation.js", "icon.svg"), _OWN),
    **dict.fromkeys(("swagger-ui.css", "swagger-ui-bundle.js"), _SWAGGER_UI),
}
"""The files of the page, and the folder that each is in."""

# Swagger UI has its icons as data.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

ADDRESS_IN_GUIDE = "http://127.0.0.1:8000"
"""Where the service is in the guide."""

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def create_blueprint(base_url: str | None) -> Blueprint:
    """Create the routes of the page and of its files; guide and reference are in English, like the description.

    :param base_url: scheme and authority under which clients reach the service; None means those of each request.
    """
    blueprint = Blueprint("documentation", __name__, url_prefix=DOCUMENTATION_PATH, template_folder="templates")
    blueprint.add_app_template_filter(_with_placeholders, "with_placeholders")

    @blueprint.get("")
    def show_page() -> Response:
        locale = _locale_of_errors(request.args.get("locale", ""))
        page = render_template(
            "documentation.html",
            guide=_guide().replace(ADDRESS_IN_GUIDE, base_url or requested_base_url(request.environ)),
            errors=[(definition, sentences_of(definition, locale)) for definition in CATALOGUE],
            locale=locale,
            locales=LOCALES,
        )
        return Response(page, headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"})

    @blueprint.get("/<name>")
    def get_file(name: str) -> Response:
        if name not in _FILES:
            raise NotFound
        response = Response(_read(name), content_type=guess_type(name)[0])
        # Weak, since it is the same whether or not the file is compressed.
        response.add_etag(weak=True)
        if request.if_none_match.contains_weak(response.get_etag()[0] or ""):
            response.status_code = 304
        observations.of_request().is_file = True
        return response

    for path in ("", "/<name>"):
        answer_options(blueprint, path, ["GET", "HEAD"])
    return blueprint


@cache
def _guide() -> Markup:
    """Render the guide; its headings go below that of the page."""
    # Imported here: see casemgr.description_routes.
    from markdown_it import MarkdownIt

    markdown = MarkdownIt()
    tokens = markdown.parse(files("casemgr").joinpath("templates", "guide.md").read_text(encoding="utf-8"))
    for token in tokens:
        if token.type.startswith("heading"):
            token.tag = f"h{int(token.tag[1:]) + 1}"
    guide = markdown.renderer.render(tokens, markdown.options, {})
    # A keyboard scrolls only what can have the focus.
    return Markup(guide.replace("<pre>", '<pre tabindex="0">'))  # noqa: S704 - the guide is ours


@cache
def _read(name: str) -> bytes:
    return _FILES[name].joinpath(name).read_bytes()


def _locale_of_errors(language_tag: str) -> Locale:
    """Choose the locale of the table: the one that was clicked on, else the one that the browser prefers."""
    if chosen := look_up(language_tag, LOCALES):
        return chosen
    try:
        return select_locale(read_field(request.environ, "Accept-Language"))
    except ApiError:
        return DEFAULT_LOCALE


def _with_placeholders(message: str) -> Markup:
    return Markup(_PLACEHOLDER.sub(r"<var>\1</var>", str(escape(message))))  # noqa: S704 - it is escaped

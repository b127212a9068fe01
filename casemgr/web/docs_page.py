"""The blueprint of the page about the API for people: guide and reference, and the files of all pages."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from mimetypes import guess_type
from typing import NamedTuple

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from casemgr.domain.actors import ActorKind
from casemgr.http.addresses import find_base_url
from casemgr.http.paths import DOCS_PATH
from casemgr.observability.context import current_context
from casemgr.web.errors import respond_to_error
from casemgr.web.responses import add_options, respond_with_page

_GUIDE = "guide.md"
_STATIC = files("casemgr.web").joinpath("static")
_FILES: Mapping[str, Traversable] = {
    **{
        name: _STATIC.joinpath(name)
        for name in ("page.css", "docs.css", "docs.js", "errors.css", "errors.js", "icon.svg")
    },
    "scalar.js": files("flask_openapi_scalar").joinpath("templates", "scalar", "js", "scalar.standalone.js"),
}
"""The static files of the pages."""

# Scalar writes style elements and attributes, and embeds its images and fonts as data URLs.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

BASE_URL_IN_GUIDE = "http://127.0.0.1:8000"
"""The base URL that the guide uses; the page replaces it with that of the service."""

_EXAMPLE_BASE_URL = "https://cases.example.com"
"""What the guide on the page shows when the base URL of the service is not known."""


class DemoAccount(NamedTuple):
    """An account of the demo data, demo/dataset.jsonl."""

    kind: ActorKind
    name: str
    password: str


DEMO_ACCOUNTS = (
    DemoAccount(ActorKind.USER, "nadia", "nadia-demo"),
    DemoAccount(ActorKind.CUSTOMER, "elodie", "elodie-demo"),
    DemoAccount(ActorKind.CLIENT_APPLICATION, "crm-bridge", "crm-bridge-demo"),
)
"""The accounts with which a reader can log in on the page."""

_PLACEHOLDERS: Mapping[str, str] = {
    "With the demo data of `make run` they\nwork as they are. For another service, set": "Set",
    "nadia-demo": "PASSWORD",
    "nadia": "NAME",
    "crm-bridge-demo": "SECRET",
    "crm-bridge": "CLIENT",
}
"""What the guide on the page shows instead of accounts that do not exist; longer texts come first."""

# Source: contract URL-1. Relative references, since a proxy may add a prefix.
_ADDRESSES = {"/": DOCS_PATH[1:], "/docs": DOCS_PATH[1:], f"{DOCS_PATH}/": "../docs"}
"""Paths that people type, with the reference from each of them to the page."""


def create_blueprint(base_url: str | None, *, with_demo_accounts: bool) -> Blueprint:
    """Create the routes of the page, its guide and its files, all in English.

    :param base_url: scheme and authority under which clients reach the service; None when it is not configured.
    :param with_demo_accounts: whether the page shows the accounts of the demo data.
    """
    blueprint = Blueprint("docs_page", __name__, url_prefix=DOCS_PATH, template_folder="templates")

    @blueprint.get("")
    def get_page() -> Response:
        page = render_template("docs.html", demo_accounts=DEMO_ACCOUNTS if with_demo_accounts else ())
        return respond_with_page(page, _CONTENT_SECURITY_POLICY)

    @blueprint.get(f"/{_GUIDE}")
    def get_guide() -> Response:
        guide = _read_guide(with_demo_accounts=with_demo_accounts)
        shown_base_url = find_base_url(base_url, request.environ) or _EXAMPLE_BASE_URL
        return Response(guide.replace(BASE_URL_IN_GUIDE, shown_base_url), content_type="text/markdown; charset=utf-8")

    @blueprint.get("/<name>")
    def get_file(name: str) -> Response:
        if name not in _FILES:
            raise NotFound
        body, tag = _read_file(name)
        response = Response(body, content_type=guess_type(name)[0])
        # A weak tag, which is the same whether or not the body is compressed.
        response.set_etag(tag, weak=True)
        if request.if_none_match.contains_weak(tag):
            response.status_code = 304
        current_context().is_file = True
        return response

    for path in ("", f"/{_GUIDE}", "/<name>"):
        add_options(blueprint, path, ["GET", "HEAD"])

    # No routes, so that all other requests for these paths get the errors that they get for any unknown path.
    @blueprint.app_errorhandler(NotFound)
    def lead_to_page(error: NotFound) -> BaseResponse:
        address = _ADDRESSES.get(request.environ["PATH_INFO"])
        if address and request.method in ("GET", "HEAD") and _is_from_browser():
            return redirect(address)
        return respond_to_error(error)

    return blueprint


def _is_from_browser() -> bool:
    """Return whether the client asks for HTML by name: other clients send `*/*` or nothing."""
    return any(media_type == "text/html" and quality for media_type, quality in request.accept_mimetypes)


@cache
def _read_guide(*, with_demo_accounts: bool) -> str:
    guide = files("casemgr.web").joinpath("templates", _GUIDE).read_text(encoding="utf-8")
    guide = guide.replace("api.md#errors", "docs/errors")
    if not with_demo_accounts:
        for text, placeholder in _PLACEHOLDERS.items():
            guide = guide.replace(text, placeholder)
    return guide


@cache
def _read_file(name: str) -> tuple[bytes, str]:
    """Read a file and compute its entity tag, which takes long for the largest file."""
    body = _FILES[name].read_bytes()
    return body, sha256(body).hexdigest()[:32]

"""The description of the API in OpenAPI 3.1, derived from the code that serves it."""

import json
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.yaml_utils import dict_to_yaml

from casemgr import __version__
from casemgr.http.paths import DOCS_PATH
from casemgr.openapi.case_operations import add_cases, add_sessions
from casemgr.openapi.components import add_components, create_plugin
from casemgr.openapi.errors import add_errors
from casemgr.openapi.parameters import add_parameters
from casemgr.openapi.token_operations import add_descriptions, add_tokens

_SERVER = "https://service.invalid"
"""Stands for the URL of the service, which may differ from request to request."""

_TAGS = {
    "cases": "Retrieving cases.",
    "sessions": "Logging in and out, for users and customers.",
    "tokens": "OAuth 2.0 for client applications.",
    "descriptions": "Machine-readable descriptions of the API.",
    "product paths": "Logging in and out at the paths that clients of the product use.",
}


@cache
def describe_api() -> dict[str, Any]:
    """Describe the API in English; the message catalogues must have been loaded."""
    plugin = create_plugin()
    spec = APISpec(
        "casemgr",
        __version__,
        "3.1.0",
        plugins=[plugin],
        info={
            "summary": "Customer-service cases by ID, as JSON or XML, in fifteen languages.",
            "description": (
                "Log in, or fetch a token as a client application, then request cases by their IDs. "
                f"[The documentation page]({DOCS_PATH}) has a guide, and the error messages in every language."
            ),
            "contact": {"name": "The operator of this service"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        servers=[{"url": _SERVER, "description": "This service."}],
        tags=[{"name": name, "description": description} for name, description in _TAGS.items()],
    )
    add_components(spec, plugin)
    for add in (add_errors, add_parameters, add_cases, add_sessions, add_tokens, add_descriptions):
        add(spec)
    described: dict[str, Any] = spec.to_dict()
    return described


def as_json(base_url: str | None) -> bytes:
    """Return the description as JSON.

    :param base_url: scheme and authority of the service; None when they are not known.
    """
    return _as_json().replace(_SERVER.encode(), (base_url or "/").encode())


def as_yaml(base_url: str | None) -> bytes:
    """Return the description as YAML; `base_url` is that of `as_json`."""
    return _as_yaml().replace(_SERVER.encode(), (base_url or "/").encode())


@cache
def _as_json() -> bytes:
    return json.dumps(describe_api(), ensure_ascii=False, indent=2).encode()


@cache
def _as_yaml() -> bytes:
    # Converted from JSON, since YAML cannot represent enums.
    return dict_to_yaml(json.loads(_as_json()), {"allow_unicode": True, "width": 120}).encode()

"""The description of the API in OpenAPI 3.1, made of what serves it: schemas, parameters, attributes, errors."""

import json
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.yaml_utils import dict_to_yaml

from casemgr import __version__
from casemgr.i18n import use_locale
from casemgr.locales import DEFAULT_LOCALE
from casemgr.openapi.components import add_components, create_plugin
from casemgr.openapi.operations import YAML, add_cases, add_descriptions, add_parameters, add_sessions, add_tokens
from casemgr.paths import DOCUMENTATION_PATH

__all__ = ["YAML", "as_json", "as_yaml", "describe_api"]

_TAGS = {
    "cases": "What the service is for.",
    "sessions": "How users and customers log in and out.",
    "tokens": "How client applications do, by OAuth 2.0.",
    "descriptions": "The API as programs read it.",
}


@cache
def describe_api() -> dict[str, Any]:
    """Describe every path, in English; the message catalogues have to be loaded."""
    plugin = create_plugin()
    spec = APISpec(
        "casemgr",
        __version__,
        "3.1.0",
        plugins=[plugin],
        info={"summary": "Customer-service cases by ID, as JSON or XML, in fifteen languages."},
        servers=[{"url": "/"}],
        externalDocs={"url": DOCUMENTATION_PATH, "description": "A guide, and what errors say in every language."},
        tags=[{"name": name, "description": description} for name, description in _TAGS.items()],
    )
    with use_locale(DEFAULT_LOCALE):
        add_components(spec, plugin)
        for add in (add_parameters, add_cases, add_sessions, add_tokens, add_descriptions):
            add(spec)
    described: dict[str, Any] = spec.to_dict()
    return described


@cache
def as_json() -> bytes:
    """Write the description as JSON."""
    return json.dumps(describe_api(), ensure_ascii=False, indent=2).encode()


@cache
def as_yaml() -> bytes:
    """Write the description as YAML, which knows nothing of enums."""
    return dict_to_yaml(json.loads(as_json()), {"allow_unicode": True, "width": 120}).encode()

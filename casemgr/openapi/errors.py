"""The errors: their schema, their examples, and the responses with them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from apispec import APISpec

from casemgr.errors.catalogue import CATALOGUE, NO_CREDENTIALS
from casemgr.errors.definitions import ErrorDef, Operation
from casemgr.http.headers import USER_MESSAGE_HEADER
from casemgr.http.media_types import XML_NAMESPACE, MediaType
from casemgr.openapi.components import SESSION_ECHO, describe_content, describe_response, refer_to
from casemgr.openapi.examples import example_of_error

CHALLENGE = {"description": "How to authenticate.", "required": True, "schema": {"type": "string"}}
"""The header of a response that asks for credentials."""

RETRY_AFTER = {
    "description": "Seconds until the next attempt.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
"""The header of a response that asks for patience."""

_BEFORE_AUTHENTICATION = {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_ACCEPTABLE}


def add_errors(spec: APISpec) -> None:
    """Add the schema of an error, and an example of each error that an operation has."""
    text = {"type": "string", "minLength": 1}
    names: dict[str, list[str]] = {}
    for definition in sorted(CATALOGUE, key=_sort_key):
        names.setdefault(definition.code, []).append(definition.name)
    code = {
        "type": "string",
        "description": "What went wrong, the same in every language.",
        "enum": list(names),
        # Generators of clients name the members of the enumeration with this extension.
        "x-enum-varnames": list(map("_OR_".join, names.values())),
    }
    detail = {
        "type": "object",
        "description": "What the error is about.",
        "properties": {
            "key": {
                "type": "string",
                "description": "The name of the detail, the same in every language.",
                "xml": {"attribute": True},
            },
            "value": {"type": "string", "description": "The value of the detail.", "xml": {"attribute": True}},
        },
        "required": ["key", "value"],
        "additionalProperties": False,
    }
    error = {
        "type": "object",
        "description": "An error.",
        "properties": {
            "code": refer_to("ErrorCode"),
            "developerMessage": {**text, "description": "For developers, in the language of the response."},
            "userMessage": {**text, "description": f"For end users; only with {USER_MESSAGE_HEADER}: yes."},
            "details": {
                "type": "array",
                "description": "The values that the error is about.",
                "items": {**refer_to("ErrorDetail"), "xml": {"name": "detail"}},
                "minItems": 1,
                "xml": {"wrapped": True},
            },
        },
        "required": ["code", "developerMessage"],
        "additionalProperties": False,
        "xml": {"name": "error", "namespace": XML_NAMESPACE},
    }
    for name, schema in (("ErrorCode", code), ("ErrorDetail", detail), ("Error", error)):
        spec.components.schema(name, schema)
    for definition in CATALOGUE:
        for media_type in MediaType if definition.operations else ():
            spec.components.example(_name_example(definition, media_type), example_of_error(media_type, definition))


def describe_errors(operation: Operation) -> dict[str, Any]:
    """Describe the errors of an operation, by their status."""
    definitions = [definition for definition in CATALOGUE if operation in definition.operations]
    by_status: dict[HTTPStatus, list[ErrorDef]] = {}
    for definition in sorted(definitions, key=_sort_key):
        by_status.setdefault(definition.status, []).append(definition)
    echo = SESSION_ECHO if NO_CREDENTIALS in definitions else {}
    return {str(status.value): _describe_status(status, found, echo) for status, found in by_status.items()}


def _sort_key(definition: ErrorDef) -> tuple[int, int]:
    status, number = map(int, definition.code.split("-"))
    return status, number


def _describe_status(status: HTTPStatus, definitions: Sequence[ErrorDef], echo: Mapping[str, Any]) -> dict[str, Any]:
    headers = {} if status in _BEFORE_AUTHENTICATION else dict(echo)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = CHALLENGE
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = RETRY_AFTER

    def refer_to_examples(media_type: MediaType) -> dict[str, Any]:
        names = {definition.name: _name_example(definition, media_type) for definition in definitions}
        return {"examples": {name: {"$ref": f"#/components/examples/{example}"} for name, example in names.items()}}

    codes = ", ".join(dict.fromkeys(definition.code for definition in definitions))
    return describe_response(
        f"One of the errors {codes}.", headers, content=describe_content("Error", refer_to_examples)
    )


def _name_example(definition: ErrorDef, media_type: MediaType) -> str:
    return f"{definition.name}.{media_type.name.lower()}"

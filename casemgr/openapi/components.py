"""The parts of the description that several operations share."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

from casemgr import errors, oauth2
from casemgr.actors import ActorKind
from casemgr.attributes import ATTRIBUTES, Attribute
from casemgr.display_values import BUILT_IN_VALUES, ValueKind
from casemgr.errors import ErrorDef
from casemgr.header_fields import REQUEST_ID_HEADER, SESSION_HEADER, USER_MESSAGE_HEADER
from casemgr.locales import LOCALES
from casemgr.negotiation import MediaType
from casemgr.openapi.examples import ERROR_NAMES, example_of_error
from casemgr.parameters import MAX_IDS
from casemgr.paths import AUTHENTICATION_PATH
from casemgr.representations.as_xml import NAMESPACE
from schemas import schema_for
from schemas.fields import XML_ATTRIBUTES, DisplayValue, Id, Instant, Link, Path
from schemas.login import LoginSchema

ID = {"type": "string", "pattern": "^[1-9][0-9]*$"}
"""The ID of a record (contract URL-4)."""

NAMES = {kind: kind.title().replace("_", "") for kind in ActorKind}
"""How the components of each kind of actor begin."""


def create_plugin() -> MarshmallowPlugin:
    """Create what describes marshmallow's schemas."""
    return MarshmallowPlugin(schema_name_resolver=_name_schema)


def _name_schema(schema: type[Schema] | Schema) -> str:
    """Name the component of a schema; one without a class of its own has no name and is described where it is."""
    name = (schema if isinstance(schema, type) else type(schema)).__name__
    return "" if name == "GeneratedSchema" else name.removesuffix("Schema")


def _describe_field(_: object, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    """Describe what marshmallow's own types do not say."""
    described = _describe_type(field)
    if field.name in XML_ATTRIBUTES:
        described["xml"] = {"attribute": True}
    return described


def _describe_type(field: fields.Field[Any]) -> dict[str, Any]:
    match field:
        case Id():
            return dict(ID)
        case Instant():
            return {"format": "date-time"}
        case Path():
            return {"format": "uri-reference"}
        case fields.Constant():
            return {"type": "string", "const": field.constant}
        case Link():
            return {"minItems": 1, "maxItems": 1}
        case DisplayValue() if field.kind is not ValueKind.FOLDER:
            return {"properties": {"value": {"enum": list(BUILT_IN_VALUES[field.kind])}}}
    return {}


def add_components(spec: APISpec, plugin: MarshmallowPlugin) -> None:
    """Add schemas, examples of errors, headers, and the ways to authenticate."""
    assert plugin.converter  # noqa: S101 - the description that it is a plug-in of has made one
    plugin.converter.add_attribute_function(_describe_field)  # type: ignore[no-untyped-call]
    for kind in ActorKind:
        schema = schema_for(kind, frozenset(ATTRIBUTES[kind]))
        # What `$attribute` asks for is not always there.
        schema.partial = tuple(attribute.name.lower() for attribute in Attribute)
        spec.components.schema(f"{NAMES[kind]}Case", schema=schema)
        spec.components.schema(f"{NAMES[kind]}Cases", _cases(f"{NAMES[kind]}Case", MAX_IDS[kind]))
    spec.components.schema("Error", _error())
    for definition in ERROR_NAMES:
        for media_type in MediaType:
            spec.components.example(name_example(definition, media_type), example_of_error(media_type, definition))
    spec.components.schema("Login", schema=LoginSchema)
    for name, header in _HEADERS.items():
        spec.components.header(name, header)
    spec.components.security_scheme(
        "session",
        {"type": "apiKey", "in": "header", "name": SESSION_HEADER, "description": "The session of a user or customer."},
    )
    spec.components.security_scheme(
        "token", {"type": "http", "scheme": "bearer", "description": "The session of a client application."}
    )
    spec.components.security_scheme(
        "clientCredentials",
        {
            "type": "oauth2",
            "description": "How a client application comes by its token (RFC 6749 section 4.4).",
            "flows": {"clientCredentials": {"tokenUrl": f"{AUTHENTICATION_PATH}{oauth2.TOKEN_PATH}", "scopes": {}}},
        },
    )


def _cases(item: str, most: int) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "case": {
                "type": "array",
                "items": {"$ref": f"#/components/schemas/{item}"},
                "minItems": 1,
                "maxItems": most,
            }
        },
        "required": ["case"],
        "additionalProperties": False,
        "xml": {"name": "cases", "namespace": NAMESPACE},
    }


def _error() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    detail = {
        "type": "object",
        "properties": {name: {"type": "string", "xml": {"attribute": True}} for name in ("key", "value")},
        "required": ["key", "value"],
        "additionalProperties": False,
        "xml": {"name": "detail"},
    }
    return {
        "type": "object",
        "properties": {
            "code": {"type": "string", "enum": sorted({error.code for error in errors.CATALOGUE})},
            "developerMessage": {**text, "description": "For developers, in the language of the response."},
            "userMessage": {**text, "description": f"For anybody; only with {USER_MESSAGE_HEADER}: yes."},
            "details": {"type": "array", "items": detail, "minItems": 1, "xml": {"wrapped": True}},
        },
        "required": ["code", "developerMessage"],
        "additionalProperties": False,
        "xml": {"name": "error", "namespace": NAMESPACE},
    }


_HEADERS: Mapping[str, dict[str, Any]] = {
    "Content-Language": {
        "description": "The language of names and messages.",
        "required": True,
        "schema": {"type": "string", "enum": [locale.language_tag for locale in LOCALES]},
    },
    REQUEST_ID_HEADER: {
        "description": "The ID of the request, the caller's own if it was sane.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    },
    "Vary": {"required": True, "schema": {"type": "string"}},
    "Cache-Control": {"required": True, "schema": {"type": "string", "const": "private, no-store"}},
    "X-Content-Type-Options": {"required": True, "schema": {"type": "string", "const": "nosniff"}},
}


_OF_EVERY_RESPONSE = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}


def describe_response(description: str, headers: Mapping[str, Any] = {}, **content: Any) -> dict[str, Any]:
    """Describe a response; every one has the headers of `_HEADERS` as well."""
    return {"description": description, "headers": {**_OF_EVERY_RESPONSE, **headers}, **content}


def describe_errors(definitions: Sequence[ErrorDef]) -> dict[str, Any]:
    """Describe the errors of an operation, by their status."""
    responses: dict[str, list[ErrorDef]] = {}
    for definition in sorted(definitions, key=lambda one: (one.status, len(one.code), one.code)):
        responses.setdefault(str(definition.status.value), []).append(definition)
    return {status: _error_response(HTTPStatus(int(status)), ofs) for status, ofs in responses.items()}


def _error_response(status: HTTPStatus, definitions: Sequence[ErrorDef]) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = {"required": True, "schema": {"type": "string"}}
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = {"description": "Seconds.", "required": True, "schema": {"type": "integer"}}
    content = {
        media_type: {
            "schema": {"$ref": "#/components/schemas/Error"},
            "examples": {
                ERROR_NAMES[definition]: {"$ref": f"#/components/examples/{name_example(definition, media_type)}"}
                for definition in definitions
            },
        }
        for media_type in MediaType
    }
    codes = dict.fromkeys(definition.code for definition in definitions)
    return describe_response(f"{status.phrase}: {', '.join(codes)}.", headers, content=content)


def name_example(definition: ErrorDef, media_type: MediaType) -> str:
    """Name the component that is the example of an error."""
    return f"{ERROR_NAMES[definition]}.{media_type.name.lower()}"

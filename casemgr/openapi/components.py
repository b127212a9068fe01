"""The components of the description, and the parts that several operations share."""

from collections.abc import Callable, Mapping
from inspect import getdoc
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from casemgr.accounts.login_requests import LoginSchema
from casemgr.accounts.oauth2 import SCOPES
from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import ATTRIBUTES, Attribute
from casemgr.domain.ids import ID_PATTERN
from casemgr.http.headers import REQUEST_ID_HEADER, RESPONSE_HEADERS, SESSION_HEADER
from casemgr.http.limits import MAX_IDS
from casemgr.http.media_types import LOGIN_ELEMENT, XML_NAMESPACE, MediaType
from casemgr.http.paths import TOKEN_PATH
from casemgr.i18n.display_values import BUILT_IN_VALUES, ValueKind
from casemgr.i18n.locales import LANGUAGE_TAGS
from casemgr.observability.context import REQUEST_ID_PATTERN
from schemas import schema_for
from schemas.fields import XML_ATTRIBUTES, DisplayValue, Id, Instant, Items, Link, Links, NamedValueSchema, Path

ID = {"type": "string", "pattern": f"^{ID_PATTERN}$"}
"""The ID of a record."""


def describe_ids(most: int) -> dict[str, Any]:
    """Describe a list of IDs as one string, since some client generators cannot put a list into a path.

    :param most: the maximum number of IDs.
    """
    return {"type": "string", "pattern": f"^{ID_PATTERN}(,{ID_PATTERN}){{0,{most - 1}}}$"}


def refer_to(schema: str) -> dict[str, str]:
    """Refer to the component of a schema."""
    return {"$ref": f"#/components/schemas/{schema}"}


def describe_content(schema: str, examples: Callable[[MediaType], Mapping[str, Any]]) -> dict[str, Any]:
    """Describe a body in JSON and in XML.

    :param schema: the name of its component. In XML it describes the content of a text, as the examples are, and as
        clients send and receive it.
    :param examples: returns the key `example` or `examples` for a media type.
    """
    in_xml = {"type": "string", "contentMediaType": MediaType.XML, "contentSchema": refer_to(schema)}
    return {
        media_type: {"schema": in_xml if media_type is MediaType.XML else refer_to(schema), **examples(media_type)}
        for media_type in MediaType
    }


REQUEST_ID = {"type": "string", "pattern": f"^{REQUEST_ID_PATTERN}$"}
"""A request ID that the service accepts from the caller."""

NAMES: Mapping[ActorKind, str] = {
    kind: "CustomerCase" if kind is ActorKind.CUSTOMER else "StaffCase" for kind in ActorKind
}
"""The component for a case of each kind of actor; client applications see the same attributes as users."""

SESSION_ECHO = {SESSION_HEADER: {"$ref": f"#/components/headers/{SESSION_HEADER}"}}
"""The response header that repeats the session (contract HDR-3)."""


_CASES_IN_XML = {"name": "cases", "namespace": XML_NAMESPACE}


def create_plugin() -> MarshmallowPlugin:
    """Create apispec's plug-in for marshmallow."""
    return MarshmallowPlugin(schema_name_resolver=_name_schema)


def _name_schema(schema: type[Schema] | Schema) -> str:
    """Name the component of a schema; an empty name makes apispec describe a generated schema inline."""
    name = (schema if isinstance(schema, type) else type(schema)).__name__
    return "" if name == "GeneratedSchema" else name.removesuffix("Schema")


def _describe_field(_: object, field: fields.Field[Any], *, ret: dict[str, Any]) -> dict[str, Any]:
    """Describe the field types of this project; remove keywords about loading, which apispec adds."""
    for keyword in ("readOnly", "default"):
        ret.pop(keyword, None)
    described = _describe_type(field, ret)
    if field.name in XML_ATTRIBUTES:
        described["xml"] = {"attribute": True}
    return described


def _describe_type(field: fields.Field[Any], described: Mapping[str, Any]) -> dict[str, Any]:
    match field:
        case Id():
            return {**ID, "description": "The ID."}
        case Instant():
            return {"format": "date-time"}
        case Path():
            return {"format": "uri-reference", "description": "The path on this server."}
        case fields.Constant():
            return {"type": "string", "const": field.constant, "description": "The relation."}
        case Items():
            items = {"items": {**described["items"], "xml": {"name": field.data_key or field.name}}}
            listed = f"Links with the relation `{field.rel}`" if isinstance(field, Links) else "The items"
            about = {"description": f"{listed}; in XML, one element for each."}
            return items | about | ({"minItems": 1, "maxItems": 1} if isinstance(field, Link) else {})
        case DisplayValue() if field.kind is not ValueKind.FOLDER:
            return refer_to(field.kind.title())
        case fields.Integer():
            return {"minimum": 0}
    return {}


def add_components(spec: APISpec, plugin: MarshmallowPlugin) -> None:
    """Add the schemas of cases and logins, headers and security schemes."""
    assert plugin.converter  # noqa: S101 - APISpec has created it
    plugin.converter.add_attribute_function(_describe_field)  # type: ignore[no-untyped-call]
    _add_display_values(spec, plugin.converter)
    for kind, name in NAMES.items():
        if name not in spec.components.schemas:
            schema = schema_for(kind, frozenset(ATTRIBUTES[kind]))
            # Makes apispec describe the attributes of `$attribute` as optional.
            schema.partial = tuple(attribute.name.lower() for attribute in Attribute)
            readers = " or ".join(f"a {one.replace('_', ' ')}" for one in ActorKind if NAMES[one] == name)
            spec.components.schema(name, {"description": f"A case for {readers}."}, schema=schema)
            spec.components.schema(f"{name}s", _describe_cases(name, MAX_IDS[kind]))
    lists = [refer_to(f"{name}s") for name in dict.fromkeys(NAMES.values())]
    spec.components.schema("Cases", {"description": "Cases for any actor.", "anyOf": lists, "xml": _CASES_IN_XML})
    spec.components.schema("Login", {"xml": {"name": LOGIN_ELEMENT, "namespace": XML_NAMESPACE}}, schema=LoginSchema)
    for (schema_class, *_), name in plugin.converter.refs.items():
        spec.components.schemas[name].setdefault("description", getdoc(schema_class))
    spec.components.header(
        SESSION_HEADER,
        {
            "description": "The session of the request, if it was sent in this header and is valid.",
            "schema": {"type": "string"},
        },
    )
    for name, header in _HEADERS.items():
        spec.components.header(name, header)
    spec.components.security_scheme(
        "session",
        {
            "type": "apiKey",
            "in": "header",
            "name": SESSION_HEADER,
            "description": "The session of a user or customer; not allowed together with Authorization.",
        },
    )
    spec.components.security_scheme(
        "token",
        {
            "type": "http",
            "scheme": "bearer",
            "description": f"The token of a client application; not allowed together with {SESSION_HEADER}.",
        },
    )
    spec.components.security_scheme(
        "clientCredentials",
        {
            "type": "oauth2",
            "description": "Fetches a token for a client application (RFC 6749 section 4.4).",
            "flows": {"clientCredentials": {"tokenUrl": TOKEN_PATH, "scopes": dict.fromkeys(SCOPES, "Read cases.")}},
        },
    )


def _add_display_values(spec: APISpec, converter: OpenAPIConverter) -> None:
    """Add a component for each kind of display value, except folders, which may have any name."""
    for kind in (kind for kind in ValueKind if kind is not ValueKind.FOLDER):
        described = converter.schema2jsonschema(NamedValueSchema())  # type: ignore[no-untyped-call]
        described["properties"]["value"]["enum"] = list(BUILT_IN_VALUES[kind])
        described["description"] = f"The {kind} of a case."
        spec.components.schema(kind.title(), described)


def _describe_cases(item: str, most: int) -> dict[str, Any]:
    return {
        "type": "object",
        "description": "All of the requested cases.",
        "properties": {
            "case": {
                "type": "array",
                "description": "The cases; in XML, one element for each.",
                "items": {**refer_to(item), "xml": {"name": "case"}},
                "minItems": 1,
                "maxItems": most,
            }
        },
        "required": ["case"],
        "additionalProperties": False,
        "xml": _CASES_IN_XML,
    }


_HEADERS: Mapping[str, dict[str, Any]] = {
    "Content-Language": {
        "description": "The language of display values and messages.",
        "required": True,
        "schema": {"type": "string", "enum": list(LANGUAGE_TAGS)},
    },
    REQUEST_ID_HEADER: {
        "description": "The ID of the request: the caller's own if it has 1 to 128 visible ASCII characters.",
        "required": True,
        "schema": REQUEST_ID,
    },
    "Vary": {
        "description": "The header fields of requests that decide on the response.",
        "required": True,
        "schema": {"type": "string"},
    },
    **{
        name: {"required": True, "schema": {"type": "string", "const": value}}
        for name, value in RESPONSE_HEADERS.items()
    },
}


_COMMON_HEADERS = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}


def describe_response(description: str, headers: Mapping[str, Any] = {}, **content: Any) -> dict[str, Any]:
    """Describe a response, with the headers that every response has."""
    return {"description": description, "headers": {**_COMMON_HEADERS, **headers}, **content}

"""The operations on tokens and on the descriptions of the API."""

from collections.abc import Mapping
from typing import Any

from apispec import APISpec

from casemgr.accounts.oauth2 import SCOPES
from casemgr.errors.definitions import Operation
from casemgr.http.media_types import FORM, YAML, MediaType
from casemgr.http.paths import (
    ERRORS_PATH,
    METADATA_PATH,
    OPENAPI_JSON_PATH,
    OPENAPI_YAML_PATH,
    REVOCATION_PATH,
    TOKEN_PATH,
    XML_SCHEMA_PATH,
)
from casemgr.openapi.components import describe_errors, describe_response
from casemgr.openapi.parameters import REQUEST_HEADERS


def add_tokens(spec: APISpec) -> None:
    """Add the operations on tokens."""
    text = {"type": "string"}
    token = {
        "type": "object",
        "properties": {
            "access_token": text,
            "token_type": {"type": "string", "const": "Bearer"},
            "expires_in": {"type": "integer", "minimum": 1, "description": "Seconds."},
            "scope": {"type": "string", "description": "The scope of the request, if it had one."},
        },
        "required": ["access_token", "token_type", "expires_in"],
    }
    spec.components.schema("Token", token)
    spec.components.schema(
        "TokenError",
        {
            "type": "object",
            "description": "RFC 6749 section 5.2; in English only.",
            "properties": {
                "error": {
                    "type": "string",
                    "enum": [
                        "invalid_client",
                        "invalid_grant",
                        "invalid_request",
                        "invalid_scope",
                        "temporarily_unavailable",
                        "unsupported_grant_type",
                    ],
                },
                "error_description": text,
            },
            "required": ["error"],
        },
    )
    spec.components.security_scheme(
        "client",
        {"type": "http", "scheme": "basic", "description": "The client ID and the secret of a client application."},
    )
    instead = "An alternative to HTTP Basic; sending both is an error."
    credentials = {
        "client_id": {"type": "string", "description": instead},
        "client_secret": {"type": "string", "format": "password", "description": instead},
    }
    scope = {
        "type": "string",
        "description": f"Any of {', '.join(SCOPES)}, separated by blanks; it makes no difference.",
    }
    grant = {"grant_type": {"type": "string", "const": "client_credentials"}, "scope": scope, **credentials}
    revocation = {"token": {"type": "string", "minLength": 1}, "token_type_hint": text, **credentials}
    empty = {MediaType.JSON: {"schema": {"type": "object", "maxProperties": 0}}}
    issued = {MediaType.JSON: {"schema": {"$ref": "#/components/schemas/Token"}}}
    for path, summary, description, name, form, response in (
        (
            TOKEN_PATH,
            "Fetch a token",
            "Accepts client credentials (RFC 6749 section 4.4), by HTTP Basic or in the form.",
            "issueToken",
            grant,
            describe_response("The token.", content=issued),
        ),
        (
            REVOCATION_PATH,
            "Revoke a token",
            "Ends a token of the same client (RFC 7009); an unknown token counts as ended.",
            "revokeToken",
            revocation,
            describe_response("The token has ended.", content=empty),
        ),
    ):
        # Unknown parameters are ignored, but none may be repeated (RFC 6749 section 3.2).
        schema = {
            "type": "object",
            "properties": form,
            "required": [next(iter(form))],
            "additionalProperties": text,
        }
        spec.path(
            path,
            operations={
                "post": {
                    "tags": ["tokens"],
                    "summary": summary,
                    "description": description,
                    "operationId": name,
                    "requestBody": {"required": True, "content": {FORM: {"schema": schema}}},
                    "security": [{"client": []}, {}],
                    "responses": {"200": response, **_TOKEN_ERRORS, **describe_errors(Operation.TOKENS)},
                }
            },
        )
    texts = {"type": "array", "items": text}
    urls = ("issuer", "token_endpoint", "revocation_endpoint")
    lists = (
        "grant_types_supported",
        "response_types_supported",
        "scopes_supported",
        "revocation_endpoint_auth_methods_supported",
        "token_endpoint_auth_methods_supported",
    )
    metadata = {
        MediaType.JSON: {
            "schema": {
                "type": "object",
                "properties": {
                    **{key: {"type": "string", "format": "uri"} for key in urls},
                    **dict.fromkeys(lists, texts),
                },
                "required": [*urls, *lists],
            }
        }
    }
    spec.path(
        METADATA_PATH,
        operations={
            "get": {
                "tags": ["tokens"],
                "summary": "Discover the endpoints for tokens",
                "description": (
                    "Returns the metadata of the authorization server (RFC 8414), if the service knows its own URL."
                ),
                "operationId": "describeAuthorizationServer",
                "security": [],
                "responses": {
                    "200": describe_response("The metadata.", content=metadata),
                    **describe_errors(Operation.METADATA),
                },
            }
        },
    )


def _token_error(description: str, headers: Mapping[str, Any] = {}) -> dict[str, Any]:
    content = {MediaType.JSON: {"schema": {"$ref": "#/components/schemas/TokenError"}}}
    return describe_response(description, headers, content=content)


_RETRY_AFTER = {"Retry-After": {"required": True, "schema": {"type": "integer"}}}

_TOKEN_ERRORS = {
    "400": _token_error("The request is not valid."),
    "401": _token_error(
        "The client did not authenticate.", {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    ),
    "429": _token_error("Too many attempts to authenticate have failed.", _RETRY_AFTER),
    "503": _token_error("The service cannot process the request at the moment.", _RETRY_AFTER),
}


def add_descriptions(spec: APISpec) -> None:
    """Add the operations that return descriptions of the API."""
    for path, media_type, name, summary in (
        (OPENAPI_JSON_PATH, MediaType.JSON, "describeApi", "Get the OpenAPI description"),
        (OPENAPI_YAML_PATH, YAML, "describeApiAsYaml", "Get the OpenAPI description as YAML"),
        (XML_SCHEMA_PATH, MediaType.XML, "describeXml", "Get the XML Schema of the representations"),
    ):
        spec.path(
            path,
            operations={
                "get": {
                    "tags": ["descriptions"],
                    "summary": summary,
                    "description": "Returns the same description, in English, to every caller.",
                    "operationId": name,
                    "security": [],
                    "responses": {"200": describe_response("The description.", content={media_type: {"schema": {}}})},
                }
            },
        )
    _add_error_catalogue(spec)


def _add_error_catalogue(spec: APISpec) -> None:
    text = {"type": "string", "minLength": 1}
    members = {
        "name": {**text, "description": "Unique, while several errors may share a code."},
        "code": text,
        "status": {"type": "integer", "description": "The HTTP status."},
        "when": {**text, "description": "When the error occurs, in English."},
        "detailKeys": {"type": "array", "items": text, "description": "The keys of the details."},
        "developerMessage": {**text, "description": "An example, in the language of the response."},
        "userMessage": {**text, "description": "For end users, in the language of the response."},
    }
    entry = {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    schema = {
        "type": "object",
        "properties": {"error": {"type": "array", "items": entry, "minItems": 1}},
        "required": ["error"],
        "additionalProperties": False,
    }
    content = {MediaType.JSON: {"schema": schema}}
    spec.path(
        ERRORS_PATH,
        operations={
            "get": {
                "tags": ["descriptions"],
                "summary": "List the errors",
                "description": (
                    "Returns every error of the API with example messages in the language that Accept-Language "
                    "selects. The list is always JSON, whatever Accept says."
                ),
                "operationId": "listErrors",
                "parameters": list(REQUEST_HEADERS),
                "security": [],
                "responses": {
                    "200": describe_response("The errors, by code.", content=content),
                    **describe_errors(Operation.ERRORS),
                },
            }
        },
    )

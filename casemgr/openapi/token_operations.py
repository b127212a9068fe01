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
from casemgr.openapi.components import describe_response, refer_to
from casemgr.openapi.errors import CHALLENGE, RETRY_AFTER, describe_errors
from casemgr.openapi.parameters import REQUEST_HEADERS


def add_tokens(spec: APISpec) -> None:
    """Add the operations on tokens."""
    text = {"type": "string"}
    token = {
        "type": "object",
        "description": "A token (RFC 6749 section 5.1).",
        "properties": {
            "access_token": {**text, "description": "The token, to be sent in `Authorization: Bearer`."},
            "token_type": {"type": "string", "const": "Bearer", "description": "The type of the token."},
            "expires_in": {"type": "integer", "minimum": 1, "description": "Seconds until the token expires."},
            "scope": {"type": "string", "description": "The scope of the request, if it had one."},
        },
        "required": ["access_token", "token_type", "expires_in"],
    }
    spec.components.schema("Token", token)
    spec.components.schema(
        "TokenError",
        {
            "type": "object",
            "description": "An error (RFC 6749 section 5.2), in English only.",
            "properties": {
                "error": {
                    "type": "string",
                    "description": "What went wrong.",
                    "enum": [
                        "invalid_client",
                        "invalid_grant",
                        "invalid_request",
                        "invalid_scope",
                        "temporarily_unavailable",
                        "unsupported_grant_type",
                    ],
                },
                "error_description": {**text, "description": "An explanation for developers."},
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
    # An enumeration, since Postman's converter ignores `const`.
    grant_type = {
        "type": "string",
        "enum": ["client_credentials"],
        "description": "The grant (RFC 6749 section 4.4).",
    }
    token_of_client = {"type": "string", "minLength": 1, "description": "The token to end."}
    hint = {"type": "string", "description": "Makes no difference."}
    grant = {"grant_type": grant_type, "scope": scope, **credentials}
    revocation = {"token": token_of_client, "token_type_hint": hint, **credentials}
    empty = {MediaType.JSON: {"schema": {"type": "object", "maxProperties": 0}}}
    issued = {MediaType.JSON: {"schema": refer_to("Token")}}
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
    _add_metadata(spec)


def _add_metadata(spec: APISpec) -> None:
    url, texts = {"type": "string", "format": "uri"}, {"type": "array", "items": {"type": "string"}}
    members = {
        "issuer": {**url, "description": "The URL of the service."},
        "token_endpoint": {**url, "description": "Where a client application fetches a token."},
        "revocation_endpoint": {**url, "description": "Where a client application revokes a token."},
        "grant_types_supported": {**texts, "description": "The grants."},
        "response_types_supported": {**texts, "description": "Empty, since there is no authorization endpoint."},
        "scopes_supported": {**texts, "description": "The scopes."},
        "revocation_endpoint_auth_methods_supported": {
            **texts,
            "description": "How to authenticate to revoke a token.",
        },
        "token_endpoint_auth_methods_supported": {**texts, "description": "How to authenticate to fetch a token."},
    }
    spec.components.schema(
        "AuthorizationServer",
        {
            "type": "object",
            "description": "The metadata of an authorization server (RFC 8414).",
            "properties": members,
            "required": list(members),
        },
    )
    metadata = {MediaType.JSON: {"schema": refer_to("AuthorizationServer")}}
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
    content = {MediaType.JSON: {"schema": refer_to("TokenError")}}
    return describe_response(description, headers, content=content)


_TOKEN_ERRORS = {
    "400": _token_error("The request is not valid."),
    "401": _token_error("The client did not authenticate.", {"WWW-Authenticate": CHALLENGE}),
    "429": _token_error("Too many attempts to authenticate have failed.", {"Retry-After": RETRY_AFTER}),
    "503": _token_error("The service cannot process the request at the moment.", {"Retry-After": RETRY_AFTER}),
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
                    "responses": {
                        "200": describe_response("The description.", content={media_type: {"schema": {}}}),
                        # The service refuses none of these requests, but gunicorn may.
                        "431": {"description": "The header fields of the request are too large for the server."},
                    },
                }
            },
        )
    _add_error_catalogue(spec)


def _add_error_catalogue(spec: APISpec) -> None:
    text = {"type": "string", "minLength": 1}
    members = {
        "name": {**text, "description": "Unique, while several errors may share a code."},
        "code": refer_to("ErrorCode"),
        "status": {"type": "integer", "description": "The HTTP status."},
        "when": {**text, "description": "When the error occurs, in English."},
        "detailKeys": {"type": "array", "items": text, "description": "The keys of the details."},
        "developerMessage": {**text, "description": "An example, in the language of the response."},
        "userMessage": {**text, "description": "For end users, in the language of the response."},
    }
    entry = {
        "type": "object",
        "description": "An error of the API.",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }
    errors = {
        "type": "object",
        "description": "The errors of the API.",
        "properties": {
            "error": {"type": "array", "description": "The list.", "items": refer_to("ErrorEntry"), "minItems": 1}
        },
        "required": ["error"],
        "additionalProperties": False,
    }
    spec.components.schema("ErrorEntry", entry)
    spec.components.schema("ErrorList", errors)
    content = {MediaType.JSON: {"schema": refer_to("ErrorList")}}
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

"""The paths of the API and what can be done with them."""

import re
from collections.abc import Mapping
from typing import Any

from apispec import APISpec

from casemgr import errors, oauth2
from casemgr.actors import ActorKind
from casemgr.attributes import ALL, ATTRIBUTES, CUSTOM_PREFIX, Attribute
from casemgr.header_fields import REQUEST_ID_HEADER, SESSION_HEADER, USER_MESSAGE_HEADER
from casemgr.login import MAX_SESSIONS
from casemgr.media_types import MediaType
from casemgr.openapi.components import ID, SESSION_ECHO, describe_errors, describe_ids, describe_response
from casemgr.openapi.examples import example_of_cases, example_of_login
from casemgr.parameters import MAX_IDS, MAX_IDS_LENGTH, PARAMETERS, ForceLogin, Order, SortKey
from casemgr.paths import AUTHENTICATION_PATH, BASE_PATH, LOGIN_PATH, SESSION_PATH

_OF_EVERY_OPERATION = (errors.LANGUAGE_NOT_ACCEPTABLE, errors.MEDIA_TYPE_NOT_ACCEPTABLE, errors.UNEXPECTED)
_OF_CREDENTIALS = (
    errors.TWO_CREDENTIALS,
    errors.NO_CREDENTIALS,
    errors.SESSION_NOT_VALID,
    errors.NOT_BEARER,
    errors.TOKEN_NOT_VALID,
    errors.TOKEN_NOT_OF_CLIENT,
)
_OF_CASES = (
    errors.PARAMETERS_NOT_ALLOWED,
    errors.VALUES_NOT_SUPPORTED,
    errors.PARAMETERS_REPEATED,
    errors.CUSTOMER_NOT_VALID,
    errors.IDS_NOT_VALID,
    errors.ORDER_WITHOUT_SORT,
    errors.NO_GRANT_ON_CUSTOMER,
    errors.TOO_MANY_IDS,
    errors.IDS_TOO_LONG,
    errors.CASES_FORBIDDEN,
    errors.CLIENT_NOT_API,
    errors.ACTION_MISSING,
    errors.CASES_NOT_FOUND,
    errors.PATH_NOT_FOUND,
    *_OF_CREDENTIALS,
    *_OF_EVERY_OPERATION,
)
_OF_LOGIN = (
    errors.PARAMETERS_UNKNOWN,
    errors.VALUES_NOT_SUPPORTED,
    errors.PARAMETERS_REPEATED,
    errors.BODY_NOT_READABLE,
    errors.BODY_WITH_DOCTYPE,
    errors.BODY_TOO_DEEP,
    errors.BODY_NOT_OF_FIELDS,
    errors.FIELDS_UNKNOWN,
    errors.FIELDS_REPEATED,
    errors.FIELDS_MISSING,
    errors.FIELDS_NOT_TEXT,
    errors.LOGIN_FAILED,
    errors.TOO_MANY_SESSIONS,
    errors.BODY_TOO_LARGE,
    errors.MEDIA_TYPE_NOT_SUPPORTED,
    errors.TOO_MANY_FAILURES,
    *_OF_EVERY_OPERATION,
)
_OF_LOGOUT = (*_OF_CREDENTIALS, *_OF_EVERY_OPERATION)


YAML = "application/yaml"
"""Source: RFC 9512."""


def _text(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", **schema}}


_REQUEST_HEADERS = {
    "Accept-Language": _text(
        "The languages that are wanted (RFC 9110 section 12.5.4), English by default.", examples=["fr-CA, fr;q=0.8"]
    ),
    # What is odd in these two is no error: they have no pattern.
    USER_MESSAGE_HEADER: _text("Errors have a userMessage if this is yes.", examples=["yes"]),
    REQUEST_ID_HEADER: _text("An ID of the caller's own; one that is not sane is replaced.", examples=["order-4711"]),
}

_FORCE_LOGIN = "forceLogin"


def add_parameters(spec: APISpec) -> None:
    """Add the parameters of requests, each as a component that has its name, but for a dollar sign.

    What is optional has examples in its schema: those of a parameter itself are filled in by tools that try it out.
    """
    ids = {
        "description": (
            f"One ID or several, separated by commas, {MAX_IDS_LENGTH} characters at most; "
            "a customer may ask for one only."
        ),
        "schema": describe_ids(max(MAX_IDS.values())),
        "example": "1001",
    }
    force = _text("Whether the oldest session may be ended for the new one.", enum=list(ForceLogin))
    for location, parameters in (
        ("path", {"ids": ids}),
        ("query", {**_query_parameters(), _FORCE_LOGIN: force}),
        ("header", _REQUEST_HEADERS),
    ):
        for name, parameter in parameters.items():
            spec.components.parameter(_component_of(name), location, {"name": name, **parameter})


def _component_of(parameter: str) -> str:
    return parameter.removeprefix("$")


def _query_parameters() -> dict[str, dict[str, Any]]:
    """Describe the query parameters of cases, by name."""
    custom = {"type": "string", "pattern": rf"^{re.escape(CUSTOM_PREFIX)}[^,]+$"}
    plain = sorted({str(one) for kind in ActorKind for one in ATTRIBUTES[kind]} - {Attribute.CUSTOM_ATTRIBUTES})
    keys = [key for key in SortKey if key is not SortKey.CUSTOM]
    described: dict[str, dict[str, Any]] = {
        "$attribute": {
            "description": "Attributes in addition to the summary; all of those that the actor may ask for by `all`.",
            "explode": False,
            "schema": {
                "type": "array",
                "items": {"anyOf": [{"type": "string", "enum": [ALL, *plain]}, custom]},
                "minItems": 1,
                "examples": [["created", "custom.tier"]],
            },
        },
        "$sort": {
            "description": "What the cases are sorted by.",
            "schema": {"anyOf": [{"type": "string", "enum": keys}, custom], "examples": ["custom.tier"]},
        },
        "$order": _text("Ascending unless this says otherwise; refused without $sort.", enum=list(Order)),
        "customer": {
            "description": "The customer on whose behalf the request is made.",
            "schema": {**ID, "examples": ["303"]},
        },
    }
    return {
        name: {**parameter, "description": f"{parameter['description']}{_asked_by(name)}"}
        for name, parameter in described.items()
    }


def _asked_by(parameter: str) -> str:
    kinds = [kind for kind in ActorKind if parameter in PARAMETERS[kind]]
    if len(kinds) == len(ActorKind):
        return ""
    names = " and ".join(f"{kind.replace('_', ' ')}s" for kind in kinds)
    return f" {names.capitalize()} only."


def add_cases(spec: APISpec) -> None:
    """Add the retrieval of cases."""
    content = {
        media_type: {
            "schema": {"$ref": "#/components/schemas/Cases"},
            "examples": {
                kind.value: {"summary": f"For a {kind.replace('_', ' ')}.", "value": example_of_cases(media_type, kind)}
                for kind in ActorKind
            },
        }
        for media_type in MediaType
    }
    operation = {
        "tags": ["cases"],
        "parameters": [*map(_component_of, ["ids", *_query_parameters()]), *_REQUEST_HEADERS],
        "security": _ANY_CREDENTIALS,
    }
    errors_of_cases = describe_errors(_OF_CASES)
    found = "All of the cases, in the order in which they were asked for unless they are sorted."
    spec.path(
        f"{BASE_PATH}/case/{{ids}}",
        operations={
            "get": {
                **operation,
                "operationId": "getCases",
                "summary": "Retrieve cases by ID",
                "description": (
                    "Either all of the cases are answered or none. Users and client applications get other attributes "
                    "than customers do. Accept selects JSON or XML."
                ),
                "responses": {"200": describe_response(found, SESSION_ECHO, content=content), **errors_of_cases},
            },
            "head": {
                **operation,
                "operationId": "headCases",
                "summary": "Check cases without retrieving them",
                "description": "Answers as GET does, without a body.",
                "responses": {
                    status: {name: value for name, value in response.items() if name != "content"}
                    for status, response in {"200": describe_response(found, SESSION_ECHO), **errors_of_cases}.items()
                },
            },
        },
    )


_ANY_CREDENTIALS: list[dict[str, list[str]]] = [{"session": []}, {"token": []}, {"clientCredentials": []}]


def add_sessions(spec: APISpec) -> None:
    """Add logging in and out."""
    started = {SESSION_HEADER: {"required": True, **_text("The new session.")}}
    for kind, user_name in ((ActorKind.USER, "nadia"), (ActorKind.CUSTOMER, "elodie")):
        content = {
            media_type: {
                "schema": {"$ref": "#/components/schemas/Login"},
                "example": example_of_login(media_type, user_name),
            }
            for media_type in MediaType
        }
        spec.path(
            LOGIN_PATH.format(kind=kind),
            operations={
                "post": {
                    "tags": ["sessions"],
                    "summary": f"Log in as a {kind}",
                    "description": (
                        f"The session comes in {SESSION_HEADER}, the header that takes it along with later requests. "
                        f"An account has at most {MAX_SESSIONS} at once."
                    ),
                    "operationId": f"logIn{kind.title()}",
                    "parameters": [_FORCE_LOGIN, *_REQUEST_HEADERS],
                    "requestBody": {"required": True, "content": content},
                    "security": [],
                    "responses": {"204": describe_response("Logged in.", started), **describe_errors(_OF_LOGIN)},
                }
            },
        )
    spec.path(
        SESSION_PATH,
        operations={
            "delete": {
                "tags": ["sessions"],
                "summary": "Log out",
                "description": "Ends the session, or the token, that the request is made with.",
                "operationId": "logOut",
                "parameters": list(_REQUEST_HEADERS),
                "security": _ANY_CREDENTIALS,
                "responses": {
                    "204": describe_response("The session has ended.", SESSION_ECHO),
                    **describe_errors(_OF_LOGOUT),
                },
            }
        },
    )


def add_tokens(spec: APISpec) -> None:
    """Add the tokens of client applications."""
    text = {"type": "string"}
    token = {
        "type": "object",
        "properties": {
            "access_token": text,
            "token_type": {"type": "string", "const": "Bearer"},
            "expires_in": {"type": "integer", "minimum": 1, "description": "Seconds."},
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
                        "unsupported_grant_type",
                    ],
                },
                "error_description": text,
            },
            "required": ["error"],
        },
    )
    spec.components.security_scheme(
        "client", {"type": "http", "scheme": "basic", "description": "The ID and the secret of a client application."}
    )
    instead = "Instead of HTTP Basic; both ways at once are refused."
    credentials = {
        "client_id": {"type": "string", "description": instead},
        "client_secret": {"type": "string", "format": "password", "description": instead},
    }
    grant = {"grant_type": {"type": "string", "const": "client_credentials"}, **credentials}
    revocation = {"token": {"type": "string", "minLength": 1}, "token_type_hint": text, **credentials}
    nothing = {MediaType.JSON: {"schema": {"type": "object", "maxProperties": 0}}}
    issued = {MediaType.JSON: {"schema": {"$ref": "#/components/schemas/Token"}}}
    for path, summary, description, name, form, answer in (
        (
            oauth2.TOKEN_PATH,
            "Fetch a token",
            "Client credentials (RFC 6749 section 4.4), by HTTP Basic or in the form.",
            "issueToken",
            grant,
            describe_response("The token.", content=issued),
        ),
        (
            oauth2.REVOCATION_PATH,
            "Revoke a token",
            "Ends a token of the same client (RFC 7009); one that does not exist has ended.",
            "revokeToken",
            revocation,
            describe_response("The token has ended.", content=nothing),
        ),
    ):
        # What is unknown is ignored, but not what is there twice (RFC 6749 section 3.2).
        schema = {
            "type": "object",
            "properties": form,
            "required": [next(iter(form))],
            "additionalProperties": text,
        }
        spec.path(
            f"{AUTHENTICATION_PATH}{path}",
            operations={
                "post": {
                    "tags": ["tokens"],
                    "summary": summary,
                    "description": description,
                    "operationId": name,
                    "requestBody": {"required": True, "content": {oauth2.FORM: {"schema": schema}}},
                    "security": [{"client": []}, {}],
                    "responses": {"200": answer, **_TOKEN_ERRORS, **describe_errors([errors.UNEXPECTED])},
                }
            },
        )
    texts = {"type": "array", "items": text}
    urls = ("issuer", "token_endpoint", "revocation_endpoint")
    lists = (
        "grant_types_supported",
        "response_types_supported",
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
        oauth2.METADATA_PATH,
        operations={
            "get": {
                "tags": ["tokens"],
                "summary": "Tell where tokens are fetched and revoked",
                "description": "The metadata of the authorization server (RFC 8414).",
                "operationId": "describeAuthorizationServer",
                "security": [],
                "responses": {"200": describe_response("The metadata.", content=metadata)},
            }
        },
    )


def _token_error(description: str, headers: Mapping[str, Any] = {}) -> dict[str, Any]:
    content = {MediaType.JSON: {"schema": {"$ref": "#/components/schemas/TokenError"}}}
    return describe_response(description, headers, content=content)


_TOKEN_ERRORS = {
    "400": _token_error("The request is not valid."),
    "401": _token_error(
        "The client did not authenticate.", {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    ),
    "429": _token_error(
        "Too many attempts have failed.", {"Retry-After": {"required": True, "schema": {"type": "integer"}}}
    ),
}


def add_descriptions(spec: APISpec) -> None:
    """Add the descriptions themselves."""
    for path, media_type, name, summary in (
        ("openapi.json", MediaType.JSON, "describeApi", "Describe the API in OpenAPI"),
        ("openapi.yaml", YAML, "describeApiAsYaml", "Describe the API in OpenAPI, as YAML"),
        ("casemgr.xsd", MediaType.XML, "describeXml", "Describe the XML representations in XML Schema"),
    ):
        spec.path(
            f"{BASE_PATH}/{path}",
            operations={
                "get": {
                    "tags": ["descriptions"],
                    "summary": summary,
                    "description": "In English, and the same for everybody.",
                    "operationId": name,
                    "security": [],
                    "responses": {"200": describe_response("The description.", content={media_type: {"schema": {}}})},
                }
            },
        )

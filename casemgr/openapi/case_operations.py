"""The operations on cases and on sessions."""

from apispec import APISpec

from casemgr.accounts.login_requests import FORCE_LOGIN
from casemgr.domain.actors import ActorKind
from casemgr.errors.definitions import Operation
from casemgr.http.headers import SESSION_HEADER
from casemgr.http.limits import MAX_SESSIONS
from casemgr.http.media_types import MediaType
from casemgr.http.paths import BASE_PATH, LOGIN_PATH, SESSION_PATH
from casemgr.openapi.components import SESSION_ECHO, describe_errors, describe_response
from casemgr.openapi.examples import example_of_cases, example_of_login
from casemgr.openapi.parameters import REQUEST_HEADERS, component_of, describe_text, query_parameters

_ANY_CREDENTIALS: list[dict[str, list[str]]] = [{"session": []}, {"token": []}, {"clientCredentials": []}]


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
        "parameters": [*map(component_of, ["ids", *query_parameters()]), *REQUEST_HEADERS],
        "security": _ANY_CREDENTIALS,
    }
    errors_of_cases = describe_errors(Operation.CASES)
    found = "The requested cases, in the order of the request unless $sort is given."
    spec.path(
        f"{BASE_PATH}/case/{{ids}}",
        operations={
            "get": {
                **operation,
                "operationId": "getCases",
                "summary": "Retrieve cases by ID",
                "description": (
                    "Returns all requested cases, or an error if any of them cannot be returned. Users and client "
                    "applications see other attributes than customers. Accept selects JSON or XML."
                ),
                "responses": {"200": describe_response(found, SESSION_ECHO, content=content), **errors_of_cases},
            },
            "head": {
                **operation,
                "operationId": "headCases",
                "summary": "Check cases without retrieving them",
                "description": "Returns the response to GET without its body.",
                "responses": {
                    status: {name: value for name, value in response.items() if name != "content"}
                    for status, response in {"200": describe_response(found, SESSION_ECHO), **errors_of_cases}.items()
                },
            },
        },
    )


def add_sessions(spec: APISpec) -> None:
    """Add logging in and out."""
    new_session = {SESSION_HEADER: {"required": True, **describe_text("The ID of the new session.")}}
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
                        f"The response has the ID of the session in {SESSION_HEADER}; send it in the same header with "
                        f"every request. An account has at most {MAX_SESSIONS} sessions at a time."
                    ),
                    "operationId": f"logIn{kind.title()}",
                    "parameters": [FORCE_LOGIN, *REQUEST_HEADERS],
                    "requestBody": {"required": True, "content": content},
                    "security": [],
                    "responses": {
                        "204": describe_response("Logged in.", new_session),
                        **describe_errors(Operation.LOGIN),
                    },
                }
            },
        )
    spec.path(
        SESSION_PATH,
        operations={
            "delete": {
                "tags": ["sessions"],
                "summary": "Log out",
                "description": "Ends the session or token that authenticates the request.",
                "operationId": "logOut",
                "parameters": list(REQUEST_HEADERS),
                "security": _ANY_CREDENTIALS,
                "responses": {
                    "204": describe_response("The session has ended.", SESSION_ECHO),
                    **describe_errors(Operation.LOGOUT),
                },
            }
        },
    )

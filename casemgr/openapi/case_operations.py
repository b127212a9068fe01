"""The operations on cases and on sessions."""

import re
from typing import Any

from apispec import APISpec

from casemgr.accounts.login_requests import FORCE_LOGIN
from casemgr.domain.actors import ActorKind
from casemgr.errors.definitions import Operation
from casemgr.http.headers import SESSION_HEADER
from casemgr.http.limits import MAX_SESSIONS
from casemgr.http.paths import BASE_PATH, LOGIN_PATHS, LOGOUT_PATHS
from casemgr.openapi.components import SESSION_ECHO, describe_content, describe_response
from casemgr.openapi.errors import describe_errors
from casemgr.openapi.examples import example_of_cases, example_of_login
from casemgr.openapi.parameters import REQUEST_HEADERS, component_of, describe_text, query_parameters

_ANY_CREDENTIALS: list[dict[str, list[str]]] = [{"session": []}, {"token": []}, {"clientCredentials": []}]


def add_cases(spec: APISpec) -> None:
    """Add the retrieval of cases."""
    content = describe_content(
        "Cases",
        lambda media_type: {
            "examples": {
                kind.value: {"summary": f"For a {kind.replace('_', ' ')}.", "value": example_of_cases(media_type, kind)}
                for kind in ActorKind
            }
        },
    )
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
    """Add logging in and out, at all of their paths."""
    for kind, user_name in ((ActorKind.USER, "nadia"), (ActorKind.CUSTOMER, "elodie")):
        for path in LOGIN_PATHS[kind]:
            spec.path(path, operations={"post": _describe_login(kind, user_name, path)})
    for path, methods in LOGOUT_PATHS.items():
        spec.path(path, operations={method.lower(): _describe_logout(path, method) for method in methods})


def _name_variant(path: str) -> tuple[str, str]:
    """Distinguish a path of the product from others of its purpose, in an operation ID and in a summary."""
    found = re.match(r"(/system|)/ws/(v[0-9]+)", path)
    return (f"{found[1].strip('/').title()}{found[2].title()}", f" ({found[0]})") if found else ("", "")


def _describe_login(kind: ActorKind, user_name: str, path: str) -> dict[str, Any]:
    variant, suffix = _name_variant(path)
    new_session = {SESSION_HEADER: {"required": True, **describe_text("The ID of the new session.")}}
    content = describe_content("Login", lambda media_type: {"example": example_of_login(media_type, user_name)})
    return {
        "tags": ["product paths" if variant else "sessions"],
        "summary": f"Log in as a {kind}{suffix}",
        "description": (
            f"The response has the ID of the session in {SESSION_HEADER}; send it in the same header with "
            f"every request. An account has at most {MAX_SESSIONS} sessions at a time."
        ),
        "operationId": f"logIn{kind.title()}{variant}",
        "parameters": [FORCE_LOGIN, *REQUEST_HEADERS],
        "requestBody": {"required": True, "content": content},
        "security": [],
        "responses": {"204": describe_response("Logged in.", new_session), **describe_errors(Operation.LOGIN)},
    }


def _describe_logout(path: str, method: str) -> dict[str, Any]:
    variant, suffix = _name_variant(path)
    by_post = method == "POST"
    ended = describe_response("The session has ended.", SESSION_ECHO)
    return {
        "tags": ["product paths" if variant else "sessions"],
        "summary": f"Log out{' by POST' if by_post else ''}{suffix}",
        "description": "Ends the session or token that authenticates the request.",
        "operationId": f"logOut{variant}{'ByPost' if by_post else ''}",
        "parameters": list(REQUEST_HEADERS),
        "security": _ANY_CREDENTIALS,
        "responses": {"204": ended, **describe_errors(Operation.LOGOUT)},
    }

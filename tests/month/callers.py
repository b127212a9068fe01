"""Callers over HTTP, and the comparison of their responses with what these must be."""

import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPResponse
from typing import Any

from casemgr.domain.actors import ActorKind
from tests.api.client import CASE, JSON, LOGIN, TOKEN
from tests.factories import Record
from tests.live.server import Server
from tests.month.world import Answer, Request

_DATES_OF_CUSTOMERS = "?$attribute=recentActivityDate,unreadActivityCount"


class Tally:
    """Counts the checks of a step, and collects what is wrong."""

    def __init__(self) -> None:
        self.checked = 0
        self.wrong: list[str] = []

    def expect(self, what: object, found: object, *allowed: object) -> None:
        """Check something, which must be one of the allowed values."""
        self.checked += 1
        if found not in allowed:
            self.wrong.append(f"{what}: {found} instead of {' or '.join(map(str, dict.fromkeys(map(str, allowed))))}")


def ask(server: Server, request: Request) -> Answer:
    """Request cases."""
    path = f"{CASE}/{','.join(map(str, request.ids))}"
    if request.kind is ActorKind.CUSTOMER:
        path += _DATES_OF_CUSTOMERS + (f"&customer={request.on}" if request.on else "")
    if request.kind is ActorKind.CLIENT_APPLICATION:
        headers = {"Authorization": f"Bearer {request.session}"}
    else:
        headers = {"X-egain-session": request.session}
    response, body = _send(server, "GET", path, headers)
    if response.status != 200:
        return Answer(response.status, body["code"], tuple(detail["value"] for detail in body.get("details", ())))
    return Answer(200, None, tuple(_read_case(case, request.kind) for case in body["case"]))


def _read_case(case: Record, kind: ActorKind) -> Record:
    read = {
        "id": case["id"],
        "subject": case["subject"],
        "status": case["status"]["value"],
        "lastModified": case["lastModified"],
        "customer": case.get("customer", {}).get("customerName"),
    }
    if kind is ActorKind.CUSTOMER:
        return read | {"recent": case["recentActivityDate"], "unread": case["unreadActivityCount"]}
    return read | {"department": case["department"]["id"]}


def log_in(server: Server, kind: ActorKind, name: str, password: str) -> tuple[str | None, str | None]:
    """Log in, or fetch a token.

    :returns: the session and the code of the error; one of them is None.
    """
    if kind is ActorKind.CLIENT_APPLICATION:
        basic = b64encode(f"{name}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        _, body = _send(server, "POST", TOKEN, headers, "grant_type=client_credentials")
        return body.get("access_token"), body.get("error")
    credentials = json.dumps({"userName": name, "password": password})
    response, body = _send(server, "POST", LOGIN[kind.value], {"Content-Type": JSON}, credentials)
    return response.headers["X-egain-session"], body.get("code")


def _send(
    server: Server, method: str, path: str, headers: Mapping[str, str], body: str | None = None
) -> tuple[HTTPResponse, Any]:
    with closing(server.connect()) as connection:
        connection.request(method, path, body, {"Accept": JSON, **headers})
        response = connection.getresponse()
        return response, json.loads(response.read() or b"{}")

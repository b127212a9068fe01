"""The requests that are measured, with the expected responses and the goals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from benchmarks.dataset import BUSY_CASE, CLIENT, CUSTOMER, OTHER_CLIENT, POWERLESS_USER, USER, forbidden_case

_BASE = "/core/casemgr/v3/case"
_MANY = ",".join(map(str, range(1, 76)))
_USER = {"X-egain-session": USER}
_CUSTOMER = {"X-egain-session": CUSTOMER}
_XML = {**_USER, "Accept": "application/xml"}


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A kind of request.

    :param goal: the least request rate, divided by that of the Flask constant or of `relative_to`.
    :param relative_to: the name of the kind of request that the goal refers to; None for the Flask constant.
    :param code: the code of the error that is expected; None when cases are expected.
    """

    name: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    goal: float | None = None
    relative_to: str | None = None
    code: str | None = None
    method: str = "GET"

    @property
    def is_xml(self) -> bool:
        """Whether the request accepts XML."""
        return self.headers.get("Accept") == "application/xml"

    def check(self, status: int, body: bytes) -> None:
        """Check a response.

        :raises AssertionError: when it has another error code or other cases.
        """
        if self.code:
            actual: object = json.loads(body)["code"]
            expected: object = self.code
        elif self.is_xml:
            actual, expected = [case.get("id") for case in etree.fromstring(body)], self._ids
        else:
            actual, expected = [case["id"] for case in json.loads(body)["case"]], self._ids
        if actual != expected:
            raise AssertionError(f"{self.name}: unexpected response {status} {body[:200]!r}")

    @property
    def _ids(self) -> list[str]:
        return self.path.removeprefix(f"{_BASE}/").split("?")[0].split(",")


CONSTANT = Request("constant", f"{_BASE}/1")

CASES = (
    Request("1 case", f"{_BASE}/1", _USER, 0.5),
    Request("1 case, all", f"{_BASE}/1?$attribute=all", _USER, 0.35),
    Request("75 cases", f"{_BASE}/{_MANY}", _USER, 0.25),
    Request("75 cases, all", f"{_BASE}/{_MANY}?$attribute=all", _USER, 0.12),
    Request("1 case, XML", f"{_BASE}/1", _XML, 0.6, "1 case"),
    Request("1 case, all, XML", f"{_BASE}/1?$attribute=all", _XML, 0.6, "1 case, all"),
    Request("75 cases, XML", f"{_BASE}/{_MANY}", _XML, 0.6, "75 cases"),
    Request("75 cases, all, XML", f"{_BASE}/{_MANY}?$attribute=all", _XML, 0.6, "75 cases, all"),
    Request(
        "customer, 200 activities",
        f"{_BASE}/{BUSY_CASE}?$attribute=recentActivityDate,unreadActivityCount",
        _CUSTOMER,
        0.35,
    ),
)
"""Requests for cases; the actor is a user unless the name says otherwise."""


def _errors(number: int) -> tuple[tuple[str, str, Mapping[str, str]], ...]:
    too_many = ",".join(map(str, range(1, 77)))
    return (
        ("400-101", "1?$pagesize=5", _USER),
        ("400-102", "1?$attribute=nothing", _USER),
        ("400-103", "1?$sort=id&$sort=id", _USER),
        ("400-105", "1?customer=x", _CUSTOMER),
        ("400-108", "abc", _USER),
        ("400-112", "1?$order=asc", _USER),
        ("400-114", "1?customer=1", _CUSTOMER),
        ("400-115", "1", {**_USER, "Authorization": f"Bearer {CLIENT}"}),
        ("400-10424", too_many, _USER),
        ("401-100", "1", {}),
        ("401-101", "1", {"X-egain-session": "unknown"}),
        ("401-104", "1", {"Authorization": "Basic eDp5"}),
        ("401-105", "1", {"Authorization": "Bearer unknown"}),
        ("401-106", "1", {"Authorization": f"Bearer {USER}"}),
        ("403-105", str(forbidden_case(number)), _USER),
        ("403-112", "1", {"Authorization": f"Bearer {OTHER_CLIENT}"}),
        ("403-178", "1", {"X-egain-session": POWERLESS_USER}),
        ("404-001", "1/nothing", _USER),
        ("404-100", str(10 * number), _USER),
        ("406-100", "1", {**_USER, "Accept-Language": "pl"}),
        ("406-101", "1", {**_USER, "Accept": "text/html"}),
    )


def errors(number: int) -> tuple[Request, ...]:
    """List a request for each error of `GET /case/{ids}` but 500-100.

    :param number: the number of cases in the database.
    """
    requests = (Request(code, f"{_BASE}/{path}", headers, 0.6, code=code) for code, path, headers in _errors(number))
    return (*requests, Request("405-100", f"{_BASE}/1", _USER, 0.6, code="405-100", method="POST"))

"""What a request costs, in calls of functions: unlike time, that is the same on every machine.

A bound is a tenth above what was counted with CPython 3.11 when it was set; who lowers the count lowers the bound.
"""

import sys
from types import FrameType

import pytest
from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from tests.api.client import CASE, XML, credentials
from tests.api.conftest import Have, MakeApp
from tests.factories import CUSTOMER, USER, activity, attribute, case, folder, note

pytestmark = pytest.mark.sqlite

MANY = ",".join(map(str, range(1, 76)))


@pytest.fixture
def stocked_app(make_app: MakeApp, have: Have) -> Flask:
    """Have 75 cases with what a case usually has."""
    have(
        attribute("tier"),
        folder(),
        *(
            case(
                number,
                owner=20,
                lastModifiedBy=20,
                createdBy=20,
                folder=60,
                customer=30,
                dueDate="2026-02-03T04:05:06Z",
                description="Long",
                notes=[note()],
                relatedCases=[1],
                custom={"tier": ["gold"]},
            )
            for number in range(1, 76)
        ),
        activity(),
    )
    return make_app()


def count_calls(app: Flask, path: str, headers: dict[str, str]) -> int:
    """Count the calls of functions, those written in C included, that a request takes."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    url, _, query = path.partition("?")
    environ = create_environ(url, query_string=query, headers=headers)
    sys.setprofile(count)
    try:
        run_wsgi_app(app, environ)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    ("path", "session", "accept", "bound"),
    [
        pytest.param("1", USER, "*/*", 1170, id="1 case"),
        pytest.param("1?$attribute=all", USER, "*/*", 1290, id="1 case, all"),
        pytest.param(MANY, USER, "*/*", 3800, id="75 cases"),
        pytest.param(f"{MANY}?$attribute=all", USER, "*/*", 7480, id="75 cases, all"),
        pytest.param(f"{MANY}?$attribute=all", USER, XML, 14160, id="75 cases, all, XML"),
        pytest.param("1?$attribute=recentActivityDate", CUSTOMER, "*/*", 1250, id="customer"),
        pytest.param("999", USER, "*/*", 1340, id="404-100"),
        pytest.param("abc", USER, "*/*", 1280, id="400-108"),
    ],
)
def test_a_request_takes_no_more_calls_than_before(
    stocked_app: Flask, path: str, session: str, accept: str, bound: int
) -> None:
    headers = credentials(session) | {"Accept": accept}
    # What is compiled and cached once does not count.
    count_calls(stocked_app, f"{CASE}/{path}", headers)
    assert count_calls(stocked_app, f"{CASE}/{path}", headers) <= bound

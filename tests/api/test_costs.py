"""What a request costs, in calls of functions: unlike time, that is the same on every machine.

A bound is a tenth above what was counted with CPython 3.11 when it was set; who lowers the count lowers the bound.
"""

import gc
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


def count_calls(app: Flask, path: str, headers: dict[str, str]) -> tuple[str, int]:
    """Get the status of a request and the number of calls, those of functions written in C included, that it takes."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    url, _, query = path.partition("?")
    environ = create_environ(url, query_string=query, headers=headers)
    # What other tests have left would otherwise be finalized, and counted, at any time.
    gc.collect()
    gc.disable()
    sys.setprofile(count)
    try:
        _, status, _ = run_wsgi_app(app, environ)
    finally:
        sys.setprofile(None)
        gc.enable()
    return status.split()[0], calls


@pytest.mark.parametrize(
    ("path", "session", "accept", "status", "bound"),
    [
        pytest.param("1", USER, "*/*", "200", 555, id="1 case"),
        pytest.param("1?$attribute=all", USER, "*/*", "200", 690, id="1 case, all"),
        pytest.param(MANY, USER, "*/*", "200", 2610, id="75 cases"),
        pytest.param(f"{MANY}?$attribute=all", USER, "*/*", "200", 6710, id="75 cases, all"),
        pytest.param(f"{MANY}?$attribute=all", USER, XML, "200", 8610, id="75 cases, all, XML"),
        pytest.param("1?$attribute=recentActivityDate", CUSTOMER, "*/*", "200", 625, id="customer"),
        pytest.param("999", USER, "*/*", "404", 575, id="404-100"),
        pytest.param("abc", USER, "*/*", "400", 540, id="400-108"),
    ],
)
def test_a_request_takes_no_more_calls_than_before(
    stocked_app: Flask, path: str, session: str, accept: str, status: str, bound: int
) -> None:
    headers = credentials(session) | {"Accept": accept}
    # What is compiled and cached once does not count.
    count_calls(stocked_app, f"{CASE}/{path}", headers)
    answered, calls = count_calls(stocked_app, f"{CASE}/{path}", headers)
    assert answered == status
    assert calls <= bound

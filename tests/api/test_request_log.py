"""The log."""

import json
import logging
import re
import sys
from datetime import timedelta

import pytest

from tests.api.client import CASE, LOGIN, XML, CheckedClient, logged
from tests.api.conftest import GetCases, LogIn, MakeApp, StoreRecords
from tests.factories import case


def test_the_line_of_a_request_for_cases_has_its_facts(
    store_records: StoreRecords, get_cases: GetCases, capfd: pytest.CaptureFixture[str]
) -> None:
    store_records(case(1), case(2))
    response = get_cases("1,2,1", Accept=XML, Accept_Language="fr", X_Request_ID="of-the-test")
    entry = logged(capfd)
    expected = {
        "level": "INFO",
        "request_id": "of-the-test",
        "method": "GET",
        "route": "/core/casemgr/v3/case/<ids>",
        "status": 200,
        "actor_kind": "user",
        "ids": 2,
        "media_type": XML,
        "language": "fr-FR",
        "bytes": len(response.data),
        "statements": 2,
    }
    assert {name: entry[name] for name in expected} == expected
    assert "error_code" not in entry
    assert 0 < entry["database_milliseconds"] < entry["milliseconds"]
    assert entry["message"].startswith("GET /core/casemgr/v3/case/<ids> 200 ")


def test_the_line_of_an_error_has_its_code(
    store_records: StoreRecords, get_cases: GetCases, capfd: pytest.CaptureFixture[str]
) -> None:
    store_records()
    get_cases("1,x")
    entry = logged(capfd)
    assert (entry["status"], entry["error_code"], entry["actor_kind"]) == (400, "400-108", "user")
    assert "ids" not in entry


def test_the_line_of_a_login_has_the_kind_of_actor(log_in: LogIn, capfd: pytest.CaptureFixture[str]) -> None:
    log_in("customer")
    entry = logged(capfd)
    assert (entry["route"], entry["status"], entry["actor_kind"]) == (LOGIN["customer"], 204, "customer")


def test_the_log_does_not_repeat_an_unknown_path(client: CheckedClient, capfd: pytest.CaptureFixture[str]) -> None:
    client.get("/secret?secret=secret", headers={"User-Agent": "secret"})
    lines = capfd.readouterr().err
    assert json.loads(lines.splitlines()[-1])["route"] == "-"
    assert "secret" not in lines


def test_a_slow_request_is_logged_as_a_warning(make_app: MakeApp, capfd: pytest.CaptureFixture[str]) -> None:
    make_app(slow_request=timedelta()).test_client().get(f"{CASE}/1")
    assert logged(capfd)["level"] == "WARNING"


def test_without_a_terminal_every_line_is_json(
    make_app: MakeApp, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logging.getLogger("casemgr")
    monkeypatch.setattr(log, "handlers", [])
    app = make_app()

    def fail() -> None:
        raise ZeroDivisionError("inside")

    app.before_request(fail)
    log.warning("Something is wrong.")
    app.test_client().get(f"{CASE}/1", headers={"X-Request-ID": "of-the-test"})
    outside, fault, request = map(json.loads, capfd.readouterr().err.splitlines())
    assert (outside["request_id"], outside["message"], outside["level"]) == ("-", "Something is wrong.", "WARNING")
    assert set(outside) == {"time", "level", "logger", "message", "request_id"}
    assert (fault["request_id"], request["request_id"]) == ("of-the-test", "of-the-test")
    assert fault["exc_info"].endswith("ZeroDivisionError: inside")


def test_on_a_terminal_lines_are_text(
    make_app: MakeApp, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(logging.getLogger("casemgr"), "handlers", [])
    make_app().test_client().get(f"{CASE}/1", headers={"X-Request-ID": "of-the-test"})
    line = capfd.readouterr().err
    assert re.fullmatch(r"[0-9-]{10} [0-9:,]{12} INFO \[of-the-test\] casemgr\.request_log: GET .* 401 .* ms\n", line)


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "traceparent",
    [
        pytest.param(f"00-{TRACE}-00f067aa0ba902b7-01", id="version 00"),
        pytest.param(f"01-{TRACE}-00f067aa0ba902b7-01-more", id="later version with more"),
    ],
)
def test_a_valid_traceparent_names_the_trace(
    client: CheckedClient, capfd: pytest.CaptureFixture[str], traceparent: str
) -> None:
    client.get(f"{CASE}/1", headers={"traceparent": traceparent})
    assert logged(capfd)["trace_id"] == TRACE


@pytest.mark.parametrize(
    "traceparent",
    [
        pytest.param("", id="empty"),
        pytest.param("nonsense", id="nonsense"),
        pytest.param(f"ff-{TRACE}-00f067aa0ba902b7-01", id="version ff"),
        pytest.param(f"00-{'0' * 32}-00f067aa0ba902b7-01", id="trace of zeros"),
        pytest.param(f"00-{TRACE}-{'0' * 16}-01", id="parent of zeros"),
        pytest.param(f"00-{TRACE.upper()}-00f067aa0ba902b7-01", id="upper case"),
        pytest.param(f"00-{TRACE}-00f067aa0ba902b7-01-more", id="version 00 with more"),
        pytest.param(f"00-{TRACE}-00f067aa0ba902b7", id="without flags"),
    ],
)
def test_an_invalid_traceparent_is_ignored(
    client: CheckedClient, capfd: pytest.CaptureFixture[str], traceparent: str
) -> None:
    assert client.get(f"{CASE}/1", headers={"traceparent": traceparent}).status_code == 401
    assert "trace_id" not in logged(capfd)

"""The line of a request in the log."""

import json
import logging
from datetime import timedelta

import pytest

from tests.api.client import CASE, LOGIN, XML, CheckedClient, logged
from tests.api.conftest import Get, Have, LogIn, MakeApp
from tests.factories import USER, case


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_a_request_for_cases(have: Have, get: Get, caplog: pytest.LogCaptureFixture) -> None:
    have(case(1), case(2))
    response = get("1,2,1", Accept=XML, Accept_Language="fr", X_Request_ID="of-the-test")
    entry = logged(caplog)
    expected = {
        "level": "INFO",
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
    assert caplog.messages[-1].startswith("GET /core/casemgr/v3/case/<ids> 200 ")


def test_an_error(have: Have, get: Get, caplog: pytest.LogCaptureFixture) -> None:
    have()
    get("1,x")
    entry = logged(caplog)
    assert (entry["status"], entry["error_code"], entry["actor_kind"]) == (400, "400-108", "user")
    assert "ids" not in entry


def test_a_login(log_in: LogIn, caplog: pytest.LogCaptureFixture) -> None:
    log_in("customer")
    entry = logged(caplog)
    assert (entry["route"], entry["status"], entry["actor_kind"]) == (LOGIN["customer"], 204, "customer")


def test_a_path_that_is_none_is_not_repeated(client: CheckedClient, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/secret?secret=secret", headers={"User-Agent": "secret"})
    assert logged(caplog)["route"] == "-"
    assert "secret" not in caplog.text


def test_a_slow_request_is_a_warning(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    make_app(slow_request=timedelta()).test_client().get(f"{CASE}/1")
    assert logged(caplog)["level"] == "WARNING"


def test_away_from_a_terminal_a_line_is_json(
    have: Have, get: Get, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from casemgr import request_log

    log = logging.getLogger("casemgr")
    monkeypatch.setattr(log, "handlers", [])
    request_log.configure()
    have(case(1))
    get("1", USER, X_Request_ID="of-the-test")
    entry = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert (entry["request_id"], entry["status"], entry["level"]) == ("of-the-test", 200, "INFO")
    assert set(entry) >= {"time", "logger", "message", "milliseconds"}

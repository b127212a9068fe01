"""The log."""

import json
import logging
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from casemgr.accounts.throttling import record_failure, subject_of_account
from casemgr.database.engine import writing
from casemgr.domain.actors import ActorKind
from tests.api.client import CASE, LOGIN, REVOKE, SESSION, TOKEN, XML, CheckedClient, logged
from tests.api.conftest import GetCases, LogIn, MakeApp, StoreRecords
from tests.factories import (
    CLIENT,
    CUSTOMER,
    NAME,
    OTHER,
    PASSWORD,
    USER,
    activity,
    actors,
    case,
    customer,
    dispose,
    grant,
    store,
    user,
)

pytestmark = pytest.mark.sqlite


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
        "client_address": "127.0.0.1",
        "actor_kind": "user",
        "actor_id": "20",
        "case_ids": ["1", "2"],
        "media_type": XML,
        "language": "fr-FR",
        "bytes": len(response.data),
        "statements": 2,
    }
    assert {name: entry[name] for name in expected} == expected
    assert entry.keys().isdisjoint({"error_code", "customer"})
    assert 0 < entry["database_milliseconds"] < entry["milliseconds"]
    assert entry["message"].startswith("GET /core/casemgr/v3/case/<ids> 200 ")


def test_the_line_of_an_error_has_its_code(
    store_records: StoreRecords, get_cases: GetCases, capfd: pytest.CaptureFixture[str]
) -> None:
    store_records()
    get_cases("1,x")
    entry = logged(capfd)
    assert (entry["status"], entry["error_code"], entry["actor_kind"]) == (400, "400-108", "user")
    assert "case_ids" not in entry


WHO = ("actor_kind", "actor_id", "case_ids", "customer")
MAX_ID = str(2**63 - 1)


@pytest.mark.parametrize(
    ("path", "session", "expected"),
    [
        pytest.param("2,1", USER, (200, None, "user", "20", ["2", "1"], None), id="a user"),
        pytest.param("2", CLIENT, (200, None, "client_application", "40", ["2"], None), id="a client application"),
        pytest.param("1", CUSTOMER, (200, None, "customer", "30", ["1"], None), id="a customer"),
        pytest.param("2?customer=31", CUSTOMER, (200, None, "customer", "30", ["2"], "31"), id="on behalf"),
        pytest.param("1?customer=32", CUSTOMER, (400, "400-114", "customer", "30", ["1"], "32"), id="no grant"),
        pytest.param("1?customer=x", CUSTOMER, (400, "400-105", "customer", "30", None, None), id="no customer"),
        pytest.param("1,3", USER, (403, "403-105", "user", "20", ["1", "3"], None), id="one is forbidden"),
        pytest.param("1,9", USER, (404, "404-100", "user", "20", ["1", "9"], None), id="one does not exist"),
        pytest.param(MAX_ID, USER, (404, "404-100", "user", "20", [MAX_ID], None), id="the largest ID"),
        pytest.param("1,1" + "0" * 19, USER, (404, "404-100", "user", "20", ["1"], None), id="an impossible ID"),
        pytest.param("1,x", USER, (400, "400-108", "user", "20", None, None), id="malformed"),
        pytest.param(",".join(["1"] * 76), USER, (400, "400-10424", "user", "20", None, None), id="too many"),
        pytest.param("1?x=y", USER, (400, "400-101", "user", "20", None, None), id="another parameter"),
        pytest.param("1", "of-nobody", (401, "401-101", None, None, None, None), id="no session"),
    ],
)
def test_the_line_tells_who_asked_for_what(
    store_records: StoreRecords,
    get_cases: GetCases,
    capfd: pytest.CaptureFixture[str],
    path: str,
    session: str,
    expected: tuple[object, ...],
) -> None:
    store_records(
        customer(31),
        customer(32),
        grant(30, 31),
        case(1, customer=30),
        case(2, customer=31),
        case(3, department=OTHER),
        activity(50, case=1),
        activity(51, case=2, customer=31),
    )
    get_cases(path, session)
    entry = logged(capfd)
    assert (entry["status"], *(entry.get(name) for name in ("error_code", *WHO))) == expected


def test_the_line_of_a_request_for_many_cases_has_them_all(
    store_records: StoreRecords, get_cases: GetCases, capfd: pytest.CaptureFixture[str]
) -> None:
    ids = list(range(101, 176))
    store_records(*map(case, ids))
    get_cases(",".join(map(str, ids)))
    assert logged(capfd)["case_ids"] == list(map(str, ids))


def test_the_line_of_a_user_without_permission_names_the_user(
    engine: Engine, store_records: StoreRecords, get_cases: GetCases, capfd: pytest.CaptureFixture[str]
) -> None:
    store_records()
    store(engine, user(roles=[]), replace=True)
    get_cases("1")
    entry = logged(capfd)
    assert (entry["status"], entry["actor_kind"], entry["actor_id"]) == (403, "user", "20")


@pytest.mark.parametrize(
    ("forwarded_for", "expected"),
    [
        pytest.param("198.51.100.1", "198.51.100.1", id="client"),
        pytest.param("secret, 198.51.100.1", "198.51.100.1", id="client that sends the header field"),
        pytest.param("secret", "127.0.0.1", id="nonsense"),
        pytest.param("", "127.0.0.1", id="nothing"),
    ],
)
def test_the_line_has_the_address_of_the_client_behind_a_trusted_proxy(
    make_app: MakeApp, capfd: pytest.CaptureFixture[str], forwarded_for: str, expected: str
) -> None:
    client = make_app(trusted_proxies=(ip_network("127.0.0.1"),)).test_client()
    client.get(f"{CASE}/1", headers={"X-Forwarded-For": forwarded_for})
    assert logged(capfd)["client_address"] == expected


def test_the_line_ignores_the_addresses_that_others_send(
    client: CheckedClient, capfd: pytest.CaptureFixture[str]
) -> None:
    client.get(f"{CASE}/1", headers={"X-Forwarded-For": "198.51.100.1"})
    assert logged(capfd)["client_address"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("kind", "name", "password", "expected"),
    [
        pytest.param("customer", NAME, PASSWORD, (204, None, "customer", "30"), id="customer"),
        pytest.param("user", NAME, PASSWORD, (204, None, "user", "20"), id="user"),
        pytest.param("user", NAME, "wrong", (401, "401-102", "user", "20"), id="wrong password"),
        pytest.param("user", PASSWORD, PASSWORD, (401, "401-102", None, None), id="a password as the name"),
    ],
)
def test_the_line_of_a_login_names_the_account_if_it_exists(
    log_in: LogIn,
    capfd: pytest.CaptureFixture[str],
    kind: str,
    name: str,
    password: str,
    expected: tuple[object, ...],
) -> None:
    log_in(kind, name, password)
    entry = logged(capfd)
    assert (entry["status"], *(entry.get(name) for name in ("error_code", "actor_kind", "actor_id"))) == expected
    assert entry["route"] == LOGIN[kind]


def test_the_line_of_a_refused_login_names_the_account(
    log_in: LogIn, engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    with writing(engine) as connection:
        for _ in range(100):
            record_failure(connection, [subject_of_account(ActorKind.USER, NAME)], datetime.now(UTC))
    log_in()
    entry = logged(capfd)
    assert (entry["status"], entry["error_code"], entry["actor_id"]) == (429, "429-001", "20")


def test_the_line_of_a_logout_names_the_actor(
    store_records: StoreRecords, client: CheckedClient, capfd: pytest.CaptureFixture[str]
) -> None:
    store_records()
    client.delete(SESSION, headers={"X-egain-session": CUSTOMER})
    entry = logged(capfd)
    assert (entry["status"], entry["actor_kind"], entry["actor_id"]) == (204, "customer", "30")


@pytest.mark.parametrize("path", [TOKEN, REVOKE])
@pytest.mark.parametrize(
    ("client_id", "secret", "expected"),
    [
        pytest.param(NAME, "wrong", (401, "invalid_client", "client_application", "40"), id="wrong secret"),
        pytest.param(PASSWORD, "wrong", (401, "invalid_client", None, None), id="unknown client"),
        pytest.param(NAME, "", (401, "invalid_client", None, None), id="no secret"),
        pytest.param(NAME, PASSWORD, (200, None, "client_application", "40"), id="success"),
    ],
)
@pytest.mark.usefixtures("stored_accounts")
def test_the_line_of_a_token_request_names_the_client_and_the_error(
    client: CheckedClient,
    capfd: pytest.CaptureFixture[str],
    path: str,
    client_id: str,
    secret: str,
    expected: tuple[object, ...],
) -> None:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "token": "x"}
    client.post(path, data=form)
    entry = logged(capfd)
    assert (entry["status"], *(entry.get(name) for name in ("error_code", "actor_kind", "actor_id"))) == expected


# Unlike anything else in a line.
SECRETS = st.text("!#$%&'()*+-./:;<=>?@[]^_`{|}~QXZqxz", min_size=22, max_size=60)
PLACES: dict[str, Callable[[CheckedClient, str, str, str], object]] = {
    "session": lambda client, session, _name, _password: client.get(f"{CASE}/1", headers={"X-egain-session": session}),
    "token": lambda client, session, _name, _password: client.get(
        f"{CASE}/1", headers={"Authorization": f"Bearer {session}"}
    ),
    "two credentials": lambda client, session, _name, password: client.get(
        f"{CASE}/1", headers={"X-egain-session": session, "Authorization": f"Basic {password}"}
    ),
    "path and query": lambda client, session, name, password: client.get(
        f"{CASE}/{quote(session)}?$attribute={quote(name)}&{quote(password)}", headers={"X-egain-session": USER}
    ),
    "other path": lambda client, session, name, password: client.post(f"/{quote(session + name)}", data=password),
    "forwarded": lambda client, session, name, _password: client.get(
        f"{CASE}/1", headers={"X-Forwarded-For": f"fe80::1%{session}, {name}", "traceparent": session}
    ),
    "negotiation": lambda client, session, name, password: client.get(
        f"{CASE}/1", headers={"Accept": session, "Accept-Language": name, "User-Agent": password}
    ),
    "customer": lambda client, session, _name, _password: client.get(
        f"{CASE}/1?customer={quote(session)}", headers={"X-egain-session": CUSTOMER}
    ),
    "login": lambda client, _session, name, password: client.post(
        LOGIN["user"], json={"userName": name, "password": password}
    ),
    "login to an account": lambda client, _session, _name, password: client.post(
        LOGIN["customer"], json={"userName": "the login name", "password": password}
    ),
    "malformed login": lambda client, _session, name, password: client.post(
        LOGIN["user"], json={name: password, "password": [password]}
    ),
    "client": lambda client, _session, name, password: client.post(
        TOKEN, data={"grant_type": "client_credentials", "client_id": name, "client_secret": password}
    ),
    "revocation": lambda client, session, name, password: client.post(
        REVOKE, data={"token": session, "grant_type": password}, headers={"Authorization": f"Basic {name}"}
    ),
    "logout": lambda client, session, _name, _password: client.delete(SESSION, headers={"X-egain-session": session}),
}


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(sorted(PLACES)), session=SECRETS, name=SECRETS, password=SECRETS, real=st.booleans())
def test_no_line_has_a_session_id_a_login_name_or_a_password(
    engine: Engine,
    make_app: MakeApp,
    capfd: pytest.CaptureFixture[str],
    place: str,
    session: str,
    name: str,
    password: str,
    real: bool,
) -> None:
    store(engine, *actors(), customer(loginId="the login name"), case(1, customer=30), replace=True)
    app = make_app(trusted_proxies=(ip_network("127.0.0.1"),))
    client = app.test_client()
    assert isinstance(client, CheckedClient)
    if real and place in {"session", "logout"}:
        session = USER
    capfd.readouterr()
    PLACES[place](client, session, name, password)
    dispose(app)
    lines = capfd.readouterr().err
    assert [json.loads(line)["logger"] for line in lines.splitlines()][-1] == "casemgr.request_log"
    for secret in (session, name, password, "the login name", "Grace", "Subject", "Byron"):
        assert secret not in lines
        assert json.dumps(secret)[1:-1] not in lines


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
    start = r"[0-9-]{10} [0-9:,]{12} INFO \[of-the-test\] casemgr\.request_log: GET .* 401 .* ms"
    assert re.fullmatch(rf"{start} error=401-100 client=127\.0\.0\.1\n", line)


def test_a_line_of_text_also_tells_who_asked_for_what(
    store_records: StoreRecords,
    make_app: MakeApp,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store_records(customer(31), grant(30, 31), case(2, customer=31), activity(51, case=2, customer=31))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    make_app().test_client().get(f"{CASE}/2?customer=31", headers={"X-egain-session": CUSTOMER})
    assert capfd.readouterr().err.endswith(" ms client=127.0.0.1 actor=customer:30 cases=2 customer=31\n")


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

"""Login, logout, and the duration of sessions."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from threading import Event

import argon2
import pytest
from lxml import etree
from sqlalchemy import Engine, delete, event, select, update
from werkzeug.test import TestResponse

from casemgr.accounts.accounts import find_accounts, store_secret_hash
from casemgr.accounts.login import change_disabled, change_secret
from casemgr.accounts.passwords import hash_password, is_outdated
from casemgr.database import models
from casemgr.database.engine import writing
from casemgr.domain.actors import ActorKind
from casemgr.http.limits import MAX_WAITING_LOGINS
from casemgr.i18n.locales import LOCALES, Locale
from tests.api.client import (
    CASE,
    LOGIN,
    SESSION,
    TOKEN,
    XML,
    XML_SCHEMA,
    CheckedClient,
    child,
    credentials,
    details,
    element,
    error,
)
from tests.api.conftest import AdvanceTime, LogIn, MakeApp
from tests.factories import CLIENT, NAME, PASSWORD, USER, actors, case, session, store

pytestmark = pytest.mark.slow

HEADER = "X-egain-session"
KINDS = ["user", "customer"]
IDLE, LIFETIME = timedelta(minutes=30), timedelta(hours=12)
SECOND = timedelta(seconds=1)

StatusOf = Callable[[str], int]


@contextmanager
def collected_statements() -> Iterator[list[str]]:
    """Collect the statements that SQLAlchemy runs: all except those that read sessions and cases."""
    statements: list[str] = []

    def collect(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", collect)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", collect)


@pytest.fixture
def status_of(client: CheckedClient) -> StatusOf:
    """Return a function that requests a missing case and returns the status: 404 with a valid session, else 401."""

    def status_of(session_id: str) -> int:
        return client.get(f"{CASE}/1", headers={HEADER: session_id}).status_code

    return status_of


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_returns_a_new_session_and_no_body(log_in: LogIn, status_of: StatusOf, kind: str) -> None:
    first, second = log_in(kind), log_in(kind)
    assert (first.status_code, first.data) == (204, b"")
    assert "Content-Type" not in first.headers
    assert first.headers[HEADER] != second.headers[HEADER]
    assert [status_of(login.headers[HEADER]) for login in (first, second)] == [404, 404]


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_in_xml_works(log_in: LogIn, client: CheckedClient, status_of: StatusOf, kind: str) -> None:
    body = f'<login xmlns="urn:casemgr:v3"><userName>{NAME}</userName><password>{PASSWORD}</password></login>'
    XML_SCHEMA.assertValid(etree.fromstring(body))
    response = client.post(LOGIN[kind], data=body, content_type=XML)
    assert response.status_code == 204
    assert status_of(response.headers[HEADER]) == 404


def test_a_session_belongs_to_the_account_that_logged_in(engine: Engine, log_in: LogIn, client: CheckedClient) -> None:
    store(engine, case(1))
    assert client.get(f"{CASE}/1", headers={HEADER: log_in("user").headers[HEADER]}).status_code == 200
    # A user would see the case.
    assert client.get(f"{CASE}/1", headers={HEADER: log_in("customer").headers[HEADER]}).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param(NAME, "wrong", id="wrong password"),
        pytest.param(NAME, "", id="empty password"),
        pytest.param(NAME, PASSWORD + " ", id="trailing blank"),
        pytest.param("nobody", PASSWORD, id="unknown name"),
        pytest.param("", PASSWORD, id="empty name"),
        pytest.param(NAME.upper(), PASSWORD, id="name in other case"),
        pytest.param("20", PASSWORD, id="an ID instead of the name"),
        pytest.param("\ud800\0\u202e", "\ud800\0", id="odd characters"),
    ],
)
def test_all_wrong_credentials_give_the_same_response(log_in: LogIn, kind: str, name: str, password: str) -> None:
    response = log_in(kind, name, password)
    assert error(response) == (401, "401-102")
    assert HEADER not in response.headers
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="casemgr"'
    assert json.loads(response.data)["developerMessage"] == (
        "The user name or the password is not correct, or the account is disabled."
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "values", [pytest.param({"disabled": True}, id="disabled"), pytest.param({"password_hash": None}, id="no password")]
)
def test_an_unusable_account_gives_the_same_response_as_a_wrong_password(
    log_in: LogIn, engine: Engine, kind: str, values: dict[str, object]
) -> None:
    wrong = log_in(kind, password="wrong")
    with engine.begin() as connection:
        connection.execute(update(models.User if kind == "user" else models.Customer).values(values))
    response = log_in(kind)
    assert (response.status_code, response.data) == (wrong.status_code, wrong.data)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        pytest.param(NAME, {}, id="account"),
        pytest.param("nobody", {}, id="unknown name"),
        pytest.param(NAME, {"disabled": True}, id="disabled"),
        pytest.param(NAME, {"password_hash": None}, id="no password"),
    ],
)
@pytest.mark.parametrize("password", [pytest.param("wrong", id="wrong"), pytest.param("", id="empty")])
def test_every_attempt_computes_one_hash(
    log_in: LogIn, engine: Engine, monkeypatch: pytest.MonkeyPatch, name: str, password: str, values: dict[str, object]
) -> None:
    if values:
        with engine.begin() as connection:
            connection.execute(update(models.User).values(values))
    computed: list[str] = []
    for method in ("hash", "verify"):
        original = getattr(argon2.PasswordHasher, method)

        def count(*arguments: str, original: Callable[..., object] = original, method: str = method) -> object:
            computed.append(method)
            return original(*arguments)

        monkeypatch.setattr(argon2.PasswordHasher, method, count)
    assert log_in("user", name, password).status_code == 401
    assert len(computed) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_password_is_of_no_use_even_if_its_hash_is_stored(log_in: LogIn, engine: Engine, kind: str) -> None:
    with engine.begin() as connection:
        values = {"password_hash": argon2.PasswordHasher().hash("")}
        connection.execute(update(models.User if kind == "user" else models.Customer).values(values))
    assert error(log_in(kind, password="")) == (401, "401-102")


@pytest.mark.usefixtures("stored_accounts")
def test_an_empty_client_secret_is_of_no_use_even_if_its_hash_is_stored(client: CheckedClient, engine: Engine) -> None:
    with engine.begin() as connection:
        values = {"client_secret_hash": argon2.PasswordHasher().hash("")}
        connection.execute(update(models.ClientApplication).values(values))
    form = {"grant_type": "client_credentials", "client_id": NAME, "client_secret": ""}
    assert client.post(TOKEN, data=form).status_code == 401
    assert client.post(TOKEN, data={"grant_type": "client_credentials"}, auth=(NAME, "")).status_code == 401


def test_a_login_does_not_need_a_permission(log_in: LogIn, client: CheckedClient, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(models.UserRole))
    response = log_in("user")
    assert response.status_code == 204
    assert error(client.get(f"{CASE}/1", headers={HEADER: response.headers[HEADER]})) == (403, "403-178")


def test_an_outdated_hash_is_renewed(log_in: LogIn, engine: Engine) -> None:
    other = argon2.PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    with engine.begin() as connection:
        connection.execute(update(models.User).values(password_hash=other.hash(PASSWORD)))

    def stored() -> str:
        with engine.connect() as connection:
            return str(connection.scalar(select(models.User.password_hash)))

    assert log_in("user", password="wrong").status_code == 401
    assert is_outdated(stored())
    assert log_in("user").status_code == 204
    renewed = stored()
    assert not is_outdated(renewed)
    assert log_in("user").status_code == 204
    assert stored() == renewed


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: locale.language_tag)
def test_a_refused_login_is_translated(client: CheckedClient, locale: Locale) -> None:
    response = client.post(
        LOGIN["user"],
        data="<other/>",
        content_type=XML,
        headers={"Accept": XML, "Accept-Language": locale.language_tag, "X-egain-error-message": "yes"},
    )
    assert response.headers["Content-Language"] == locale.language_tag
    assert child(element(response), "code").text == "400-123"
    assert bool(child(element(response), "userMessage").text)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"Accept": "text/html"}, (406, "406-101"), id="media type"),
        pytest.param({"Accept_Language": "pl"}, (406, "406-100"), id="locale"),
    ],
)
def test_negotiation_comes_before_the_credentials(
    log_in: LogIn, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert error(log_in("user", password="wrong", **headers)) == expected


def test_a_response_without_a_body_has_a_content_language(log_in: LogIn) -> None:
    assert log_in("user", Accept_Language="sv").headers["Content-Language"] == "sv-SE"


@pytest.mark.parametrize("path", [*LOGIN.values(), SESSION])
def test_options_lists_the_methods(client: CheckedClient, path: str) -> None:
    method = "DELETE" if path == SESSION else "POST"
    response = client.options(path)
    assert (response.status_code, sorted(response.allow)) == (204, sorted([method, "OPTIONS"]))
    refused = client.get(path)
    assert error(refused) == (405, "405-100")
    assert details(refused, "method") == sorted([method, "OPTIONS"])


@pytest.mark.parametrize("change", ["password", "disabled"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_login_fails_if_the_account_changes_meanwhile(
    log_in: LogIn, engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: str, change: str
) -> None:
    def hash_slowly(_: str) -> bool:
        with writing(engine) as connection:
            [account] = find_accounts(connection, ActorKind(kind), NAME)
            if change == "password":
                change_secret(connection, account, NAME, "another password")
            else:
                change_disabled(connection, account, disabled=True)
        return False

    monkeypatch.setattr("casemgr.accounts.login.is_outdated", hash_slowly)
    assert error(log_in(kind)) == (401, "401-102")


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_succeeds_if_another_renews_the_hash_meanwhile(
    log_in: LogIn, engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def hash_slowly(_: str) -> bool:
        with writing(engine) as connection:
            [account] = find_accounts(connection, ActorKind(kind), NAME)
            store_secret_hash(connection, account, hash_password(PASSWORD))
        return True

    monkeypatch.setattr("casemgr.accounts.login.is_outdated", hash_slowly)
    assert log_in(kind).status_code == 204


# Logout.


@pytest.mark.parametrize("kind", KINDS)
def test_an_ended_session_is_no_longer_valid(
    log_in: LogIn, client: CheckedClient, status_of: StatusOf, kind: str
) -> None:
    ended, other = (log_in(kind).headers[HEADER] for _ in range(2))
    response = client.delete(SESSION, headers={HEADER: ended})
    assert (response.status_code, response.data, response.headers[HEADER]) == (204, b"", ended)
    assert (status_of(ended), status_of(other)) == (401, 404)
    assert error(client.delete(SESSION, headers={HEADER: ended})) == (401, "401-101")


def test_a_session_created_by_the_operator_can_be_ended(client: CheckedClient, engine: Engine) -> None:
    store(engine, *actors())
    for session_id in (USER, CLIENT):
        assert client.delete(SESSION, headers=credentials(session_id)).status_code == 204
        assert client.delete(SESSION, headers=credentials(session_id)).status_code == 401


def test_ending_a_session_needs_credentials(client: CheckedClient) -> None:
    assert error(client.delete(SESSION)) == (401, "401-100")


# At most five sessions.


@pytest.mark.parametrize("kind", KINDS)
def test_a_sixth_login_is_refused(log_in: LogIn, status_of: StatusOf, kind: str) -> None:
    sessions = [log_in(kind).headers[HEADER] for _ in range(5)]
    response = log_in(kind)
    assert error(response) == (403, "403-120")
    assert details(response, "limit") == ["5"]
    assert HEADER not in response.headers
    assert [status_of(session_id) for session_id in sessions] == [404] * 5


def test_a_forced_sixth_login_ends_the_oldest_session(log_in: LogIn, status_of: StatusOf) -> None:
    sessions = [log_in("user").headers[HEADER] for _ in range(5)]
    assert error(log_in("user", query="?forceLogin=no")) == (403, "403-120")
    sessions.append(log_in("user", query="?forceLogin=yes").headers[HEADER])
    assert [status_of(session_id) for session_id in sessions] == [401] + [404] * 5


def test_a_forced_login_ends_no_session_below_the_limit(log_in: LogIn, status_of: StatusOf) -> None:
    sessions = [log_in("user", query="?forceLogin=yes").headers[HEADER] for _ in range(5)]
    assert [status_of(session_id) for session_id in sessions] == [404] * 5


def test_ended_sessions_do_not_count_towards_the_limit(
    log_in: LogIn, client: CheckedClient, advance_time: AdvanceTime
) -> None:
    first = [log_in("user").headers[HEADER] for _ in range(5)]
    client.delete(SESSION, headers={HEADER: first[0]})
    assert [log_in("user").status_code for _ in range(2)] == [204, 403]
    advance_time(IDLE)
    assert [log_in("user").status_code for _ in range(6)] == [204] * 5 + [403]


def test_the_limit_counts_each_account_and_no_sessions_of_the_operator(
    log_in: LogIn, engine: Engine, status_of: StatusOf
) -> None:
    store(engine, *(session(f"session-of-the-operator-{number}", user=20) for number in range(5)))
    assert [log_in("customer").status_code for _ in range(5)] == [204] * 5
    assert [log_in("user").status_code for _ in range(5)] == [204] * 5
    assert log_in("user", query="?forceLogin=yes").status_code == 204
    assert [status_of(f"session-of-the-operator-{number}") for number in range(5)] == [404] * 5


@pytest.mark.parametrize(
    ("query", "expected", "key", "values"),
    [
        pytest.param("?force=yes", (400, "400-101"), "parameter", ["force"], id="unknown"),
        pytest.param("?$attribute=all&x", (400, "400-101"), "parameter", ["$attribute", "x"], id="of other resources"),
        pytest.param("?forcelogin=yes", (400, "400-101"), "parameter", ["forcelogin"], id="in other case"),
        pytest.param("?forceLogin=yes&forceLogin=no", (400, "400-103"), "parameter", ["forceLogin"], id="twice"),
        pytest.param("?forceLogin=true", (400, "400-102"), "supported", ["yes", "no"], id="unsupported"),
        pytest.param("?forceLogin=", (400, "400-102"), "value", [""], id="empty"),
    ],
)
def test_an_invalid_query_gives_400(
    log_in: LogIn, query: str, expected: tuple[int, str], key: str, values: list[str]
) -> None:
    response = log_in("user", password="wrong", query=query)
    assert error(response) == expected
    assert details(response, key) == values


# Idle time and lifetime.


def test_an_idle_session_ends(log_in: LogIn, status_of: StatusOf, advance_time: AdvanceTime) -> None:
    session_id = log_in("user").headers[HEADER]
    advance_time(IDLE - 10 * SECOND)
    assert status_of(session_id) == 404
    advance_time(IDLE + SECOND)
    assert status_of(session_id) == 401


def test_requests_keep_a_session_alive_until_its_lifetime_ends(
    log_in: LogIn, status_of: StatusOf, advance_time: AdvanceTime
) -> None:
    session_id = log_in("customer").headers[HEADER]
    step = IDLE - 2 * timedelta(minutes=1)
    for _ in range(LIFETIME // step):
        advance_time(step)
        assert status_of(session_id) == 404
    advance_time(LIFETIME % step)
    assert status_of(session_id) == 401


@pytest.mark.parametrize("path", ["nonsense", "1?nonsense"])
def test_a_failed_request_also_extends_a_session(
    log_in: LogIn, client: CheckedClient, status_of: StatusOf, advance_time: AdvanceTime, path: str
) -> None:
    session_id = log_in("user").headers[HEADER]
    advance_time(IDLE / 2)
    assert client.get(f"{CASE}/{path}", headers={HEADER: session_id}).status_code == 400
    advance_time(IDLE - SECOND)
    assert status_of(session_id) == 404


def test_a_session_is_not_extended_by_every_request(
    log_in: LogIn, status_of: StatusOf, advance_time: AdvanceTime
) -> None:
    session_id = log_in("user").headers[HEADER]
    advance_time(timedelta(minutes=2))
    updates = []
    for _ in range(3):
        with collected_statements() as statements:
            status_of(session_id)
        updates.append(sum(statement.startswith("UPDATE") for statement in statements))
    assert updates == [1, 0, 0]


@pytest.mark.usefixtures("stored_accounts")
def test_a_session_with_a_short_idle_time_is_extended(make_app: MakeApp, advance_time: AdvanceTime) -> None:
    client = make_app(session_idle_time=timedelta(seconds=30)).test_client()
    session_id = client.post(LOGIN["user"], json={"userName": NAME, "password": PASSWORD}).headers[HEADER]
    for _ in range(5):
        advance_time(timedelta(seconds=20))
        assert client.get(f"{CASE}/1", headers={HEADER: session_id}).status_code == 404


def test_a_session_created_by_the_operator_has_no_idle_time(
    engine: Engine, status_of: StatusOf, advance_time: AdvanceTime
) -> None:
    store(engine, *actors())
    advance_time(timedelta(days=300))
    assert status_of(USER) == 404


def test_a_request_does_not_wait_for_a_writer(
    log_in: LogIn, status_of: StatusOf, advance_time: AdvanceTime, engine: Engine
) -> None:
    session_id = log_in("user").headers[HEADER]
    advance_time(IDLE / 2)
    with collected_statements() as statements, writing(engine) as connection:
        connection.execute(update(models.Session).values(expires=models.Session.expires))
        assert status_of(session_id) == 404
    assert {"PRAGMA busy_timeout = 20", "SET LOCAL lock_timeout = 20"}.intersection(statements)
    advance_time(IDLE / 2)
    assert status_of(session_id) == 401


def test_a_request_that_must_write_can_be_repeated_while_the_database_takes_no_writes(
    client: CheckedClient, log_in: LogIn, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casemgr.database.databases._LOCK_TIMEOUT", 0.1)
    headers = {HEADER: log_in("user").headers[HEADER]}
    with writing(engine) as connection:
        connection.execute(update(models.User).values(disabled=models.User.disabled))
        connection.execute(update(models.Session).values(expires=models.Session.expires))
        for response in (log_in("user"), client.delete(SESSION, headers=headers)):
            assert error(response) == (503, "503-100")
            assert response.headers["Retry-After"] == "5"
    assert log_in("user").status_code == 204
    assert client.delete(SESSION, headers=headers).status_code == 204


def test_only_so_many_logins_wait_for_others(log_in: LogIn, monkeypatch: pytest.MonkeyPatch) -> None:
    verified = Event()

    def verify_slowly(*_: object) -> bool:
        return verified.wait(10)

    monkeypatch.setattr("casemgr.accounts.login.verify_password", verify_slowly)
    number = 1 + MAX_WAITING_LOGINS
    with ThreadPoolExecutor(number + 1) as pool:
        logins = [pool.submit(log_in, "user") for _ in range(number + 1)]
        done, _ = wait(logins, return_when=FIRST_COMPLETED)
        verified.set()
    assert [error(login.result()) for login in done] == [(503, "503-100")]
    assert [login.result().status_code for login in logins].count(503) == 1


@pytest.mark.usefixtures("stored_accounts")
def test_idle_time_and_lifetime_are_settings(make_app: MakeApp, advance_time: AdvanceTime) -> None:
    strict = make_app(session_idle_time=timedelta(minutes=2), session_lifetime=timedelta(minutes=3))

    def post() -> TestResponse:
        return strict.test_client().post(LOGIN["user"], json={"userName": NAME, "password": PASSWORD})

    def status_of(session_id: str) -> int:
        return strict.test_client().get(f"{CASE}/1", headers={HEADER: session_id}).status_code

    idle, used = (post().headers[HEADER] for _ in range(2))
    advance_time(timedelta(seconds=100))
    assert status_of(used) == 404
    advance_time(timedelta(seconds=60))
    assert (status_of(idle), status_of(used)) == (401, 404)
    advance_time(timedelta(seconds=60))
    assert status_of(used) == 401

"""Throttling of failed logins."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from casemgr.accounts.throttling import (
    Subject,
    record_failure,
    record_success,
    subject_of_account,
    subject_of_address,
    subjects_of_attempt,
)
from casemgr.database.models import FailedLogin, KnownAddress
from casemgr.domain.actors import ActorKind
from tests.api.client import LOGIN, TOKEN, CheckedClient, details, error
from tests.api.conftest import AdvanceTime, LogIn, MakeApp
from tests.factories import NAME, PASSWORD

pytestmark = pytest.mark.slow

WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)
TOO_MANY = (429, "429-001")

HERE, THERE = "192.0.2.1", "192.0.2.2"
"""Addresses of clients."""

ACCOUNT = subject_of_account(ActorKind.USER, NAME)


def record_failures(engine: Engine, subject: Subject, times: int, ago: timedelta = timedelta()) -> None:
    """Record failed logins that count for one subject only."""
    with engine.begin() as connection:
        for _ in range(times):
            record_failure(connection, [subject], datetime.now(UTC) - ago)


def record_success_from(engine: Engine, address: str, kind: ActorKind = ActorKind.USER, name: str = NAME) -> None:
    """Record a successful login to an account from an address."""
    with engine.begin() as connection:
        record_success(connection, subjects_of_attempt(kind, name, address), datetime.now(UTC))


def count(engine: Engine, model: type[FailedLogin | KnownAddress]) -> int | None:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(model))


@pytest.fixture
def log_in_from(client: CheckedClient, stored_accounts: None) -> LogIn:
    """Return a function that logs in to the account of the user from an address."""

    def log_in_from(address: str, password: str = PASSWORD) -> TestResponse:
        body = {"userName": NAME, "password": password}
        return client.post(f"{LOGIN['user']}?forceLogin=yes", json=body, environ_overrides={"REMOTE_ADDR": address})

    return log_in_from


# The pair of account and address: 10 failures.


@pytest.mark.parametrize("name", [pytest.param(NAME, id="account"), pytest.param("nobody", id="unknown name")])
def test_an_eleventh_attempt_is_refused(log_in: LogIn, name: str) -> None:
    statuses = [log_in("user", name, "wrong").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    refused = log_in("user", name, PASSWORD)
    assert error(refused) == TOO_MANY
    [seconds] = details(refused, "seconds")
    assert refused.headers["Retry-After"] == seconds
    assert 0 < int(seconds) <= WINDOW.total_seconds()


def test_failures_from_one_address_do_not_shut_out_another(log_in_from: LogIn) -> None:
    assert [log_in_from(THERE, "wrong").status_code for _ in range(11)] == [401] * 10 + [429]
    assert log_in_from(HERE).status_code == 204
    assert log_in_from(THERE).status_code == 429


def test_an_empty_password_counts_as_a_failure(log_in: LogIn) -> None:
    assert [log_in("user", password="").status_code for _ in range(11)] == [401] * 10 + [429]


def test_other_accounts_are_not_throttled(log_in: LogIn) -> None:
    for _ in range(10):
        log_in("user", password="wrong")
    assert error(log_in("user")) == TOO_MANY
    assert log_in("customer").status_code == 204


def test_failures_count_for_15_minutes(log_in: LogIn, advance_time: AdvanceTime) -> None:
    for _ in range(5):
        log_in("user", password="wrong")
    advance_time(WINDOW / 3)
    for _ in range(5):
        log_in("user", password="wrong")
    refused = log_in("user")
    assert (
        (WINDOW * 2 / 3).total_seconds() - 60 < int(refused.headers["Retry-After"]) <= (WINDOW * 2 / 3).total_seconds()
    )
    advance_time(WINDOW * 2 / 3)
    assert [log_in("user", password="wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    advance_time(WINDOW)
    assert log_in("user").status_code == 204


def test_throttled_attempts_do_not_prolong_the_wait(log_in: LogIn, advance_time: AdvanceTime) -> None:
    for _ in range(12):
        log_in("user", password="wrong")
    advance_time(WINDOW)
    assert log_in("user").status_code == 204


@pytest.mark.parametrize(
    ("ahead", "status"),
    [
        pytest.param(timedelta(days=1), 204, id="before the clock was set back"),
        pytest.param(timedelta(seconds=5), 429, id="by the clock of another node"),
    ],
)
def test_failures_in_the_future_are_ignored(log_in: LogIn, engine: Engine, ahead: timedelta, status: int) -> None:
    pair = subjects_of_attempt(ActorKind.USER, NAME, "127.0.0.1").pair
    record_failures(engine, pair, 10, ago=-ahead)
    response = log_in("user")
    assert response.status_code == status
    assert int(response.headers.get("Retry-After", 0)) <= WINDOW.total_seconds()


def test_a_success_forgets_the_failures_of_its_pair_only(log_in_from: LogIn) -> None:
    for address in (HERE, THERE):
        assert [log_in_from(address, "wrong").status_code for _ in range(9)] == [401] * 9
    assert log_in_from(HERE).status_code == 204
    assert [log_in_from(HERE, "wrong").status_code for _ in range(11)] == [401] * 10 + [429]
    assert [log_in_from(THERE, "wrong").status_code for _ in range(2)] == [401, 429]


# The address over all accounts: 100 failures.


def test_an_address_is_throttled_after_100_failures(log_in: LogIn, engine: Engine) -> None:
    record_failures(engine, subject_of_address("127.0.0.1"), 99)
    assert [log_in("user", password="wrong").status_code for _ in range(2)] == [401, 429]
    assert error(log_in("customer")) == TOO_MANY


def test_a_known_address_is_throttled_after_100_failures_too(log_in: LogIn, engine: Engine) -> None:
    assert log_in("user").status_code == 204
    record_failures(engine, subject_of_address("127.0.0.1"), 100)
    assert error(log_in("user")) == TOO_MANY


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("192.0.2.1", "192.0.2.2", False, id="IPv4"),
        pytest.param("2001:db8::1", "2001:db8::ffff:1", True, id="same 64 bits of IPv6"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", False, id="other 64 bits of IPv6"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", True, id="IPv4 in IPv6 form"),
        pytest.param("::ffff:c000:201", "192.0.2.1", True, id="IPv4 in IPv6 form, hexadecimal"),
        pytest.param("::ffff:192.0.2.1", "::ffff:192.0.2.2", False, id="two of IPv4 in IPv6 form"),
        pytest.param("fe80::1%eth0", "fe80::2%eth1", True, id="IPv6 with a zone"),
        pytest.param("", "", True, id="Unix socket"),
    ],
)
def test_addresses_count_by_their_network(log_in_from: LogIn, one: str, other: str, same: bool) -> None:
    for _ in range(10):
        log_in_from(one, "wrong")
    assert log_in_from(other).status_code == (429 if same else 204)


def test_a_success_does_not_forget_the_failures_of_the_address(log_in: LogIn, engine: Engine) -> None:
    record_failures(engine, subject_of_address("127.0.0.1"), 99)
    assert log_in("user").status_code == 204
    assert [log_in("user", password="wrong").status_code for _ in range(2)] == [401, 429]


def test_forwarding_headers_of_untrusted_peers_are_ignored(log_in: LogIn, engine: Engine) -> None:
    record_failures(engine, subject_of_address("127.0.0.1"), 100)
    assert error(log_in("user", X_Forwarded_For=HERE, Forwarded=f"for={HERE}")) == TOO_MANY


@pytest.mark.usefixtures("stored_accounts")
def test_behind_a_trusted_proxy_the_forwarded_address_counts(make_app: MakeApp, engine: Engine) -> None:
    behind_proxy = make_app(trusted_proxies=(ip_network("127.0.0.1"),))
    record_failures(engine, subject_of_address(HERE), 100)
    statuses = [
        behind_proxy.test_client()
        .post(LOGIN["user"], json={"userName": NAME, "password": PASSWORD}, headers={"X-Forwarded-For": forwarded})
        .status_code
        for forwarded in (HERE, f"::ffff:{HERE}", THERE, f"{HERE}, {THERE}")
    ]
    assert statuses == [429, 429, 204, 204]


# The account over all addresses: 100 failures.


def test_after_100_failures_only_known_addresses_may_go_on(log_in_from: LogIn, engine: Engine) -> None:
    record_failures(engine, ACCOUNT, 98)
    assert log_in_from(HERE).status_code == 204
    assert [log_in_from(THERE, "wrong").status_code for _ in range(3)] == [401, 401, 429]
    refused = log_in_from(THERE)
    assert error(refused) == TOO_MANY
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW.total_seconds()
    assert [log_in_from(HERE, password).status_code for password in ("wrong", PASSWORD)] == [401, 204]


def test_a_known_address_is_throttled_after_10_failures_too(log_in_from: LogIn, engine: Engine) -> None:
    assert log_in_from(HERE).status_code == 204
    record_failures(engine, ACCOUNT, 100)
    assert [log_in_from(HERE, "wrong").status_code for _ in range(11)] == [401] * 10 + [429]


def test_a_success_does_not_forget_the_failures_of_the_account(log_in_from: LogIn, engine: Engine) -> None:
    assert log_in_from(HERE).status_code == 204
    record_failures(engine, ACCOUNT, 100)
    assert [log_in_from(address).status_code for address in (HERE, THERE, HERE)] == [204, 429, 204]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(ActorKind.USER, "another", id="another name"),
        pytest.param(ActorKind.CUSTOMER, NAME, id="a customer of this name"),
    ],
)
def test_an_address_is_known_to_the_account_only(
    log_in_from: LogIn, engine: Engine, kind: ActorKind, name: str
) -> None:
    record_success_from(engine, HERE, kind, name)
    record_failures(engine, ACCOUNT, 100)
    assert log_in_from(HERE).status_code == 429


@pytest.mark.parametrize(
    ("past", "status"), [pytest.param(30 * DAY - WINDOW, 204, id="29 days"), pytest.param(30 * DAY, 429, id="30 days")]
)
def test_an_address_is_known_for_30_days(
    log_in_from: LogIn, engine: Engine, advance_time: AdvanceTime, past: timedelta, status: int
) -> None:
    assert log_in_from(HERE).status_code == 204
    advance_time(past)
    record_failures(engine, ACCOUNT, 100)
    assert log_in_from(HERE).status_code == status


def test_an_address_is_known_for_30_days_after_the_last_login(
    log_in_from: LogIn, engine: Engine, advance_time: AdvanceTime
) -> None:
    for _ in range(2):
        assert log_in_from(HERE).status_code == 204
        advance_time(20 * DAY)
    record_failures(engine, ACCOUNT, 100)
    assert log_in_from(HERE).status_code == 204


# Client applications.


@pytest.mark.usefixtures("stored_accounts")
def test_clients_are_throttled_in_the_same_way(client: CheckedClient, engine: Engine) -> None:
    def fetch_token(address: str, secret: str = PASSWORD) -> int:
        form = {"grant_type": "client_credentials", "client_id": NAME, "client_secret": secret}
        return client.post(TOKEN, data=form, environ_overrides={"REMOTE_ADDR": address}).status_code

    assert [fetch_token(THERE, "wrong") for _ in range(11)] == [401] * 10 + [429]
    assert fetch_token(HERE) == 200
    record_failures(engine, subject_of_account(ActorKind.CLIENT_APPLICATION, NAME), 90)
    assert (fetch_token(HERE), fetch_token("192.0.2.3")) == (200, 429)


# What is stored.


def test_outdated_failures_and_addresses_are_deleted(log_in: LogIn, engine: Engine, advance_time: AdvanceTime) -> None:
    assert log_in("customer").status_code == 204
    for name in ("one", "two", "three"):
        log_in("user", name)
    advance_time(30 * DAY)
    log_in("user", "four")
    assert (count(engine, FailedLogin), count(engine, KnownAddress)) == (3, 0)


def test_an_address_is_stored_once_for_an_account(log_in_from: LogIn, engine: Engine) -> None:
    for address in (HERE, HERE, THERE):
        assert log_in_from(address).status_code == 204
    assert count(engine, KnownAddress) == 2


def test_neither_names_nor_addresses_are_stored(log_in_from: LogIn, engine: Engine) -> None:
    log_in_from(HERE)
    log_in_from(HERE, "wrong")
    with engine.connect() as connection:
        stored = [
            value
            for table in (FailedLogin.__table__, KnownAddress.__table__)
            for row in connection.execute(select(table))
            for value in row
            if isinstance(value, bytes)
        ]
    assert {len(value) for value in stored} == {32}

"""Throttling of failed logins."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from sqlalchemy import Engine, func, select

from casemgr.accounts.throttling import record_failure, subject_of_address
from casemgr.database.models import FailedLogin
from tests.api.client import LOGIN, details, error
from tests.api.conftest import AdvanceTime, LogIn, MakeApp
from tests.factories import NAME, PASSWORD

pytestmark = pytest.mark.slow

WINDOW = timedelta(minutes=15)
TOO_MANY = (429, "429-100")


def record_failures_from(engine: Engine, address: str, times: int) -> None:
    """Record failed logins from an address, to other accounts."""
    with engine.begin() as connection:
        for _ in range(times):
            record_failure(connection, [subject_of_address(address)], datetime.now(UTC))


@pytest.mark.parametrize("name", [pytest.param(NAME, id="account"), pytest.param("nobody", id="unknown name")])
def test_an_eleventh_attempt_is_refused(log_in: LogIn, name: str) -> None:
    statuses = [log_in("user", name, "wrong").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    refused = log_in("user", name, PASSWORD)
    assert error(refused) == TOO_MANY
    [seconds] = details(refused, "seconds")
    assert refused.headers["Retry-After"] == seconds
    assert 0 < int(seconds) <= WINDOW.total_seconds()


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


def test_a_successful_login_resets_the_count(log_in: LogIn) -> None:
    for _ in range(2):
        assert [log_in("user", password="wrong").status_code for _ in range(9)] == [401] * 9
        assert log_in("user", query="?forceLogin=yes").status_code == 204


def test_an_address_is_throttled_after_100_failures(log_in: LogIn, engine: Engine) -> None:
    record_failures_from(engine, "127.0.0.1", 99)
    assert [log_in("user", password="wrong").status_code for _ in range(2)] == [401, 429]
    assert error(log_in("customer")) == TOO_MANY


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "", True),
    ],
)
def test_addresses_in_the_same_ipv6_64_prefix_count_together(one: str, other: str, same: bool) -> None:
    assert (subject_of_address(one) == subject_of_address(other)) == same


def test_a_successful_login_does_not_reset_the_count_of_the_address(log_in: LogIn, engine: Engine) -> None:
    record_failures_from(engine, "127.0.0.1", 99)
    assert log_in("user").status_code == 204
    assert [log_in("user", password="wrong").status_code for _ in range(2)] == [401, 429]


def test_forwarding_headers_of_untrusted_peers_are_ignored(log_in: LogIn, engine: Engine) -> None:
    record_failures_from(engine, "127.0.0.1", 100)
    assert error(log_in("user", X_Forwarded_For="192.0.2.1", Forwarded="for=192.0.2.1")) == TOO_MANY


@pytest.mark.usefixtures("stored_accounts")
def test_behind_a_trusted_proxy_the_forwarded_address_counts(make_app: MakeApp, engine: Engine) -> None:
    behind_proxy = make_app(trusted_proxies=(ip_network("127.0.0.1"),))
    record_failures_from(engine, "192.0.2.1", 100)
    statuses = [
        behind_proxy.test_client()
        .post(LOGIN["user"], json={"userName": NAME, "password": PASSWORD}, headers={"X-Forwarded-For": forwarded})
        .status_code
        for forwarded in ("192.0.2.1", "192.0.2.2", "192.0.2.1, 192.0.2.2")
    ]
    assert statuses == [429, 204, 204]


def test_expired_failures_are_deleted(log_in: LogIn, engine: Engine, advance_time: AdvanceTime) -> None:
    for name in ("one", "two", "three"):
        log_in("user", name)
    advance_time(WINDOW)
    log_in("user", "four")
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(FailedLogin)) == 2

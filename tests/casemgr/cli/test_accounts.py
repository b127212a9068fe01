"""The commands that manage the credentials of users, customers and client applications."""

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer
from urllib.parse import parse_qsl, quote_plus

import pytest
from click.testing import Result as Outcome
from sqlalchemy import URL, Engine, func, select

from casemgr.accounts.accounts import Account
from casemgr.accounts.login import Attempt, VerifiedAccount, open_session, verify_credentials
from casemgr.accounts.oauth2 import issue_token
from casemgr.accounts.sessions import load_session
from casemgr.accounts.throttling import record_failure, record_success, subject_of_address, subjects_of_attempt
from casemgr.accounts.token_requests import TokenRequest
from casemgr.config import Config
from casemgr.database.databases import Databases
from casemgr.database.models import FailedLogin, KnownAddress, Session, User
from casemgr.database.servers import Servers
from casemgr.domain.actors import ActorKind
from casemgr.domain.ids import MAX_ID
from casemgr.errors.definitions import ApiError
from tests.casemgr.cli.conftest import Run
from tests.factories import (
    CLIENT,
    CUSTOMER,
    NAME,
    PASSWORD,
    USER,
    client_application,
    customer,
    hash_of_password,
    session,
    store,
    store_accounts,
)

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 60
"""Seconds after which the test stops a command; none takes that long."""

KINDS = {"user": ActorKind.USER, "customer": ActorKind.CUSTOMER, "client": ActorKind.CLIENT_APPLICATION}
NEW = "deep as the sea"
NOT_PRINTABLE = "Name, type and client ID must be printable, and the client ID must not contain a colon."


def databases_of(engine: Engine) -> Databases:
    return Databases(Servers(engine), slots=1)


def may_log_in(engine: Engine, kind: ActorKind, password: str, name: str = NAME) -> bool:
    try:
        verify_credentials(databases_of(engine), Attempt(kind, name, password, "192.0.2.1"), datetime.now(UTC))
    except ApiError:
        return False
    return True


def open_session_now(engine: Engine, account: Account, now: datetime) -> str:
    verified = VerifiedAccount(account, PASSWORD, hash_of_password())
    return open_session(databases_of(engine), verified, Config.from_environment({}), now, force=False)


def values(outcome: Outcome) -> dict[str, str]:
    """Parse the `name=value` lines that a command prints."""
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    return dict(line.split("=", 1) for line in outcome.stdout.splitlines())


# user set-password, customer set-password


@pytest.mark.parametrize("group", ["user", "customer"])
@pytest.mark.parametrize("stdin", [f"{NEW}\n", NEW, f"{NEW}\r\n", f"{NEW}\nanother line\n"], ids=repr)
def test_a_password_is_the_first_line_of_standard_input(run: Run, engine: Engine, group: str, stdin: str) -> None:
    outcome = run(group, "set-password", NAME, stdin=stdin.encode())
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "", "The password is set.\n")
    assert may_log_in(engine, KINDS[group], NEW)
    assert not may_log_in(engine, KINDS[group], PASSWORD)


def test_a_password_may_have_any_characters(run: Run, engine: Engine) -> None:
    run("user", "set-password", NAME, stdin=" пароль\t\u202e\0 \n".encode())
    assert may_log_in(engine, ActorKind.USER, " пароль\t\u202e\0 ")


def test_a_password_changes_for_one_account_only(run: Run, engine: Engine) -> None:
    run("user", "set-password", NAME, stdin=NEW.encode())
    assert may_log_in(engine, ActorKind.CUSTOMER, PASSWORD)


def test_a_new_password_ends_sessions_and_forgets_failures(run: Run, engine: Engine) -> None:
    now = datetime.now(UTC)
    accounts = Account(ActorKind.USER, 20), Account(ActorKind.CUSTOMER, 30)
    ended, other = (open_session_now(engine, account, now) for account in accounts)
    store(engine, session(USER, user=20), session(CUSTOMER, customer=30))
    for _ in range(10):
        may_log_in(engine, ActorKind.USER, "wrong")
    assert not may_log_in(engine, ActorKind.USER, PASSWORD)
    run("user", "set-password", NAME, stdin=NEW.encode())
    with engine.connect() as connection:
        live = [bool(load_session(connection, session_id, now)) for session_id in (ended, USER, other, CUSTOMER)]
    assert live == [False, False, True, True]
    assert may_log_in(engine, ActorKind.USER, NEW)


def test_the_same_password_again_ends_no_session_but_forgets_failures(run: Run, engine: Engine) -> None:
    now = datetime.now(UTC)
    kept = open_session_now(engine, Account(ActorKind.USER, 20), now)
    store(engine, session(USER, user=20))
    for _ in range(10):
        may_log_in(engine, ActorKind.USER, "wrong")
    run("user", "set-password", NAME, stdin=PASSWORD.encode())
    with engine.connect() as connection:
        assert all(load_session(connection, session_id, now) for session_id in (kept, USER))
        assert connection.scalars(select(User.password_hash)).all() == [hash_of_password()]
    assert may_log_in(engine, ActorKind.USER, PASSWORD)


def test_a_new_password_forgets_the_failures_from_all_addresses_and_no_others(run: Run, engine: Engine) -> None:
    with engine.begin() as connection:
        for kind, address in ((ActorKind.USER, "192.0.2.1"), (ActorKind.USER, "192.0.2.2"), (ActorKind.CUSTOMER, "")):
            record_failure(connection, subjects_of_attempt(kind, NAME, address), datetime.now(UTC))
    run("user", "set-password", NAME, stdin=NEW.encode())
    remaining = {
        *(subject_of_address(address).digest for address in ("192.0.2.1", "192.0.2.2")),
        *(subject.digest for subject in subjects_of_attempt(ActorKind.CUSTOMER, NAME, "")),
    }
    with engine.connect() as connection:
        assert set(connection.scalars(select(FailedLogin.subject))) == remaining


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        pytest.param(["user", "set-password", NAME], b"", "The password is empty.", id="no input"),
        pytest.param(["user", "set-password", NAME], b"\nx\n", "The password is empty.", id="empty line"),
        pytest.param(["user", "set-password", NAME], b"\xff\n", "The password is not UTF-8.", id="not UTF-8"),
        pytest.param(
            ["user", "set-password", NAME], b"x" * 513, "The password is longer than 512 bytes.", id="too long"
        ),
        pytest.param(["user", "set-password", "nobody"], b"x", "nobody: No such account.", id="unknown"),
        pytest.param(
            ["customer", "set-password", "Twin"], b"x", "Twin: Several accounts have this name; use the ID.", id="two"
        ),
        pytest.param(
            ["customer", "set-password", "31"],
            b"x",
            "31: The account has no login ID or client ID; an import can set one.",
            id="no login ID",
        ),
    ],
)
def test_an_invalid_password_or_account_is_an_error(
    run: Run, engine: Engine, arguments: list[str], stdin: bytes, message: str
) -> None:
    store(engine, customer(31, "Twin"), customer(32, "Twin"))
    outcome = run(*arguments, stdin=stdin)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (1, "", f"Error: {message}\n")
    assert may_log_in(engine, ActorKind.USER, PASSWORD)


def test_a_password_typed_on_a_terminal_is_not_shown(engine: Engine, database_url: URL) -> None:
    store_accounts(engine)
    terminal, keyboard = pty.openpty()
    with subprocess.Popen(  # noqa: S603 - the arguments are ours
        [sys.executable, "-c", "from casemgr.cli import main; main()", "user", "set-password", NAME],
        cwd=ROOT,
        env=os.environ | {"CASEMGR_DATABASE_URL": str(database_url)},
        stdin=keyboard,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        timer = Timer(SECONDS, process.kill)
        timer.start()
        os.close(keyboard)
        assert process.stderr
        shown = b""
        for prompt in (b"Password: ", b"Repeat for confirmation: "):
            while not shown.endswith(prompt):
                character = process.stderr.read(1)
                assert character, shown
                shown += character
            os.write(terminal, NEW.encode() + b"\n")
        output, rest = process.communicate()
        timer.cancel()
    os.set_blocking(terminal, False)
    try:
        echoed = os.read(terminal, 1000)
    except OSError:
        echoed = b""
    finally:
        os.close(terminal)
    assert process.returncode == 0
    assert NEW.encode() not in shown + output + rest + echoed
    assert may_log_in(engine, ActorKind.USER, NEW)


# client


def test_a_client_that_is_created_may_log_in(run: Run, engine: Engine) -> None:
    created = values(run("client", "create", "Nightly export"))
    assert set(created) == {"client_id", "client_secret"}
    assert may_log_in(engine, ActorKind.CLIENT_APPLICATION, created["client_secret"], created["client_id"])
    assert created["client_secret"] != values(run("client", "create", "Nightly export"))["client_secret"]


def test_a_client_is_created_with_its_options(run: Run) -> None:
    assert values(run("client", "create", "Kiosk", "--type", "Kiosk", "--client-id", "lobby"))["client_id"] == "lobby"
    created = json.loads(run("client", "show", "lobby", "--format", "json").stdout)
    assert (created["name"], created["clientType"], created["disabled"]) == ("Kiosk", "Kiosk", False)
    assert MAX_ID // 2 < created["id"] <= MAX_ID


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Again", "--client-id", NAME], f"{NAME}: A client application with this client ID already exists."),
        (["Tab\there"], NOT_PRINTABLE),
        (["Colon", "--client-id", "a:b"], NOT_PRINTABLE),
        ([""], "Name, type and client ID must not be empty."),
        (["Empty", "--client-id", ""], "Name, type and client ID must not be empty."),
        (["Empty", "--type", ""], "Name, type and client ID must not be empty."),
    ],
)
def test_an_invalid_client_is_an_error(run: Run, arguments: list[str], message: str) -> None:
    before = run("client", "list").stdout
    outcome = run("client", "create", *arguments)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (1, "", f"Error: {message}\n")
    assert run("client", "list").stdout == before


def test_a_rotated_secret_replaces_the_old_one(run: Run, engine: Engine) -> None:
    now = datetime.now(UTC)
    credentials = f"grant_type=client_credentials&client_id={NAME}&client_secret={quote_plus(PASSWORD)}"
    form = tuple(parse_qsl(credentials))
    answer = issue_token(databases_of(engine), Config.from_environment({}), TokenRequest("", form, "192.0.2.1"), now)
    token = str(answer.body["access_token"])
    store(engine, session(CLIENT, clientApplication=40))
    with engine.connect() as connection:
        assert load_session(connection, token, now)
    rotated = values(run("client", "rotate-secret", NAME))
    assert set(rotated) == {"client_secret"}
    assert may_log_in(engine, ActorKind.CLIENT_APPLICATION, rotated["client_secret"])
    assert not may_log_in(engine, ActorKind.CLIENT_APPLICATION, PASSWORD)
    with engine.connect() as connection:
        assert [load_session(connection, session_id, now) for session_id in (token, CLIENT)] == [None, None]


def test_a_secret_or_session_that_cannot_be_printed_is_not_stored(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("casemgr.cli.output.click.echo", fail)
        assert run("client", "rotate-secret", NAME).exit_code == 1
        assert run("client", "create", "Lost").exit_code == 1
        assert run("session", "create", "--client", NAME).exit_code == 1
    assert may_log_in(engine, ActorKind.CLIENT_APPLICATION, PASSWORD)
    assert "Lost" not in run("client", "list").stdout
    assert run("session", "list", "--format", "json").stdout == "[]\n"


@pytest.mark.parametrize("name", [NAME, "40", "Bridge"], ids=["client ID", "ID", "name"])
def test_a_disabled_client_may_not_log_in(run: Run, engine: Engine, name: str) -> None:
    store(engine, session(CLIENT, clientApplication=40))
    assert run("client", "disable", name).exit_code == 0
    assert not may_log_in(engine, ActorKind.CLIENT_APPLICATION, PASSWORD)
    with engine.connect() as connection:
        assert load_session(connection, CLIENT, datetime.now(UTC)) is None


def test_disabling_a_client_again_changes_nothing(run: Run, engine: Engine) -> None:
    run("client", "disable", NAME)
    store(engine, session(CLIENT, clientApplication=40))
    assert run("client", "disable", NAME).exit_code == 0
    store(engine, client_application(clientId=NAME, disabled=True), replace=True)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Session)) == 1


def test_sessions_of_a_disabled_client_do_not_return_when_it_is_enabled(run: Run, engine: Engine) -> None:
    store(engine, session(CLIENT, clientApplication=40))
    run("client", "disable", NAME)
    store(engine, client_application(clientId=NAME), replace=True)
    assert may_log_in(engine, ActorKind.CLIENT_APPLICATION, PASSWORD)
    with engine.connect() as connection:
        assert load_session(connection, CLIENT, datetime.now(UTC)) is None


def test_an_unknown_client_is_an_error(run: Run) -> None:
    outcome = run("client", "rotate-secret", "nothing")
    assert (outcome.exit_code, outcome.stderr) == (1, "Error: nothing: No such account.\n")


# session purge


def test_expired_sessions_and_outdated_failures_are_purged(run: Run, engine: Engine) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=31)
    account = Account(ActorKind.USER, 20)
    store(engine, session(USER, user=20))
    for opened in (long_ago, datetime.now(UTC)):
        open_session_now(engine, account, opened)
    with engine.begin() as connection:
        subjects = subjects_of_attempt(ActorKind.USER, NAME, "192.0.2.1")
        record_failure(connection, subjects, long_ago)
        record_success(connection, subjects_of_attempt(ActorKind.USER, NAME, "192.0.2.2"), datetime.now(UTC))
        record_success(connection, subjects, long_ago - timedelta(days=30))
    assert run("session", "purge").stderr == "1 expired session deleted.\n"
    with engine.connect() as connection:
        counts = [connection.scalar(select(func.count()).select_from(model)) for model in (FailedLogin, KnownAddress)]
    assert counts == [0, 1]

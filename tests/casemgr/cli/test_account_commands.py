"""The commands that users, customers and client applications have in common."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from casemgr.accounts.login import Attempt, verify_credentials
from casemgr.accounts.sessions import load_session
from casemgr.accounts.throttling import record_failure, subjects_of_attempt
from casemgr.database.databases import Databases
from casemgr.database.models import Session
from casemgr.database.servers import Servers
from casemgr.domain.actors import ActorKind
from casemgr.errors.definitions import ApiError
from tests.casemgr.cli.conftest import Run
from tests.factories import (
    CLIENT,
    CUSTOMER,
    NAME,
    OTHER,
    PASSWORD,
    USER,
    client_application,
    customer,
    department,
    hash_of_password,
    role,
    session,
    store,
    user,
)

pytestmark = pytest.mark.slow

KINDS = {"user": ActorKind.USER, "customer": ActorKind.CUSTOMER, "client": ActorKind.CLIENT_APPLICATION}
IDS = {"user": 20, "customer": 30, "client": 40}
NOUNS = {"user": "user", "customer": "customer", "client": "client application"}
SESSIONS = {"user": USER, "customer": CUSTOMER, "client": CLIENT}
groups = pytest.mark.parametrize("group", KINDS)

PAST = "2020-01-01T00:00:00Z"


def store_sessions(engine: Engine) -> None:
    """Store a live session of each account, and an expired one of the user."""
    store(
        engine,
        session(USER, user=20),
        session(CUSTOMER, customer=30),
        session(CLIENT, clientApplication=40),
        session("a-session-of-long-ago-1", PAST, user=20),
    )


def fail(engine: Engine, kind: ActorKind, *failures: tuple[str, int], ago: timedelta = timedelta()) -> datetime:
    """Record failed logins to an account.

    :param failures: network addresses, and how many times a login from there failed.
    :returns: the time of the failures.
    """
    failed = datetime.now(UTC) - ago
    with engine.begin() as connection:
        for address, times in failures:
            for _ in range(times):
                record_failure(connection, subjects_of_attempt(kind, NAME, address), failed)
    return failed


def may_log_in(engine: Engine, kind: ActorKind, address: str = "192.0.2.1") -> bool:
    attempt = Attempt(kind, NAME, PASSWORD, address)
    try:
        verify_credentials(Databases(Servers(engine), slots=1), attempt, datetime.now(UTC))
    except ApiError:
        return False
    return True


def parse(outcome: Any) -> Any:
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    return json.loads(outcome.stdout)


# list


@pytest.mark.parametrize(
    ("group", "table"),
    [
        (
            "user",
            "ID  LOGIN ID  FIRST NAME  LAST NAME  DEPARTMENT    HAS PASSWORD  DISABLED\n"
            "21  Zoë       美          Byron      Service (10)  no            yes\n"
            "20  ada       Ada         Byron      Service (10)  yes           no\n",
        ),
        (
            "customer",
            "ID  LOGIN ID  NAME          HAS PASSWORD  DISABLED\n"
            "31  -         Abacus        no            yes\n"
            "30  ada       Grace Hopper  yes           no\n",
        ),
        (
            "client",
            "ID  CLIENT ID  NAME          CLIENT TYPE  HAS SECRET  DISABLED\n"
            "41  -          Abacus\\u202e  Tool         no          yes\n"
            "40  ada        Bridge        API          yes         no\n",
        ),
    ],
    ids=str,
)
def test_accounts_are_listed_in_a_table(run: Run, engine: Engine, group: str, table: str) -> None:
    store(
        engine,
        user(21, loginId="Zoë", firstName="美", disabled=True),
        customer(31, "Abacus", disabled=True),
        client_application(41, name="Abacus\u202e", clientType="Tool", disabled=True),
    )
    outcome = run(group, "list")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    # PostgreSQL sorts by the rules of a language.
    header, *lines = outcome.stdout.splitlines()
    assert [header, *sorted(lines, reverse=True)] == table.splitlines()


@groups
def test_accounts_are_listed_as_json(run: Run, group: str) -> None:
    expected = {
        "user": {
            "id": 20,
            "loginId": NAME,
            "firstName": "Ada",
            "lastName": "Byron",
            "department": {"id": 10, "name": "Service"},
            "hasPassword": True,
            "disabled": False,
        },
        "customer": {"id": 30, "loginId": NAME, "name": "Grace Hopper", "hasPassword": True, "disabled": False},
        "client": {
            "id": 40,
            "clientId": NAME,
            "name": "Bridge",
            "clientType": "API",
            "hasSecret": True,
            "disabled": False,
        },
    }
    assert parse(run(group, "list", "--format", "json")) == [expected[group]]


@groups
def test_only_disabled_accounts_are_listed_with_the_option(run: Run, engine: Engine, group: str) -> None:
    assert parse(run(group, "list", "--disabled", "--format", "json")) == []
    assert len(run(group, "list", "--disabled").stdout.splitlines()) == 1
    run(group, "disable", NAME)
    assert [record["id"] for record in parse(run(group, "list", "--disabled", "--format", "json"))] == [IDS[group]]


def test_a_list_ends_at_the_limit(run: Run, engine: Engine) -> None:
    store(engine, *(customer(number, f"Customer {number}") for number in range(100, 110)))
    listed = parse(run("customer", "list", "--limit", "3", "--format", "json"))
    assert [record["id"] for record in listed] == [100, 101, 102]
    assert len(run("customer", "list", "--limit", "3").stdout.splitlines()) == 4
    assert run("customer", "list", "--limit", "9" * 20).exit_code == 2


def test_a_long_list_is_complete_and_aligned(run: Run, engine: Engine) -> None:
    store(engine, *(customer(number, f"Customer {number}") for number in range(1000, 3500)))
    lines = run("customer", "list").stdout.splitlines()
    assert len(lines) == 2502
    assert {len(line) for line in lines[1:2400]} == {len("1000  -         Customer 1000  no            no")}
    assert len(parse(run("customer", "list", "--format", "json"))) == 2501


# show


def test_a_user_is_shown_with_roles_and_departments(run: Run, engine: Engine) -> None:
    store_sessions(engine)
    store(engine, department(OTHER, "Billing"), {"type": "role", "id": 2, "name": "Idle", "actions": []})
    store(engine, user(loginId=NAME, roles=[1, 2], foreignDepartments=[OTHER]), replace=True)
    shown = parse(run("user", "show", NAME, "--format", "json"))
    assert shown == {
        "id": 20,
        "loginId": NAME,
        "firstName": "Ada",
        "lastName": "Byron",
        "department": {"id": 10, "name": "Service"},
        "hasPassword": True,
        "disabled": False,
        "foreignDepartments": [{"id": 11, "name": "Billing"}],
        "roles": [
            {"id": 1, "name": "Agent", "actions": [{"resource": "System", "action": "View Agent Console"}]},
            {"id": 2, "name": "Idle", "actions": []},
        ],
        "liveSessions": 1,
        "failedLogins": 0,
        "throttled": False,
        "throttledFrom": None,
        "throttledUntil": None,
    }


def test_an_account_is_shown_to_people(run: Run, engine: Engine) -> None:
    store(engine, department(OTHER, "Billing"), role(2, resource="Case", action="Edit"))
    store(engine, user(loginId=NAME, roles=[1, 2], foreignDepartments=[OTHER]), replace=True)
    assert run("user", "show", "20").stdout.splitlines() == [
        "ID:                   20",
        "Login ID:             ada",
        "First name:           Ada",
        "Last name:            Byron",
        "Department:           Service (10)",
        "Has password:         yes",
        "Disabled:             no",
        "Foreign departments:  Billing (11)",
        "Roles:                Agent (1): View Agent Console on System",
        "                      Agent (2): Edit on Case",
        "Live sessions:        0",
        "Failed logins:        0",
        "Throttled:            no",
        "Throttled from:       -",
        "Throttled until:      -",
    ]


@groups
def test_an_account_is_shown_without_secrets(run: Run, engine: Engine, group: str) -> None:
    store_sessions(engine)
    printed = "".join(
        run(*arguments, *options).stdout
        for arguments in ((group, "list"), (group, "show", NAME), ("session", "list"))
        for options in ((), ("--format", "json"))
    )
    secrets = (hash_of_password(), PASSWORD, "argon2", *SESSIONS.values())
    assert [secret for secret in secrets if secret in printed] == []


def test_a_text_is_cut_in_a_list_only_and_never_controls_the_terminal(run: Run, engine: Engine) -> None:
    name = "\u001b[2J" + "x" * 200
    store(engine, customer(31, name))
    printed = "\\x1b[2J" + "x" * 200
    assert f"  {printed[:100]}…  no" in run("customer", "list").stdout
    assert f"Name:             {printed}\n" in run("customer", "show", "31").stdout
    assert parse(run("customer", "show", "31", "--format", "json"))["name"] == name
    assert (
        run("customer", "disable", "31").stderr
        == f"The customer {printed[:100]}… (31) is disabled; 0 sessions ended.\n"
    )


@pytest.mark.parametrize("name", ["30", NAME, "Grace Hopper"])
def test_an_account_is_shown_by_any_of_its_names(run: Run, name: str) -> None:
    assert parse(run("customer", "show", name, "--format", "json"))["id"] == 30


def test_an_account_without_login_id_has_no_failures(run: Run, engine: Engine) -> None:
    store(engine, customer(31, "Abacus"))
    shown = parse(run("customer", "show", "Abacus", "--format", "json"))
    assert (shown["hasPassword"], shown["failedLogins"], shown["throttled"]) == (False, 0, False)
    assert run("customer", "unlock", "31").stderr == "The customer Abacus (31) has no failed logins.\n"


@pytest.mark.parametrize(
    ("failures", "count", "refused_from"),
    [
        pytest.param([("192.0.2.1", 9)], 9, None, id="below the limits"),
        pytest.param([("192.0.2.1", 10), ("192.0.2.2", 3)], 13, "1 address", id="limit of an address"),
        pytest.param([("192.0.2.1", 10), ("192.0.2.2", 12)], 22, "2 addresses", id="of two addresses"),
        pytest.param(
            [(f"192.0.2.{number}", 9) for number in range(12)], 108, "all addresses but known ones", id="of the account"
        ),
    ],
)
@groups
def test_failed_logins_are_shown_and_forgotten(
    run: Run, engine: Engine, group: str, failures: list[tuple[str, int]], count: int, refused_from: str | None
) -> None:
    fail(engine, KINDS[group], ("192.0.2.1", 5), ago=timedelta(minutes=16))
    failed = fail(engine, KINDS[group], *failures)
    shown = parse(run(group, "show", NAME, "--format", "json"))
    assert (shown["failedLogins"], shown["throttled"], shown["throttledFrom"]) == (
        count,
        refused_from is not None,
        refused_from,
    )
    if refused_from:
        assert datetime.fromisoformat(shown["throttledUntil"]) - failed - timedelta(minutes=15) < timedelta(seconds=1)
    assert may_log_in(engine, KINDS[group]) is (refused_from is None)
    fail(engine, KINDS[group], ("198.51.100.1", 1))
    other = next(kind for kind in KINDS.values() if kind is not KINDS[group])
    fail(engine, other, ("198.51.100.1", 10))
    named = f"{NOUNS[group]} ada ({IDS[group]})"
    unlocked, again = (run(group, "unlock", NAME) for _ in range(2))
    assert unlocked.stderr.startswith(f"The {named} is unlocked; ")
    assert (again.exit_code, again.stdout, again.stderr) == (0, "", f"The {named} has no failed logins.\n")
    assert may_log_in(engine, KINDS[group])
    assert not may_log_in(engine, other, "198.51.100.1")


# enable, disable


@groups
def test_an_account_is_disabled_and_enabled(run: Run, engine: Engine, group: str) -> None:
    store_sessions(engine)
    named = f"The {NOUNS[group]} ada ({IDS[group]}) is"
    messages = {
        "disable": [f"{named} disabled; 1 session ended.\n", f"{named} disabled already.\n"],
        "enable": [f"{named} enabled.\n", f"{named} enabled already.\n"],
    }
    for command, expected in messages.items():
        outcomes = [run(group, command, NAME) for _ in range(2)]
        assert [(outcome.exit_code, outcome.stdout, outcome.stderr) for outcome in outcomes] == [
            (0, "", message) for message in expected
        ]
        assert parse(run(group, "show", NAME, "--format", "json"))["disabled"] is (command == "disable")
        assert may_log_in(engine, KINDS[group]) is (command == "enable")
    with engine.connect() as connection:
        live = {one for one, id_ in SESSIONS.items() if load_session(connection, id_, datetime.now(UTC))}
    assert live == SESSIONS.keys() - {group}


@groups
@pytest.mark.parametrize("command", ["show", "enable", "disable", "unlock"])
def test_an_unknown_account_is_an_error(run: Run, group: str, command: str) -> None:
    outcome = run(group, command, "nobody")
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (1, "", "Error: nobody: No such account.\n")


# session list, session revoke


def test_live_sessions_are_listed_without_their_ids(run: Run, engine: Engine) -> None:
    store_sessions(engine)
    with engine.begin() as connection:
        connection.execute(
            update(Session)
            .where(Session.customer_id == 30)
            .values(
                created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                expires=datetime(2098, 1, 1, tzinfo=UTC),
                idle_expires=datetime(2097, 1, 1, tzinfo=UTC),
            )
        )
    header, first, *others = run("session", "list").stdout.splitlines()
    assert header == "KIND               ACCOUNT   CREATED               EXPIRES               IDLE EXPIRES"
    assert first == "customer           ada (30)  2026-01-02T03:04:05Z  2098-01-01T00:00:00Z  2097-01-01T00:00:00Z"
    assert sorted(others) == [
        "clientApplication  ada (40)  -                     2099-01-01T00:00:00Z  -",
        "user               ada (20)  -                     2099-01-01T00:00:00Z  -",
    ]
    assert parse(run("session", "list", "--limit", "1", "--format", "json")) == [
        {
            "kind": "customer",
            "account": {"id": 30, "name": NAME},
            "created": "2026-01-02T03:04:05.000Z",
            "expires": "2098-01-01T00:00:00.000Z",
            "idleExpires": "2097-01-01T00:00:00.000Z",
        }
    ]


@groups
def test_the_sessions_of_one_account_are_listed(run: Run, engine: Engine, group: str) -> None:
    store_sessions(engine)
    listed = parse(run("session", "list", f"--{group}", NAME, "--format", "json"))
    assert [one["account"]["id"] for one in listed] == [IDS[group]]


def test_sessions_of_a_disabled_account_are_not_live(run: Run, engine: Engine) -> None:
    run("user", "disable", NAME)
    store(engine, session(USER, user=20))
    assert parse(run("session", "list", "--format", "json")) == []


@groups
def test_all_sessions_of_an_account_are_revoked(run: Run, engine: Engine, group: str) -> None:
    store_sessions(engine)
    outcomes = [run("session", "revoke", f"--{group}", NAME) for _ in range(2)]
    named = f"{NOUNS[group]} ada ({IDS[group]})"
    assert [(outcome.exit_code, outcome.stdout, outcome.stderr) for outcome in outcomes] == [
        (0, "", f"1 session of the {named} ended.\n"),
        (0, "", f"0 sessions of the {named} ended.\n"),
    ]
    with engine.connect() as connection:
        live = {one for one, id_ in SESSIONS.items() if load_session(connection, id_, datetime.now(UTC))}
    assert live == SESSIONS.keys() - {group}


@pytest.mark.parametrize("command", ["list", "revoke"])
def test_sessions_of_an_unknown_account_are_an_error(run: Run, command: str) -> None:
    outcome = run("session", command, "--user", "nobody")
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (1, "", "Error: nobody: No such account.\n")

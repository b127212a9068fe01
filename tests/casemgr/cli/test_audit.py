"""The record of commands that change something."""

import json
import os
import pwd
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, func, select

from casemgr.cli import main
from casemgr.cli.shell import Command
from casemgr.database.models import ClientApplication, Session
from tests.factories import CUSTOMER, NAME, USER, actors, as_lines, case, session, store, user

pytestmark = pytest.mark.sqlite

READING = {"errors", "list", "openapi", "serve", "show", "status"}
"""The names of commands that only read some of the data, or whose changes other commands record."""

Invoke = Callable[..., Result]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.fixture
def invoke(engine: Engine, log: Path) -> Invoke:
    """Return a function that runs a command on the database of the test, which has actors, with the log."""
    store(engine, *actors(), session("an-expired-session-of-a-user", "2020-01-01T00:00:00Z", user=20))
    environment = {
        "CASEMGR_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "CASEMGR_AUDIT_LOG": str(log),
        "SUDO_USER": "",
    }

    def invoke(*arguments: str, stdin: bytes = b"", **settings: str) -> Result:
        return CliRunner().invoke(main, arguments, input=stdin, env=environment | settings)

    return invoke


def entries(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def commands_of(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, *path, name)
        else:
            yield (*path, name), command


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(*found, id=" ".join(found[0])) for found in commands_of(main)]
)
def test_every_command_that_changes_something_or_copies_all_data_leaves_a_record(
    path: tuple[str, ...], command: click.Command
) -> None:
    assert isinstance(command, Command)
    assert command.changes == (path[-1] not in READING)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "stdin", "expected"),
    [
        pytest.param(["init-db"], b"", {"command": "init-db", "options": {}}, id="init-db"),
        pytest.param(
            ["session", "create", "--user", "20", "--expires-in", "8h"],
            b"",
            {
                "command": "session create",
                "options": {"USER": "20", "expires_in": "8:00:00"},
                "actor_kind": "user",
                "actor_id": "20",
            },
            id="session create",
        ),
        pytest.param(
            ["session", "revoke"], USER.encode(), {"command": "session revoke", "options": {}}, id="session revoke"
        ),
        pytest.param(
            ["session", "revoke", "--customer", "30"],
            b"",
            {
                "command": "session revoke",
                "options": {"CUSTOMER": "30"},
                "actor_kind": "customer",
                "actor_id": "30",
                "count": 1,
            },
            id="session revoke of an account",
        ),
        pytest.param(["session", "purge"], b"", {"command": "session purge", "options": {}, "count": 1}, id="purge"),
        pytest.param(
            ["user", "set-password", "user-20"],
            b"wide as the sea",
            {
                "command": "user set-password",
                "options": {"user": "user-20"},
                "actor_kind": "user",
                "actor_id": "20",
            },
            id="user set-password",
        ),
        pytest.param(
            ["export"],
            b"",
            {"command": "export", "options": {"file": "-"}, "count": 6},
            id="export",
        ),
        pytest.param(
            ["client", "disable", "40"],
            b"",
            {
                "command": "client disable",
                "options": {"name": "40"},
                "actor_kind": "client_application",
                "actor_id": "40",
                "count": 1,
            },
            id="client disable",
        ),
    ],
)
def test_a_command_records_who_did_what_and_to_how_many(
    invoke: Invoke, log: Path, arguments: list[str], stdin: bytes, expected: dict[str, Any]
) -> None:
    result = invoke(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    begin, end = entries(log)
    who = {"system_user": pwd.getpwuid(os.getuid()).pw_name, "process": os.getpid()}
    assert end | who | expected | {"event": "end", "exit_status": 0} == end
    assert end.keys() - expected.keys() == {*who, "event", "exit_status", "time"}
    assert begin["event"] == "begin"
    assert begin.items() >= {**who, "command": expected["command"], "options": expected["options"]}.items()
    lines = log.read_text()
    # Secrets come from standard input or go to standard output.
    assert not stdin or stdin.decode() not in lines
    assert all(secret not in lines for secret in result.stdout.replace("=", "\n").split() if len(secret) > 20)


@pytest.mark.slow
def test_a_new_client_application_is_recorded_by_its_id(engine: Engine, invoke: Invoke, log: Path) -> None:
    client_id, secret = (line.partition("=")[2] for line in invoke("client", "create", "Bridge").stdout.splitlines())
    with engine.connect() as connection:
        [created] = connection.scalars(select(ClientApplication.id).where(ClientApplication.client_id == client_id))
    assert entries(log)[-1].items() >= {"actor_kind": "client_application", "actor_id": str(created)}.items()
    assert secret not in log.read_text()


@pytest.mark.slow
def test_an_import_records_the_changes(invoke: Invoke, log: Path, tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_bytes(as_lines([case(1), case(2)]))
    invoke("import", "--replace", str(file))
    begin, end = entries(log)
    assert begin["options"] == end["options"] == {"file": str(file), "replace": True}
    assert end.items() >= {"count": 2, "changes": ["case: 2 created"], "stored": True}.items()
    assert "count" not in begin


@pytest.mark.slow
def test_a_command_that_fails_records_its_exit_status(invoke: Invoke, log: Path) -> None:
    assert invoke("session", "create", "--user", "nobody").exit_code == 1
    assert invoke("session", "create").exit_code == 2
    assert [entry.get("exit_status") for entry in entries(log)] == [None, 1, None, 2]


@pytest.mark.slow
def test_the_user_behind_sudo_is_recorded(invoke: Invoke, log: Path) -> None:
    invoke("session", "purge", SUDO_USER="grace", LOGNAME="somebody", USER="somebody")
    assert {(entry["sudo_user"], entry["system_user"]) for entry in entries(log)} == {
        ("grace", pwd.getpwuid(os.getuid()).pw_name)
    }


@pytest.mark.slow
def test_the_file_is_readable_only_for_its_owner_and_grows(invoke: Invoke, log: Path) -> None:
    for _ in range(2):
        invoke("session", "purge")
    assert log.stat().st_mode & 0o777 == 0o600
    assert [entry["event"] for entry in entries(log)] == ["begin", "end"] * 2


@pytest.mark.slow
def test_commands_that_only_read_leave_no_record(invoke: Invoke, log: Path) -> None:
    assert invoke("client", "list").exit_code == 0
    assert not log.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "problem"),
    [
        pytest.param("/dev/full", "No space left on device", id="full disk"),
        pytest.param("/proc/nowhere/audit.log", "No such file or directory", id="no folder"),
        pytest.param("/", "Is a directory", id="folder"),
    ],
)
def test_a_command_changes_nothing_when_its_record_cannot_be_written(
    engine: Engine, invoke: Invoke, path: str, problem: str
) -> None:
    result = invoke("session", "revoke", stdin=CUSTOMER.encode(), CASEMGR_AUDIT_LOG=path)
    assert result.exit_code == 1
    assert result.stderr == f"Error: The audit log {path} cannot be written: {problem}. Nothing was changed.\n"
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Session)) == 4


@pytest.mark.slow
def test_an_argument_that_is_not_utf_8_is_refused_and_recorded(invoke: Invoke, log: Path) -> None:
    result = invoke("user", "set-password", "\udcff")
    assert (result.exit_code, result.stderr) == (1, "Error: An argument is not UTF-8.\n")
    assert entries(log)[0]["options"] == {"user": "\udcff"}


@pytest.mark.slow
def test_a_name_that_is_not_known_is_recorded_as_it_is(engine: Engine, invoke: Invoke, log: Path) -> None:
    store(engine, user(21, loginId=NAME))
    assert invoke("user", "set-password", "of nobody", stdin=b"x").exit_code == 1
    assert "actor_id" not in entries(log)[-1]

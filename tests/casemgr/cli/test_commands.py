import base64
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import URL, Engine, func, select, text

from casemgr.accounts.sessions import digest_session_id, generate_session_id, load_session
from casemgr.cli import main
from casemgr.database import models
from casemgr.database.engine import create_engine
from casemgr.database.schema import is_migrated, migrate, newest_revision
from casemgr.domain.actors import Actor, ClientApplication, Customer, User
from tests.conftest import MakeDatabase
from tests.factories import (
    CUSTOMER,
    USER,
    actors,
    as_lines,
    case,
    client_application,
    customer,
    folder,
    session,
    store,
    user,
)

PAST = "2020-01-01T00:00:00Z"
NO_SCHEMA = "Error: The database has no schema: run 'casemgr init-db'.\n"
NO_OWNER = "Error: Give one of --user, --customer and --client.\n"
TWO_OWNERS = "Error: Give only one of --user, --customer and --client.\n"
AGENT, GRACE, BRIDGE = User(20, True, frozenset({10})), Customer(30), ClientApplication(40, "API")


@dataclass(frozen=True)
class Outcome:
    status: int
    stdout: str
    stderr: str


Run = Callable[..., Outcome]


def run_with(database_url: URL | str, directory: Path, *arguments: str | bytes, stdin: bytes = b"") -> Outcome:
    """Run the command in this process and in a directory, and check that it ends by itself.

    :param database_url: an empty one stands for the default.
    """
    environment = {"CASEMGR_DATABASE_URL": str(database_url) or None}
    with TemporaryFile() as file, chdir(directory):
        file.write(stdin)
        file.seek(0)
        result = CliRunner().invoke(main, [os.fsdecode(argument) for argument in arguments], file, environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return Outcome(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def run(database_url: URL, tmp_path: Path) -> Run:
    """Run the command on the database of the test, in a directory of its own."""

    def run(*arguments: str | bytes, stdin: bytes = b"") -> Outcome:
        return run_with(database_url, tmp_path, *arguments, stdin=stdin)

    return run


def run_here(capsys: pytest.CaptureFixture[str], *arguments: str) -> Outcome:
    """Run the command in this process, which is faster; for commands that do not reach the database."""
    with pytest.raises(SystemExit) as caught:
        main.main(arguments, prog_name="casemgr")
    assert isinstance(caught.value.code, int)
    return Outcome(caught.value.code, *capsys.readouterr())


def count(engine: Engine, model: type[models.Base]) -> int | None:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(model))


def actor_of(engine: Engine, session_id: str) -> Actor | None:
    with engine.connect() as connection:
        found = load_session(connection, session_id, datetime.now(UTC))
    return None if found is None else found.actor


def expiry_of(engine: Engine, session_id: str) -> datetime:
    with engine.connect() as connection:
        query = select(models.Session.expires).where(models.Session.digest == digest_session_id(session_id))
        return connection.scalars(query).one()


# init-db


def test_init_db_creates_a_database_in_the_working_directory_and_is_harmless_when_repeated(tmp_path: Path) -> None:
    outcomes = [run_with("", tmp_path, "init-db") for _ in range(2)]
    newest = newest_revision()
    assert outcomes[0] == Outcome(0, "", f"Database schema created at {newest}.\n")
    assert outcomes[1] == Outcome(0, "", f"Database schema up to date at {newest}.\n")
    engine = create_engine(URL.create("sqlite", database=str(tmp_path / "casemgr.db")))
    assert is_migrated(engine)
    engine.dispose()


def test_init_db_says_from_which_revision_it_migrates(make_database: MakeDatabase, tmp_path: Path) -> None:
    url = make_database(migrated=False)
    engine = create_engine(url)
    migrate(engine, "0003")
    engine.dispose()
    message = f"Database schema migrated from 0003 to {newest_revision()}.\n"
    assert run_with(url, tmp_path, "init-db") == Outcome(0, "", message)


def test_init_db_leaves_a_newer_schema_alone(make_database: MakeDatabase, tmp_path: Path) -> None:
    url = make_database()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    engine.dispose()
    message = "Error: The schema is at revision later, which this version of casemgr does not know: upgrade casemgr.\n"
    assert run_with(url, tmp_path, "init-db") == Outcome(1, "", message)


# backup, restore


@pytest.mark.sqlite
def test_a_backup_is_restored(run: Run, engine: Engine) -> None:
    store(engine, folder(60, "Old"))
    assert run("backup", "backup.db") == Outcome(0, "", "backup.db has a backup of the database.\n")
    store(engine, folder(60, "New"), replace=True)
    engine.dispose()
    assert run("restore", "backup.db") == Outcome(0, "", "The database is restored.\n")
    with engine.connect() as connection:
        assert connection.scalars(select(models.Folder.name)).all() == ["Old"]


@pytest.mark.sqlite
def test_restoring_an_old_backup_asks_for_its_migration(tmp_path: Path) -> None:
    engine = create_engine(URL.create("sqlite", database=str(tmp_path / "old.db")))
    migrate(engine, "0001")
    engine.dispose()
    problem = f"The schema is at revision 0001, not at {newest_revision()}: run 'casemgr init-db'."
    restored = f"The database is restored.\n{problem}\n"
    assert run_with("", tmp_path, "restore", "old.db") == Outcome(0, "", restored)
    assert run_with("", tmp_path, "init-db").status == 0


@pytest.mark.sqlite
@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_fault_of_a_backup_is_one_sentence(run: Run, engine: Engine, tmp_path: Path, command: str) -> None:
    assert run("backup", "backup.db").status == 0
    assert count(engine, models.Case) == 0
    message = {
        "backup": "Error: backup.db: File exists.\n",
        "restore": "Error: The database is in use: stop the service and all commands, then restore again.\n",
    }
    assert run(command, "backup.db") == Outcome(1, "", message[command])


@pytest.mark.sqlite
def test_a_folder_that_does_not_exist_is_a_fault_of_the_database(run: Run, tmp_path: Path) -> None:
    assert run("backup", "backup.db").status == 0
    outcome = run_with("sqlite:///missing/casemgr.db", tmp_path, "restore", "backup.db")
    message = f"Error: The database cannot be used: unable to open database file {tmp_path}/missing/casemgr.db.\n"
    assert outcome == Outcome(1, "", message)


@pytest.mark.postgresql
@pytest.mark.parametrize("command", ["backup", "restore"])
def test_the_backup_of_postgresql_is_left_to_its_own_programs(run: Run, command: str) -> None:
    message = "Error: This command is for SQLite only: use pg_dump and pg_restore for a PostgreSQL database.\n"
    assert run(command, "backup.db") == Outcome(1, "", message)


# import


CREATED = (
    "department: 2 created\nrole: 1 created\nuser: 1 created\ncustomer: 1 created\nclientApplication: 1 created\n"
    "case: 1 created\nsession: 3 created\n"
)


def test_a_file_is_imported(run: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_bytes(as_lines([*actors(), case()]))
    assert run("import", "data.jsonl") == Outcome(0, CREATED, "10 records imported.\n")
    assert count(engine, models.Case) == 1


def test_standard_input_is_imported(run: Run, engine: Engine) -> None:
    assert run("import", "-", stdin=as_lines([*actors(), case()])) == Outcome(0, CREATED, "10 records imported.\n")
    assert count(engine, models.Case) == 1


def test_bad_lines_of_a_file_are_reported_by_its_name(run: Run, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_bytes(as_lines([folder(), folder(0, "")]) + b"\n{}\n")
    outcome = run("import", "data.jsonl")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.splitlines() == [
        "data.jsonl:2: id: must be a whole number from 1 to 9223372036854775807; name: may not be empty",
        "data.jsonl:4: type: is missing",
        "Nothing was imported.",
    ]
    assert count(engine, models.Folder) == 0


def test_the_first_20_bad_lines_of_standard_input_are_reported(run: Run, engine: Engine) -> None:
    outcome = run("import", "-", stdin=as_lines([folder()]) + b"{}\n" * 21)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.splitlines() == [
        *(f"<stdin>:{number}: type: is missing" for number in range(2, 22)),
        "Nothing was imported. The rest was not read.",
    ]
    assert count(engine, models.Folder) == 0


def test_records_are_replaced_with_the_option(run: Run, engine: Engine) -> None:
    store(engine, folder(60, "Old"))
    done = Outcome(0, "folder: 1 replaced\n", "1 record imported.\n")
    assert run("import", "--replace", "-", stdin=as_lines([folder(60, "New")])) == done
    with engine.connect() as connection:
        assert connection.scalars(select(models.Folder.name)).all() == ["New"]


DRY = "4 records checked. Nothing was stored.\n"
CHANGES = as_lines([case(1), case(2), case(3), {"type": "case", "id": 3, "deleted": True}])


def test_the_changes_are_counted_by_type(run: Run, engine: Engine) -> None:
    store(engine, *actors(), case(1))
    done = Outcome(0, "case: 2 created, 1 replaced, 1 deleted\n", "4 records imported.\n")
    assert run("import", "--replace", "-", stdin=CHANGES) == done


@pytest.mark.parametrize("options", [["--dry-run"], ["--dry-run", "--replace"]])
def test_a_dry_run_prints_the_changes_and_stores_nothing(run: Run, engine: Engine, options: list[str]) -> None:
    store(engine, *actors(), *([case(1)] if "--replace" in options else []))
    stored = count(engine, models.Case)
    dry = run("import", *options, "-", stdin=CHANGES)
    assert count(engine, models.Case) == stored
    assert dry == replace(run("import", *options[1:], "-", stdin=CHANGES), stderr=DRY)


def test_a_dry_run_reports_bad_lines_as_an_import_does(run: Run, engine: Engine) -> None:
    lines = as_lines([folder(60), folder(60)])
    dry = run("import", "--dry-run", "-", stdin=lines)
    assert (
        dry
        == run("import", "-", stdin=lines)
        == Outcome(1, "", "<stdin>:2: id: already exists\nNothing was imported.\n")
    )


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("end", "status"), [pytest.param(b"", 0, id="success"), pytest.param(b"{}\n", 1, id="bad line")]
)
def test_an_import_leaves_no_log_beside_an_idle_service(run: Run, engine: Engine, end: bytes, status: int) -> None:
    # The last connection to a database deletes the log; here this one stays.
    assert count(engine, models.Case) == 0
    records = [*actors(), *(case(number, description="x" * 10_000) for number in range(1, 1001))]
    assert run("import", "-", stdin=as_lines(records) + end).status == status
    assert Path(f"{engine.url.database}-wal").stat().st_size == 0


def test_a_file_that_cannot_be_read_is_an_error(run: Run) -> None:
    assert run("import", "missing.jsonl") == Outcome(1, "", "Error: missing.jsonl: No such file or directory.\n")


# The database


def test_a_database_without_schema_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "new.db").touch()
    assert run_with(f"sqlite:///{tmp_path}/new.db", tmp_path, "import", "-") == Outcome(1, "", NO_SCHEMA)


@pytest.mark.parametrize("command", [["import", "-"], ["client", "list"], ["session", "purge"], ["backup", "b"]])
def test_a_missing_database_is_named_and_not_created(tmp_path: Path, command: list[str]) -> None:
    message = f"there is no file {tmp_path}/casemgr.db, which 'casemgr init-db' creates"
    assert run_with("", tmp_path, *command) == Outcome(1, "", f"Error: The database cannot be used: {message}.\n")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_cannot_be_reached_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    outcome = run_with(f"postgresql:///casemgr?host={tmp_path}", tmp_path, "session", "purge")
    assert (outcome.status, outcome.stdout, outcome.stderr.count("\n")) == (1, "", 1)
    assert outcome.stderr.startswith("Error: The database cannot be reached: ")
    assert outcome.stderr.endswith(". Start it, or correct CASEMGR_DATABASE_URL.\n")


def test_a_database_of_a_later_version_is_an_error(make_database: MakeDatabase, tmp_path: Path) -> None:
    url = make_database()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    engine.dispose()
    outcome = run_with(url, tmp_path, "init-db")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("Error: ")


@pytest.mark.parametrize(
    ("database_url", "message"),
    [
        pytest.param("nonsense", "CASEMGR_DATABASE_URL is not an SQLAlchemy URL such as", id="no URL"),
        pytest.param("sqlite:///casemgr.db?timeout=soon", "", id="invalid option"),
    ],
)
def test_an_unusable_url_is_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, database_url: str, message: str
) -> None:
    monkeypatch.setenv("CASEMGR_DATABASE_URL", database_url)
    outcome = run_here(capsys, "init-db")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith(f"Error: {message}")


@pytest.mark.parametrize("arguments", [["errors"], ["openapi"], ["client", "list"], ["serve"]], ids=" ".join)
def test_a_setting_that_does_not_exist_is_an_error_for_every_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("CASEMGR_POOLSIZE", "5")
    message = "Error: CASEMGR_POOLSIZE: there is no such setting; did you mean CASEMGR_POOL_SIZE?\n"
    assert run_here(capsys, *arguments) == Outcome(1, "", message)


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file.db").write_text("nonsense " * 1000)
    outcome = run_with("sqlite:///file.db", tmp_path, "init-db")
    assert outcome == Outcome(1, "", "Error: The database cannot be used: file is not a database.\n")


# Usage


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "Usage: ", id="no command"),
        pytest.param(["session"], "Usage: ", id="no command of a group"),
        pytest.param(["exports"], "Error: No such command 'exports'.", id="unknown command"),
        pytest.param(["init-db", "--force"], "Error: No such option '--force'.", id="unknown option"),
        pytest.param(["import"], "Error: Missing argument 'FILE'.", id="no file"),
        pytest.param(["session", "create"], NO_OWNER, id="no owner"),
        pytest.param(["session", "create", "--user", "20", "--client", "40"], TWO_OWNERS, id="two owners"),
        pytest.param(["session", "revoke", "--user", "20", "--client", "40"], TWO_OWNERS, id="two owners to revoke"),
        pytest.param(["user", "list", "--limit", "0"], "Error: Invalid value for '--limit'", id="no lines"),
        pytest.param(["user", "list", "--format", "xml"], "Error: Invalid value for '--format'", id="no format"),
        pytest.param(["user", "show"], "Error: Missing argument 'USER'.", id="no account"),
        pytest.param(
            ["session", "revoke", USER], "Error: Got unexpected extra argument", id="session on the command line"
        ),
    ],
)
def test_wrong_usage_exits_with_2(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    outcome = run_here(capsys, *arguments)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert message in outcome.stderr


@pytest.mark.parametrize(
    "duration", ["", "0h", "8", "h", "8w", "8H", "-8h", "+8h", "1.5h", "8 h", "8h30m", "٨h", "1000000d"]
)
def test_an_invalid_duration_is_wrong_usage(capsys: pytest.CaptureFixture[str], duration: str) -> None:
    outcome = run_here(capsys, "session", "create", "--user", "20", "--expires-in", duration)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert f"{duration!r} is not a number followed by s, m, h or d, such as 8h." in outcome.stderr


@pytest.mark.parametrize("duration", ["401d", "9601h", "999999d"])
def test_more_than_400_days_are_wrong_usage(capsys: pytest.CaptureFixture[str], duration: str) -> None:
    outcome = run_here(capsys, "session", "create", "--user", "20", "--expires-in", duration)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.endswith("Error: A session may last 400 days at most.\n")


def test_the_process_exits_with_2_on_wrong_usage(run: Run) -> None:
    outcome = run("session", "create", "--user", "20", "--customer", "30")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert TWO_OWNERS in outcome.stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["import", "--help"], ["session", "create", "--help"]], ids=" ".join
)
def test_help_goes_to_standard_output(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    outcome = run_here(capsys, *arguments)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("Usage: casemgr ")


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, subcommand in command.commands.items():
            yield from walk(subcommand, f"{path} {name}")


COMMANDS = dict(walk(main, "casemgr"))


@pytest.mark.parametrize("path", COMMANDS)
def test_help_describes_everything_with_an_example_in_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    command = COMMANDS[path]
    monkeypatch.setenv("COLUMNS", "80")
    printed = run_here(capsys, *path.split()[1:], "--help").stdout
    assert [line for line in printed.splitlines() if len(line) > 80] == []
    assert command.help
    assert [parameter.name for parameter in command.params if not parameter.help] == []
    assert path in printed.partition("\nExample")[2] or isinstance(command, click.Group)
    # The summary of no command is cut.
    assert re.findall(r"^  [a-z].*\.\.\.$", printed, re.MULTILINE) == []


# session create


@dataclass(frozen=True)
class Creation:
    arguments: tuple[str | bytes, ...]
    actor: Actor = AGENT
    duration: timedelta = timedelta(hours=12)


GOOD = {
    "user by ID before login ID, 12 hours": Creation(("--user", "20")),
    "user by login ID, seconds": Creation(("--user", "user-20", "--expires-in", "90s"), duration=timedelta(seconds=90)),
    "customer by ID, minutes": Creation(("--customer", "30", "--expires-in", "30m"), GRACE, timedelta(minutes=30)),
    "customer by login ID, hours": Creation(("--customer", "grace", "--expires-in", "8h"), GRACE, timedelta(hours=8)),
    "customer by name": Creation(("--customer", "Grace Hopper"), GRACE),
    "client application by ID, days": Creation(("--client", "40", "--expires-in", "7d"), BRIDGE, timedelta(days=7)),
    "client application by client ID, longest": Creation(
        ("--client", "bridge-1", "--expires-in", "400d"), BRIDGE, timedelta(days=400)
    ),
    "client application by name": Creation(("--client", "Bridge"), BRIDGE),
}
BAD: dict[str, tuple[tuple[str | bytes, ...], str]] = {
    "unknown": (("--user", "99"), "Error: 99: No such account.\n"),
    "empty name": (("--customer", ""), "Error: : No such account.\n"),
    "two of the same name": (("--client", "Twin"), "Error: Twin: Several accounts have this name; use the ID.\n"),
    "not UTF-8": (("--user", b"\xff"), "Error: "),
}


@dataclass(frozen=True)
class Created:
    engine: Engine
    began: datetime
    ended: datetime
    outcomes: Mapping[str, Outcome]


@pytest.fixture(scope="module")
def created(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Created]:
    """Create all sessions."""
    directory = tmp_path_factory.mktemp("sessions")
    url = make_database()
    engine = create_engine(url)
    store(engine, *actors(), user(21, loginId="20"))
    store(engine, customer(loginId="grace"), client_application(clientId="bridge-1"), replace=True)
    store(engine, client_application(41, name="Twin"), client_application(42, name="Twin"))
    began = datetime.now(UTC)
    arguments = {name: good.arguments for name, good in GOOD.items()} | {name: bad for name, (bad, _) in BAD.items()}
    outcomes = {name: run_with(url, directory, "session", "create", *options) for name, options in arguments.items()}
    yield Created(engine, began, datetime.now(UTC), outcomes)
    engine.dispose()


@pytest.mark.parametrize("name", GOOD)
def test_the_id_of_the_new_session_of_the_owner_is_printed(created: Created, name: str) -> None:
    outcome = created.outcomes[name]
    assert (outcome.status, outcome.stderr) == (0, "")
    assert actor_of(created.engine, outcome.stdout.removesuffix("\n")) == GOOD[name].actor


@pytest.mark.parametrize("name", GOOD)
def test_a_session_expires_in_time(created: Created, name: str) -> None:
    expiry = expiry_of(created.engine, created.outcomes[name].stdout.strip())
    assert created.began <= expiry - GOOD[name].duration <= created.ended


@pytest.mark.parametrize(("name", "message"), [pytest.param(name, BAD[name][1], id=name) for name in BAD])
def test_an_owner_that_is_not_found_is_an_error(created: Created, name: str, message: str) -> None:
    outcome = created.outcomes[name]
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith(message)


def test_no_session_is_created_for_an_owner_that_is_not_found(created: Created) -> None:
    assert count(created.engine, models.Session) == 3 + len(GOOD)


def test_a_session_id_has_at_least_128_bits() -> None:
    assert len(base64.urlsafe_b64decode(generate_session_id() + "==")) * 8 >= 128


# session revoke, session purge


def test_a_session_that_is_revoked_has_ended(run: Run, engine: Engine) -> None:
    store(engine, *actors())
    assert run("session", "revoke", stdin=f"{USER}\n".encode()) == Outcome(0, "", "The session has ended.\n")
    assert actor_of(engine, USER) is None
    assert actor_of(engine, CUSTOMER) == GRACE


@pytest.mark.parametrize(
    "stdin",
    [
        pytest.param(b"unknown\n", id="unknown"),
        pytest.param(b"\xff\n", id="not UTF-8"),
    ],
)
def test_a_session_that_does_not_exist_cannot_be_revoked(run: Run, engine: Engine, stdin: bytes) -> None:
    store(engine, *actors())
    assert run("session", "revoke", stdin=stdin) == Outcome(1, "", "Error: There is no such session.\n")
    assert count(engine, models.Session) == 3


def test_expired_sessions_are_purged_and_no_others(run: Run, engine: Engine) -> None:
    store(
        engine,
        *actors(),
        session("a-session-of-long-ago-1", PAST, user=20),
        session("a-session-of-long-ago-2", PAST, customer=30),
    )
    assert run("session", "purge") == Outcome(0, "", "2 expired sessions deleted.\n")
    assert count(engine, models.Session) == 3

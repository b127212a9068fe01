import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Engine, text

from casemgr.cli import main
from casemgr.database.engine import create_engine
from casemgr.database.schema import migrate, newest_revision
from casemgr.i18n import translation
from tests.casemgr.cli.conftest import Run
from tests.conftest import MakeDatabase
from tests.factories import CUSTOMER, USER, case, session, store

pytestmark = pytest.mark.slow


def run_on(database_url: URL | str, *arguments: str) -> Result:
    url = database_url if isinstance(database_url, str) else database_url.render_as_string(hide_password=False)
    return CliRunner().invoke(main, ["status", *arguments], env={"CASEMGR_DATABASE_URL": url})


def parse(outcome: Result, status: int = 0) -> Any:
    assert outcome.exit_code == status
    return json.loads(outcome.stdout)


def test_the_status_has_numbers_of_records_and_live_sessions(run: Run, engine: Engine) -> None:
    store(engine, case(1), case(2))
    store(engine, session(USER, user=20), session(CUSTOMER, "2020-01-01T00:00:00Z", customer=30))
    shown = parse(run("status", "--format", "json"))
    assert shown["schema"] == {"revision": newest_revision(), "newest": newest_revision(), "current": True}
    assert (shown["imports"], shown["lastImport"]["records"]) == (3, 2)
    assert datetime.fromisoformat(shown["lastImport"]["committed"]).tzinfo
    assert {name: number for name, number in shown["records"].items() if number} == {
        "department": 1,
        "role": 1,
        "user": 1,
        "customer": 1,
        "clientApplication": 1,
        "case": 2,
        "session": 2,
    }
    assert shown["liveSessions"] == {"user": 1, "customer": 0, "clientApplication": 0}
    assert shown["problems"] == []


def test_the_status_is_shown_to_people(run: Run, engine: Engine) -> None:
    store(engine, case(1))
    outcome = run("status")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    lines = [line.split() for line in outcome.stdout.splitlines()]
    labels = [words[0] for words in lines if words[0].istitle()]
    assert labels == ["Version:", "Database:", "Schema:", "Imports:", "Last", "Records:", "Live"]
    assert ["case:", "1"] in lines


@pytest.mark.parametrize(
    ("database_url", "shown"),
    [
        pytest.param(
            "postgresql://ada:sea@127.0.0.1:1/x?sslpassword=wide",
            "postgresql+psycopg://ada:***@127.0.0.1:1/x",
            id="in the URL",
        ),
        pytest.param(
            "postgresql:///x?host=127.0.0.1&port=1&user=ada&password=sea",
            "postgresql+psycopg:///x?host=127.0.0.1&port=1&user=ada",
            id="as a parameter",
        ),
    ],
)
def test_a_server_that_cannot_be_reached_is_a_problem_without_its_password(database_url: str, shown: str) -> None:
    outcome = run_on(database_url, "--format", "json")
    status = parse(outcome, 1)
    assert status["database"] == shown
    [problem] = status["problems"]
    assert problem.startswith("The database cannot be used. Check it and CASEMGR_DATABASE_URL: connection failed: ")
    assert outcome.stderr == f"Error: {problem}\n"
    assert "sea" not in outcome.output
    assert "wide" not in outcome.output


def test_the_status_creates_no_database(tmp_path: Path) -> None:
    outcome = run_on(f"sqlite:///{tmp_path}/new.db")
    assert outcome.exit_code == 1
    assert outcome.stderr == f"Error: The database {tmp_path}/new.db does not exist: run 'casemgr init-db'.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file.db").write_text("nonsense " * 1000)
    outcome = run_on(f"sqlite:///{tmp_path}/file.db")
    assert (outcome.exit_code, outcome.stderr) == (
        1,
        "Error: The database cannot be used. Check it and CASEMGR_DATABASE_URL: file is not a database\n",
    )


@pytest.mark.parametrize(
    ("revision", "problem"),
    [
        pytest.param(None, "The database has no schema: run 'casemgr init-db'.", id="none"),
        pytest.param(
            "0003",
            f"The schema is at revision 0003, not at {newest_revision()}: run 'casemgr init-db'.",
            id="old",
        ),
        pytest.param(
            "later",
            "The schema is at revision later, which this version of casemgr does not know: upgrade casemgr.",
            id="of a later version",
        ),
    ],
)
def test_another_schema_is_a_problem(make_database: MakeDatabase, revision: str | None, problem: str) -> None:
    url = make_database(migrated=False)
    engine = create_engine(url)
    if revision:
        migrate(engine, "0003")
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    else:
        # On SQLite, a database without tables is an empty file.
        engine.connect().close()
    engine.dispose()
    outcome = run_on(url, "--format", "json")
    shown = parse(outcome, 1)
    assert shown["schema"] == {"revision": revision, "newest": newest_revision(), "current": False}
    assert shown["problems"] == [problem]
    assert outcome.stderr == f"Error: {problem}\n"


def test_a_catalogue_that_is_not_compiled_is_a_problem(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "TRANSLATIONS", tmp_path)
    outcome = run("status", "--format", "json")
    [problem] = parse(outcome, 1)["problems"]
    assert problem.startswith("The message catalogues of en-US, es-ES, ")
    assert problem.endswith(" are not compiled: run 'make catalogues'.")

"""`casemgr serve` where it refuses to start; tests/live has the rest."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, text

from casemgr.cli import main
from casemgr.database.engine import create_engine
from casemgr.database.schema import is_migrated, newest_revision
from tests.conftest import MakeDatabase

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 60
"""Seconds after which a service that does not refuse to start fails the test."""

NO_SCHEMA = "The database has no schema: run 'casemgr init-db'."

Refuse = Callable[..., str]


@pytest.fixture
def refuse(tmp_path: Path) -> Refuse:
    """Return a function that runs the command, which has to fail, in a folder of its own; it returns the message."""

    def refuse(*arguments: str, **settings: str) -> str:
        done = subprocess.run(  # noqa: S603 - the arguments are ours
            [sys.executable, "-c", "from casemgr.cli import main; main()", "serve", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | settings,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    return refuse


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"WEB_CONCURRENCY": "x"}, "WEB_CONCURRENCY: 'x' is not a whole number from 1 to 9999."),
        ({"PORT": "abc"}, "PORT: 'abc' is not a whole number from 1 to 65535."),
        ({"CASEMGR_POOL_SIZE": "0"}, "CASEMGR_POOL_SIZE: '0' is not a whole number from 1 to 9999."),
        (
            {"CASEMGR_DATABASE_URL": ""},
            "CASEMGR_DATABASE_URL is empty: name a database, such as sqlite:///casemgr.db, or unset it.",
        ),
    ],
)
def test_a_wrong_setting_is_one_sentence(refuse: Refuse, settings: dict[str, str], message: str) -> None:
    assert refuse(**settings) == f"Error: {message}\n"


def test_a_missing_database_is_one_sentence(refuse: Refuse, tmp_path: Path) -> None:
    message = f"there is no file {tmp_path}/casemgr.db, which 'casemgr init-db' creates"
    assert refuse() == f"Error: The database cannot be used: {message}.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_cannot_be_reached_is_one_sentence(refuse: Refuse, tmp_path: Path) -> None:
    message = refuse(CASEMGR_DATABASE_URL=f"postgresql:///casemgr?host={tmp_path}")
    assert message.startswith("Error: The database cannot be reached: ")
    assert message.endswith(". Start it, or correct CASEMGR_DATABASE_URL.\n")
    assert message.count("\n") == 1


def test_a_database_without_a_schema_is_one_sentence(refuse: Refuse, make_database: MakeDatabase) -> None:
    url = make_database(migrated=False).render_as_string(hide_password=False)
    assert refuse(CASEMGR_DATABASE_URL=url) == f"Error: {NO_SCHEMA}\n"


@pytest.mark.parametrize(
    ("revision", "problem"),
    [
        pytest.param("0001", f"not at {newest_revision()}: run 'casemgr init-db'.", id="old"),
        pytest.param("later", "which this version of casemgr does not know: upgrade casemgr.", id="newer"),
    ],
)
def test_a_database_with_another_schema_is_one_sentence(
    refuse: Refuse, make_database: MakeDatabase, revision: str, problem: str
) -> None:
    url = make_database()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    engine.dispose()
    message = refuse(CASEMGR_DATABASE_URL=url.render_as_string(hide_password=False))
    assert message == f"Error: The schema is at revision {revision}, {problem}\n"


def test_missing_catalogues_are_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casemgr.i18n.translation.missing_catalogues", lambda: ["fr-CA"])
    with pytest.raises(SystemExit) as caught:
        main.main(["serve"], prog_name="casemgr")
    assert caught.value.code == 1
    assert capsys.readouterr().err == "Error: No compiled message catalogue for fr-CA: run 'make catalogues'.\n"


@pytest.mark.sqlite
def test_a_port_that_is_taken_is_one_sentence_after_the_migration(refuse: Refuse, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        problem = "cannot be used: Address already in use. Choose others: --host and --port."
        message = f"Error: 127.0.0.1, port {port}, {problem}\n"
        assert refuse("--init-db", "--port", port) == f"Database schema created at 0005.\n{message}"
        assert refuse(GUNICORN_CMD_ARGS=f"--bind 127.0.0.1:{port}") == message
    engine = create_engine(URL.create("sqlite", database=str(tmp_path / "casemgr.db")))
    assert is_migrated(engine)
    engine.dispose()

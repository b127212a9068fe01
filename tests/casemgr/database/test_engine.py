"""SQLite: connections for reading, and the files of a database."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import DBAPIError

from casemgr.config import Config
from casemgr.database.engine import create_database, create_engine, truncate_log, writing
from casemgr.database.models import Department
from casemgr.database.reading import Reading
from casemgr.database.schema import is_migrated, migrate
from casemgr.database.statements import fetch_all

pytestmark = pytest.mark.sqlite


def test_a_thread_keeps_its_connection(engine: Engine) -> None:
    with Reading(engine) as source:
        kept = source.connection
    with Reading(engine) as source:
        assert source.connection is kept


def test_threads_do_not_share_a_connection(engine: Engine) -> None:
    connections = []

    def read() -> None:
        with Reading(engine) as source:
            connections.append(source.connection)

    # More than the pool has room for.
    threads = [Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(connection) for connection in connections}) == len(threads)


def test_a_lost_connection_is_replaced(engine: Engine) -> None:
    with Reading(engine) as source:
        lost = source.connection
        assert lost.dbapi_connection
        lost.dbapi_connection.close()
    with Reading(engine) as source:
        assert source.connection is not lost
        assert fetch_all(source, "SELECT 1") == [(1,)]


def test_disposing_of_an_engine_closes_the_connection_of_the_thread(engine: Engine) -> None:
    with Reading(engine) as source:
        kept: Any = source.connection.dbapi_connection
    engine.dispose()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        kept.execute("SELECT 1")


def engine_for(url: str) -> Engine:
    return create_engine(Config.from_environment({"CASEMGR_DATABASE_URL": url}).database_url)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


FILES = pytest.mark.parametrize(
    ("url", "file"),
    [
        pytest.param("sqlite:///{folder}/new.db", "new.db", id="absolute path"),
        pytest.param("sqlite:///new.db", "new.db", id="relative path"),
        pytest.param("sqlite:///50%25%20%3Fnew%23.db", "50% ?new#.db", id="odd characters"),
        pytest.param("sqlite:///file:new.db?uri=true", "new.db", id="relative URI"),
        pytest.param("sqlite:///file:{folder}/new%2520file.db?mode=rwc&uri=true", "new file.db", id="absolute URI"),
    ],
)


@FILES
def test_only_the_owner_can_read_a_new_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.umask(0)
    try:
        engine = engine_for(url.format(folder=tmp_path))
        migrate(engine)
        with engine.begin() as connection:
            connection.execute(text("UPDATE dataset SET version = 2"))
            modes = {path.name: mode(path) for path in tmp_path.iterdir()}
            assert modes == {file: 0o600, f"{file}-wal": 0o600, f"{file}-shm": 0o600}
        engine.dispose()
        assert os.umask(0) == 0
    finally:
        os.umask(before)


def test_the_mode_of_a_file_that_exists_stays(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    path.touch()
    path.chmod(0o640)
    engine = engine_for(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect():
        assert {mode(path) for path in tmp_path.iterdir()} == {0o640}
    engine.dispose()


@FILES
def test_only_a_migration_creates_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, file: str) -> None:
    monkeypatch.chdir(tmp_path)
    engine = engine_for(url.format(folder=tmp_path))
    for connect in (lambda: Reading(engine).__enter__(), engine.connect):
        with pytest.raises(DBAPIError) as caught:
            connect()
        assert file.partition(" ")[0] in str(caught.value.orig)
    assert list(tmp_path.iterdir()) == []
    migrate(engine)
    assert is_migrated(engine)
    engine.dispose()


def test_a_missing_file_is_named_with_the_command_that_creates_it(tmp_path: Path) -> None:
    with pytest.raises(DBAPIError) as caught:
        engine_for(f"sqlite:///{tmp_path}/new.db").connect()
    assert str(caught.value.orig) == f"there is no file {tmp_path}/new.db, which 'casemgr init-db' creates"


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    for use in (lambda engine: engine.connect(), create_database):
        with pytest.raises((DBAPIError, sqlite3.Error), match=f"unable to open database file {tmp_path}"):
            use(engine_for(f"sqlite:///{tmp_path}"))


def test_a_database_in_memory_creates_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    engine = engine_for("sqlite:///file::memory:?cache=shared&uri=true")
    migrate(engine)
    engine.dispose()
    assert list(tmp_path.iterdir()) == []


def test_a_file_may_be_opened_to_read_only(engine: Engine) -> None:
    read_only = engine_for(f"sqlite:///file:{engine.url.database}?mode=ro&uri=true")
    assert is_migrated(read_only)
    with pytest.raises(DBAPIError, match="readonly"), read_only.begin() as connection:
        connection.execute(text("UPDATE dataset SET version = 2"))
    read_only.dispose()


def write_and_give_up(engine: Engine) -> Path:
    """Leave a log of several hundred KiB, as an import with bad lines does."""
    with suppress(ZeroDivisionError), writing(engine) as connection:
        # With so small a cache, SQLite writes to the log before the end of the transaction.
        connection.execute(text("PRAGMA cache_size = 1"))
        for number in range(100, 200):
            connection.execute(insert(Department).values(id=number, name="x" * 4000))
        raise ZeroDivisionError
    log = Path(f"{engine.url.database}-wal")
    assert log.stat().st_size > 300_000
    return log


def test_a_log_is_truncated_beside_idle_connections(engine: Engine) -> None:
    with Reading(engine) as source:
        fetch_all(source, "SELECT * FROM departments")
    log = write_and_give_up(engine)
    truncate_log(engine)
    assert log.stat().st_size == 0


def test_a_log_that_somebody_reads_stays(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(Department).values(id=1, name="Service"))
    with engine.connect() as reader:
        assert reader.scalar(text("SELECT name FROM departments")) == "Service"
        log = write_and_give_up(engine)
        truncate_log(engine)
        assert log.stat().st_size > 0

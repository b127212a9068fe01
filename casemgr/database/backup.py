"""Backup and restoration of an SQLite database, through SQLite itself, which knows about the write-ahead log."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from casemgr.database.engine import create_database, use_write_ahead_log
from casemgr.database.models import Case
from casemgr.database.new_files import new_file


class BackupError(Exception):
    """A database cannot be backed up or restored; the message says why."""


def back_up(engine: Engine, file: Path) -> None:
    """Write a copy of the database to a new file, which only its owner can read.

    Others may write to the database meanwhile: the copy has what was committed when it began. It is complete and
    checked before it gets its name.

    :raises BackupError: when the database has no schema or cannot be copied.
    :raises OSError: when the file exists or cannot be written.
    """
    _check_dialect(engine)
    with engine.connect() as connection:
        source: Any = connection.connection.driver_connection
        try:
            with new_file(file) as copy:
                with closing(sqlite3.connect(copy)) as target:
                    # All pages in one step: between two steps, a writer would make it begin again.
                    source.backup(target)
                    target.execute("PRAGMA journal_mode = WAL")
                if problem := _find_problem(copy):
                    raise BackupError(f"The database cannot be backed up: {problem}.")
        except sqlite3.Error as error:
            raise BackupError(f"{file} was not written: {error}.") from error


def restore(engine: Engine, file: Path) -> None:
    """Replace the contents of the database by a backup; create the database if it does not exist.

    :raises BackupError: when the file is no sound backup, or others use the database; nothing has changed then.
    """
    _check_dialect(engine)
    if problem := _find_problem(file):
        raise BackupError(f"{file} cannot be restored: {problem}.")
    # Without the preparation of other connections, which reads the schema: it may be damaged.
    target: Any = create_database(engine)
    with closing(target):
        [(_, _, database)] = target.execute("PRAGMA database_list")
        if database and file.samefile(database):
            raise BackupError(f"{file} cannot be restored: it is the database itself.")
        try:
            _lock(target)
            with closing(_open_to_read(file)) as source:
                source.backup(target)
        except sqlite3.Error as error:
            raise BackupError(_explain_failure(error, database)) from error
    # The backup may have another mode. Besides, an old -shm is removed only when a connection in normal mode closes.
    use_write_ahead_log(engine)


def _check_dialect(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        raise BackupError("This command is for SQLite only: use pg_dump and pg_restore for a PostgreSQL database.")


def _lock(target: sqlite3.Connection) -> None:
    """Lock the database until the end of the next transaction.

    It fails while another connection is open: in WAL mode, even an idle one holds a lock.
    """
    target.isolation_level = None
    target.execute("PRAGMA busy_timeout = 0")
    target.execute("PRAGMA locking_mode = EXCLUSIVE")
    target.execute("BEGIN EXCLUSIVE")
    target.execute("COMMIT")
    # The lock lasts until the next transaction ends. If that one ran in exclusive mode, SQLite would leave its rollback
    # journal behind.
    target.execute("PRAGMA locking_mode = NORMAL")


def _explain_failure(error: sqlite3.Error, database: str) -> str:
    # The last byte is the primary code, the others refine it.
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY:
            return "The database is in use: stop the service and all commands, then restore again."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"{database} is too damaged: move it and its -wal and -shm files away, then restore again."
        case _:
            return f"The backup was not restored: {error}."


def _find_problem(file: Path) -> str | None:
    """Check that a file is a sound database of casemgr.

    :returns: what is wrong; None when the file can be used.
    """
    if not file.exists():
        return "the file does not exist"
    try:
        with closing(_open_to_read(file)) as connection:
            # It fails if a table is missing, as in the database of another program.
            connection.execute(f"SELECT 1 FROM alembic_version, {Case.__tablename__} LIMIT 1")  # noqa: S608 - our table
            [(result,), *_] = connection.execute("PRAGMA quick_check(1)")
    except sqlite3.Error as error:
        return f"it is no database of casemgr ({error})"
    return None if result == "ok" else f"it is damaged ({result})"


def _open_to_read(file: Path) -> sqlite3.Connection:
    # Unless told that nobody writes to it, SQLite would create -wal and -shm beside the file, or fail to.
    at_rest = not any(Path(f"{file}{suffix}").exists() for suffix in ("-wal", "-journal"))
    return sqlite3.connect(f"{file.absolute().as_uri()}?{'immutable=1' if at_rest else 'mode=ro'}", uri=True)

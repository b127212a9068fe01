"""The engine, and transactions that write."""

import os
import select
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import sqlalchemy
from sqlalchemy import URL, Connection, Dialect, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from casemgr.config import Pool
from casemgr.database.deadlines import TCP_SETTINGS, connection_class
from casemgr.database.reading import close_on_dispose

_umask_lock = threading.Lock()

_LOCK_TIMEOUT = 10.0
"""Seconds that a transaction waits for the locks of others."""

_BLOCKED_ON_SQLITE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL}
_BLOCKED_ON_POSTGRESQL = {"55P03", "25006", "53100"}
"""Error codes of a write that is not possible now: a lock of others, a read-only database, a full disk."""

_LOST = ("08", "57P", "53300")
"""Beginnings of the error codes of a server that ends a connection, or takes no more of them."""

_MAX_LOG_BYTES = 64 * 1024 * 1024
"""Bytes that the write-ahead log of SQLite keeps for reuse: enough for small imports.

Requests need 4 MiB, after which SQLite starts the log over. A large import makes the log as large as its data.
"""

_TRUNCATE_TIMEOUT = 0.5
"""Seconds that truncating the write-ahead log waits for readers; other writers wait meanwhile."""


def create_engine(database_url: URL, pool: Pool = Pool()) -> Engine:  # noqa: B008 - it is frozen
    """Create the engine; it connects on first use."""
    # Parameters are digests, names and texts of cases: none of them may reach a log.
    options: dict[str, Any] = {"hide_parameters": True}
    if database_url.get_backend_name() == "sqlite":
        engine = sqlalchemy.create_engine(database_url, connect_args={"timeout": _LOCK_TIMEOUT}, **options)
        event.listen(engine, "do_connect", _open_sqlite)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        close_on_dispose(engine)
        return engine
    engine = sqlalchemy.create_engine(
        database_url,
        isolation_level="AUTOCOMMIT",
        pool_size=pool.size,
        max_overflow=0,
        connect_args=_postgresql_arguments(pool),
        **options,
    )
    connect = connection_class(pool.statement_timeout).connect
    event.listen(engine, "do_connect", lambda _dialect, _record, arguments, named: connect(*arguments, **named))
    event.listen(engine, "checkout", _check_socket)
    return engine


def _postgresql_arguments(pool: Pool) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        # The driver takes whole seconds, at least 2.
        "connect_timeout": max(2, round(pool.connect_timeout.total_seconds())),
        "application_name": "casemgr",
        **TCP_SETTINGS,
    }
    if pool.behind_pooler:
        # The next transaction may run in another session, which has neither the settings nor the prepared statements.
        return {**arguments, "prepare_threshold": None}
    settings = {
        "statement_timeout": round(pool.statement_timeout.total_seconds() * 1000),
        # Every statement of a request finds rows by their keys: planning it anew takes longer than running it.
        "plan_cache_mode": "force_generic_plan",
    }
    return {**arguments, "options": " ".join(f"-c {name}={value}" for name, value in settings.items())}


@contextmanager
def writing(engine: Engine, lock_timeout: float = _LOCK_TIMEOUT) -> Iterator[Connection]:
    """Open a transaction that writes; it is committed unless the `with` block raises an exception.

    It waits for other writers before it reads anything.

    :param lock_timeout: seconds to wait for other writers.
    """
    # READ COMMITTED, so that a read under a lock sees what others have committed before.
    isolation = {} if engine.dialect.name == "sqlite" else {"isolation_level": "READ COMMITTED"}
    with engine.connect().execution_options(lock_timeout=lock_timeout, **isolation) as connection, connection.begin():
        if isolation:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {lock_timeout * 1000:.0f}")
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads, and sees one state of the database until the `with` block ends.

    Unlike the usual connection to PostgreSQL, it can stream: a cursor on the server needs a transaction.
    """
    isolation = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**isolation) as connection, connection.begin():
        if isolation:
            # In other time zones, the driver cannot read the first and the last instants of the calendar.
            connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        yield connection


def missing_file(database_url: URL) -> Path | None:
    """Return the path of an SQLite database that does not exist; connecting would create it.

    :returns: None when it exists, or when the URL has a URI of SQLite instead of a path.
    """
    database = database_url.database
    if database_url.get_backend_name() != "sqlite" or not database or database.startswith("file:"):
        return None
    path = Path(database)
    return None if path.exists() else path


def use_write_ahead_log(engine: Engine) -> None:
    """Keep a write-ahead log in an SQLite database from now on, so that writers do not block readers."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        # SQLite stores the mode in the file, and cannot change it within a transaction.
        driver.execute("PRAGMA journal_mode = WAL")


def truncate_log(engine: Engine) -> None:
    """Empty the write-ahead log of SQLite, unless somebody is reading from it; do nothing on PostgreSQL.

    A large transaction leaves a large log, whether it was committed or not.
    """
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection, suppress(sqlite3.Error):
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA busy_timeout = {_TRUNCATE_TIMEOUT * 1000:.0f}")
        # The result says whether it succeeded; another time will do as well.
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def is_server_lost(error: DBAPIError) -> bool:
    """Check whether PostgreSQL did not answer, ended the connection, or takes no more connections."""
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, OperationalError) and (state is None or state.startswith(_LOST))


def is_write_blocked(error: BaseException | None) -> bool:
    """Check whether an error of the driver says that the database takes no writes, or that others hold the locks."""
    if isinstance(error, sqlite3.Error):
        # The last byte is the primary code, the others refine it.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BLOCKED_ON_SQLITE
    return getattr(error, "sqlstate", None) in _BLOCKED_ON_POSTGRESQL


def _check_socket(connection: DBAPIConnection, *_: object) -> None:
    """Detect, without a round trip, that the server has closed a connection while it was idle.

    :raises InvalidatePoolError: when the server has; it has probably closed the other connections of the pool too.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise InvalidatePoolError


def create_database(engine: Engine) -> DBAPIConnection:
    """Connect to SQLite, and create a file that does not exist for its owner alone: it will hold texts of cases.

    The other connections of an engine only open a file that exists.
    """
    [file], options = engine.dialect.create_connect_args(engine.url)
    # SQLite creates the file when it connects, and gives its mode to -wal and -shm. To create it here, this function
    # would have to know which names and URIs are files. The umask is that of the process, so threads take turns.
    with _umask_lock:
        umask = os.umask(0o077)
        try:
            return engine.dialect.connect(file, **options)
        except sqlite3.OperationalError as error:
            raise sqlite3.OperationalError(f"{error} {file}") from error
        finally:
            os.umask(umask)


def _open_sqlite(
    dialect: Dialect, _: ConnectionPoolEntry, arguments: Sequence[str], options: Mapping[str, Any]
) -> DBAPIConnection:
    [file] = arguments
    name = file
    if options.get("uri"):
        query = file.partition("?")[2]
        # Other modes create no file. SQLite takes the last mode, if the one before allows it.
        if parse_qs(query).get("mode", ["rwc"]) == ["rwc"]:
            name = f"{file}{'&' if query else '?'}mode=rw"
    else:
        name = f"{Path(file).as_uri()}?mode=rw"
    try:
        return dialect.connect(name, **{**options, "uri": True})
    except sqlite3.OperationalError as error:
        if not options.get("uri") and not Path(file).exists():
            raise sqlite3.OperationalError(f"there is no file {file}, which 'casemgr init-db' creates") from error
        raise sqlite3.OperationalError(f"{error} {file}") from error


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # Python's driver begins no transaction for SELECT, so _begin_sqlite does.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # In WAL mode a power cut can lose the newest transactions but not damage the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {_MAX_LOG_BYTES}")


def _begin_sqlite(connection: Connection) -> None:
    lock_timeout = connection.get_execution_options().get("lock_timeout")
    if lock_timeout is None:
        connection.exec_driver_sql("BEGIN")
        return
    # The pragma outlives the transaction; reads that follow do not wait for writers anyway.
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {lock_timeout * 1000:.0f}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")

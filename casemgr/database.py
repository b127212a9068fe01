"""The engine, and the migration of the schema."""

import codecs
import re
import select
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self
from weakref import WeakKeyDictionary

import sqlalchemy
from sqlalchemy import URL, Connection, Dialect, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from casemgr import observations
from casemgr.config import Pool
from casemgr.surrogates import replace_lone_surrogates

if TYPE_CHECKING:
    from alembic.config import Config

_PATIENCE = 10.0
"""Seconds that a statement waits for others to finish writing what it needs."""

REQUEST_PATIENCE = 2.0
"""The same for a request: waiting for an import, it would only keep a thread from others."""

_REPLACE_UNREADABLE = "casemgr.replace_unreadable"
_SURROGATES = re.compile(rb"(?:\xed[\xa0-\xbf][\x80-\xbf])+")

_POOL_TIMEOUT = 5
"""Seconds that a request waits for a connection when all of the pool are in use."""


def create_engine(database_url: URL, pool: Pool = Pool()) -> Engine:  # noqa: B008 - it is frozen
    """Create the engine; nothing connects before the first use.

    What only reads is in a transaction on SQLite, and not on PostgreSQL, where that would take two more round trips.
    """
    # Parameters are digests, names and texts of cases: none of them may reach a log.
    options: dict[str, Any] = {"hide_parameters": True}
    if database_url.get_backend_name() == "sqlite":
        engine = sqlalchemy.create_engine(database_url, connect_args={"timeout": _PATIENCE}, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "engine_disposed", _close_connection_of_thread)
        return engine
    settings = {
        "timezone": "UTC",
        "statement_timeout": round(pool.statement_timeout.total_seconds() * 1000),
        # Every statement of a request finds rows by their keys: to plan it anew takes longer than to run it.
        "plan_cache_mode": "force_generic_plan",
    }
    engine = sqlalchemy.create_engine(
        database_url,
        isolation_level="AUTOCOMMIT",
        pool_size=pool.size,
        max_overflow=pool.limit - pool.size,
        pool_timeout=_POOL_TIMEOUT,
        connect_args={
            # The driver takes whole seconds, and two at least.
            "connect_timeout": max(2, round(pool.connect_timeout.total_seconds())),
            "application_name": "casemgr",
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
        **options,
    )
    if pool.pre_ping:
        event.listen(engine, "checkout", _check_socket)
    return engine


class Source(Protocol):
    """What statements that only read are run on: a connection of SQLAlchemy's, or `Reading`."""

    @property
    def dialect(self) -> Dialect:
        """The kind of database."""

    @property
    def connection(self) -> PoolProxiedConnection:
        """The connection of the driver."""

    def invalidate(self, exception: BaseException | None = None) -> None:
        """Keep the connection, which is lost, from going back to the pool."""


class _Kept(threading.local):
    """Connections that a thread keeps."""

    def __init__(self) -> None:
        self.connections: WeakKeyDictionary[Engine, PoolProxiedConnection] = WeakKeyDictionary()


_kept = _Kept()


def _connection_of_thread(engine: Engine) -> PoolProxiedConnection:
    """Give the connection that a thread keeps: to take one of the pool takes longer than a statement of SQLite."""
    connection = _kept.connections.get(engine)
    if connection is None or not connection.is_valid:
        connection = _kept.connections[engine] = engine.raw_connection()
        # The pool has room for fewer connections than there may be threads.
        connection.detach()
    return connection


def _close_connection_of_thread(engine: Engine) -> None:
    if connection := _kept.connections.pop(engine, None):
        connection.close()


class Reading:
    """A connection as the driver has it, for reading: SQLAlchemy's own object takes longer than two statements.

    It is there as long as the context lasts.
    """

    connection: PoolProxiedConnection

    def __init__(self, engine: Engine) -> None:
        """Take whose pool it is."""
        self.dialect = engine.dialect
        self._engine = engine

    def __enter__(self) -> Self:
        """Connect: on SQLite in a transaction, on PostgreSQL in autocommit, which saves two round trips.

        :raises DBAPIError: when there is no connecting.
        :raises TimeoutError: SQLAlchemy's, when all connections are in use.
        """
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the connection back."""
        self._close()

    def _open(self) -> None:
        try:
            if self.dialect.name == "sqlite":
                self.connection = _connection_of_thread(self._engine)
            else:
                self.connection = self._engine.raw_connection()
        except self.dialect.loaded_dbapi.Error as error:
            raise _wrap(self.dialect, None, error) from error
        driver: Any = self.connection.dbapi_connection
        if isinstance(driver, sqlite3.Connection):
            driver.execute("BEGIN")

    def _close(self) -> None:
        driver: Any = self.connection.dbapi_connection
        if not isinstance(driver, sqlite3.Connection):
            self.connection.close()
            return
        try:
            driver.rollback()
        except sqlite3.Error as error:
            self.invalidate(error)

    def invalidate(self, exception: BaseException | None = None) -> None:
        """Keep the connection, which is lost, from being used again."""
        self.connection.invalidate(exception)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have no connection as long as the context lasts, so that whoever needs another one does not wait for this."""
        self._close()
        try:
            yield
        finally:
            self._open()


def _wrap(dialect: Dialect, statement: str | None, error: Any) -> DBAPIError:
    """Give an error of a driver the form that SQLAlchemy gives it."""
    wrapped = DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
    )
    assert isinstance(wrapped, DBAPIError)  # noqa: S101 - what a driver raises always becomes one
    return wrapped


@contextmanager
def writing(engine: Engine, patience: float = _PATIENCE) -> Iterator[Connection]:
    """Connect for a transaction that writes, which is committed unless an exception leaves the context.

    It waits for other writers before it reads anything.

    :param patience: seconds to wait for other writers.
    """
    # READ COMMITTED, so that what it reads under a lock is what others have committed before.
    isolation = {} if engine.dialect.name == "sqlite" else {"isolation_level": "READ COMMITTED"}
    with engine.connect().execution_options(patience=patience, **isolation) as connection, connection.begin():
        if isolation:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {patience * 1000:.0f}")
        yield connection


def migrate(engine: Engine, revision: str = "head") -> None:
    """Create the schema, or bring it to a revision, by default the newest; harmless when it is there already."""
    # Imported here: it takes longer than all else together, and the service does not need it.
    from alembic import command

    config = _alembic_config()
    with engine.connect() as connection:
        # The mode is kept in the file; it cannot be changed within a transaction.
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.execute("PRAGMA journal_mode = WAL")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def is_migrated(engine: Engine) -> bool:
    """Tell whether the schema is at the newest revision."""
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == _newest_revision()


@cache
def _newest_revision() -> str | None:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_alembic_config()).get_current_head()


def _alembic_config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def _check_socket(connection: DBAPIConnection, *_: object) -> None:
    """Find out, without a round trip, whether the server has closed a connection while nobody used it.

    :raises InvalidatePoolError: when there is something to read that nobody has asked for: so there is with the others.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise InvalidatePoolError


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # Python's driver begins no transaction for SELECT; SQLAlchemy takes over (see _begin_sqlite).
    connection.isolation_level = None
    connection.text_factory = _LENIENT
    connection.execute("PRAGMA foreign_keys = ON")
    # In WAL mode a power cut can lose the newest transactions but not damage the file.
    connection.execute("PRAGMA synchronous = NORMAL")


def fetch_all(source: Source, statement: str, parameters: Any = ()) -> Sequence[Any]:
    """Run a statement that only reads, by the driver itself.

    :param statement: as the driver takes it.
    :param parameters: as the driver takes them.
    :returns: all rows, with the values that the driver gives.
    :raises DBAPIError: as SQLAlchemy's connections do.
    """
    began = time.perf_counter()
    try:
        return _fetch_all(source.connection, statement, parameters)
    except source.dialect.loaded_dbapi.Error as error:
        if source.dialect.is_disconnect(error, source.connection, None):
            source.invalidate(error)
        raise _wrap(source.dialect, statement, error) from error
    finally:
        observations.count_statement(time.perf_counter() - began)


def _fetch_all(connection: PoolProxiedConnection, statement: str, parameters: Any) -> Sequence[Any]:
    cursor = connection.cursor()
    driver: Any = connection.dbapi_connection
    if not isinstance(driver, sqlite3.Connection):
        cursor.execute(statement, parameters)
        return cursor.fetchall()
    # Reading texts strictly takes half as long; the few databases with unreadable ones are read twice.
    driver.text_factory = str
    try:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
    finally:
        driver.text_factory = _LENIENT
    cursor.execute(statement, parameters)
    return cursor.fetchall()


def _replace_unreadable(error: UnicodeError) -> tuple[str, int]:
    """Replace what is not UTF-8: SQLite does not check what another program stores (contract REP-5).

    :returns: the replacement, and where to go on reading.
    """
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - nothing is encoded
    if surrogates := _SURROGATES.match(error.object, error.start):
        return replace_lone_surrogates(surrogates[0].decode(errors="surrogatepass")), surrogates.end()
    return "\N{REPLACEMENT CHARACTER}", error.end


# Named, since that is how a decoder written in C takes it; one written in Python is slower for each text.
codecs.register_error(_REPLACE_UNREADABLE, _replace_unreadable)
_LENIENT = partial(str, encoding="utf-8", errors=_REPLACE_UNREADABLE)


def _begin_sqlite(connection: Connection) -> None:
    patience = connection.get_execution_options().get("patience")
    if patience is None:
        connection.exec_driver_sql("BEGIN")
        return
    # The pragma outlives the transaction; what reads afterwards does not wait for writers anyway.
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")

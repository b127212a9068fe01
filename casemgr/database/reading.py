"""Connections to read cases and sessions, on the primary database or on its replicas."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, Self, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import PoolProxiedConnection

from casemgr.database.models import Dataset
from casemgr.database.statements import Source, Statement, fetch_all, wrap_driver_error

_RETRY_AFTER = 5.0
"""Seconds for which a replica that is down or lags is not used."""

_CHECK_AFTER = 1.0
"""Seconds after which the lag of a replica is checked again."""

# A replica that has replayed all that it has received is up to date as long as it still receives.
_SELECT_LAG = (
    "SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0"
    " WHEN NOT EXISTS (SELECT FROM pg_stat_wal_receiver) THEN NULL"
    " WHEN pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() THEN 0"
    " ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END"
)
_SELECT_DATASET_VERSION = Statement(select(Dataset.version))

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class _ThreadConnections(threading.local):
    """The SQLite connections that a thread keeps."""

    def __init__(self) -> None:
        self.by_engine: WeakKeyDictionary[Engine, PoolProxiedConnection] = WeakKeyDictionary()


_thread_connections = _ThreadConnections()


def _connection_of_thread(engine: Engine) -> PoolProxiedConnection:
    """Return the connection that this thread keeps: checking one out of the pool takes longer than a statement."""
    connection = _thread_connections.by_engine.get(engine)
    if connection is None or not connection.is_valid:
        connection = _thread_connections.by_engine[engine] = engine.raw_connection()
        # The pool has room for fewer connections than there may be threads.
        connection.detach()
    return connection


def close_on_dispose(engine: Engine) -> None:
    """Close the connection that a thread keeps when it disposes of the engine."""

    def close(engine: Engine) -> None:
        if connection := _thread_connections.by_engine.pop(engine, None):
            connection.close()

    event.listen(engine, "engine_disposed", close)


class Reading:
    """A connection of the driver, open for the duration of the `with` block.

    On SQLite, opening and closing one takes 4 µs, and 30 µs for SQLAlchemy's `Connection` (docs/performance.md). There
    the block is a transaction. On PostgreSQL each statement is one, which saves two round trips.
    """

    connection: PoolProxiedConnection

    def __init__(self, engine: Engine) -> None:
        """Prepare to connect with an engine."""
        self.dialect = engine.dialect
        self._engine = engine

    def __enter__(self) -> Self:
        """Connect.

        :raises DBAPIError: when the database cannot be reached.
        :raises TimeoutError: SQLAlchemy's, when all connections of the pool are in use.
        """
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        """Return the connection."""
        self._close()

    def _open(self) -> None:
        try:
            if self.dialect.name == "sqlite":
                self.connection = _connection_of_thread(self._engine)
            else:
                self.connection = self._engine.raw_connection()
        except self.dialect.loaded_dbapi.Error as error:
            raise wrap_driver_error(self.dialect, None, error) from error
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
        """Keep the connection, which is broken, from being used again."""
        self.connection.invalidate(exception)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Return the connection for the duration of the `with` block, which may need another one."""
        self._close()
        try:
            yield
        finally:
            self._open()


@dataclass(slots=True)
class _Replica:
    """A replica as this process sees it; times are seconds of the clock of the reader.

    :param dataset_version: the newest version that the replica is known to have.
    """

    engine: Engine
    dataset_version: int = 0
    skipped_until: float = float("-inf")
    checked: float = float("-inf")


class ReplicaReader:
    """Round-robins reads over the replicas and falls back to the primary."""

    def __init__(
        self,
        replicas: Sequence[Engine] = (),
        max_lag: timedelta = timedelta(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create a reader.

        :param max_lag: how far a replica may lag behind the primary and still be used.
        :param clock: returns the seconds of a monotonic clock.
        """
        self._replicas = [_Replica(engine) for engine in replicas]
        self._max_lag = max_lag.total_seconds()
        self._clock = clock
        self._turns = count()

    def read(self, work: Callable[[Source], _T], primary: Source, dataset_version: int = 0) -> _T:
        """Run a function that only reads; when a replica fails, it is run again on the next database.

        :param primary: the connection to use when no replica can be used.
        :param dataset_version: the version that a replica must have, so that it shows the newest import.
        :returns: the result of the function.
        """
        for replica in self._usable_replicas():
            try:
                with Reading(replica.engine) as source:
                    if self._is_current(replica, source, dataset_version):
                        return work(source)
                problem: object = "it lags behind the primary"
            except (DBAPIError, PoolTimeoutError) as error:
                problem = type(error).__name__
            replica.skipped_until = self._clock() + _RETRY_AFTER
            replica.checked = float("-inf")
            _log.warning("A replica is not used for %.0f seconds: %s", _RETRY_AFTER, problem)
        return work(primary)

    def _usable_replicas(self) -> Iterator[_Replica]:
        if not self._replicas:
            return
        first = next(self._turns) % len(self._replicas)
        for replica in (*self._replicas[first:], *self._replicas[:first]):
            now = self._clock()
            if now < replica.skipped_until:
                continue
            if replica.skipped_until > float("-inf"):
                # Only this request waits to find out whether the replica is back.
                replica.skipped_until = now + _RETRY_AFTER
            yield replica

    def _is_current(self, replica: _Replica, source: Source, dataset_version: int) -> bool:
        if replica.dataset_version < dataset_version:
            replica.dataset_version = _load_dataset_version(source)
            if replica.dataset_version < dataset_version:
                return False
        if self._clock() - replica.checked < _CHECK_AFTER:
            return True
        [(lag,)] = fetch_all(source, _SELECT_LAG)
        if lag is None or lag > self._max_lag:
            return False
        replica.checked = self._clock()
        replica.skipped_until = float("-inf")
        return True


def _load_dataset_version(source: Source) -> int:
    rows = _SELECT_DATASET_VERSION.execute(source, {})
    return int(rows[0][0]) if rows else 0

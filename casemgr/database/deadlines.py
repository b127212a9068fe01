"""Connections to PostgreSQL that give up on a server which does not answer.

The server's own statement timeout does not help when the server hangs or its host has vanished: nothing arrives then,
and the driver would wait for as long as that lasts.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, TypeVar, cast

import psycopg
from psycopg import errors
from psycopg.abc import PQGen, PQGenConn

_T = TypeVar("_T")

_GRACE = 1.0
"""Seconds that a server has for reporting its own statement timeout."""

_WAKE_UP = 0.1
"""Seconds after which the driver looks at the time while it waits."""

TCP_SETTINGS = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2, "tcp_user_timeout": 15_000}
"""libpq's parameters by which the system notices within 20 seconds that the host of the server has vanished.

They also work for commands, whose statements may take any time.
"""

_patience: ContextVar[float | None] = ContextVar("patience", default=None)


@contextmanager
def answer_within(seconds: float) -> Iterator[None]:
    """Limit the time that a server has to answer a statement, or to accept a connection.

    :param seconds: the time for each statement; the driver may take a tenth of a second longer.
    """
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def connection_class(statement_timeout: timedelta) -> type[psycopg.Connection[Any]]:
    """Create a class of connections.

    :param statement_timeout: the server's own; 0 means that a statement may take any time, unless `answer_within` says
        otherwise.
    """
    seconds = statement_timeout.total_seconds()
    default = seconds + _GRACE if seconds else None

    class BoundedConnection(psycopg.Connection[Any]):
        @classmethod
        def _connect_gen(cls, conninfo: str = "") -> PQGenConn["BoundedConnection"]:
            patience = _patience.get()
            connecting = super()._connect_gen(conninfo)
            return connecting if patience is None else _limit(connecting, patience)

        def wait(self, gen: PQGen[_T], interval: float = _WAKE_UP, timeout: float | None = None) -> _T:
            patience = _patience.get() or default
            if timeout is not None or patience is None:
                return super().wait(gen, interval, timeout)
            try:
                return super().wait(gen, interval, patience)
            except errors._WaitTimeout as error:
                # The answer may still come, but nobody waits for it.
                self.close()
                raise errors.OperationalError(f"the server has not answered within {patience:g} seconds") from error

    return BoundedConnection


def _limit(connecting: PQGenConn[_T], seconds: float) -> PQGenConn[_T]:
    """Limit the time for a connection; the driver itself takes whole seconds, at least 2."""
    end = time.monotonic() + seconds
    try:
        waiting_for = next(connecting)
        while True:
            ready = yield waiting_for
            if time.monotonic() > end:
                raise errors.ConnectionTimeout("connection timeout expired")
            waiting_for = connecting.send(ready)
    except StopIteration as connected:
        return cast(_T, connected.value)

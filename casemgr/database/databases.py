"""The use of the databases by requests: only so many at a time, and on a replica while the primary is lost."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from casemgr.database.deadlines import answer_within
from casemgr.database.engine import is_server_lost, is_write_blocked, writing
from casemgr.database.reading import Reading
from casemgr.database.servers import Servers
from casemgr.database.statements import Source

_READ_PATIENCE = 0.35
"""Seconds that a read waits for a server when another one can answer; the driver may take 0.1 seconds longer."""

_WRITE_PATIENCE = 1.0
"""Seconds that a write waits for the server, in addition to waiting for locks."""

_LOCK_TIMEOUT = 2.0
"""Seconds that a request waits for locks, such as those of an import; it occupies a thread meanwhile."""

_STEP = 0.05
"""Seconds after which a thread that waits for a slot checks whether the others hang."""

_SLOT_PATIENCE = 0.5
"""Seconds without progress after which requests no longer wait for those that use the databases."""

_T = TypeVar("_T")


class UnavailableError(Exception):
    """The service cannot do this at the moment; the client may try again later."""


class BusyError(UnavailableError):
    """All slots are taken."""


class Slots:
    """A number of slots, of which a thread holds one for the duration of the `with` block.

    A thread without a slot waits for one as long as slots are taken and returned. Once that has stopped for a while,
    the threads that hold the slots hang, and no other thread waits for them.
    """

    def __init__(self, holders: str, number: int, patience: float, waiting: int = 1000) -> None:
        """Create the slots.

        :param holders: who holds the slots, for messages.
        :param patience: seconds without any change after which no thread waits.
        :param waiting: the number of threads that may wait at a time, by default more than there are.
        """
        self._free, self._places = _tokens(number), _tokens(waiting)
        self._holders = holders
        self._patience = patience
        self._changed = time.monotonic()

    def __enter__(self) -> None:
        """Acquire a slot.

        :raises BusyError: when all slots are taken and those who hold them hang, or too many threads are waiting.
        """
        try:
            self._free.get_nowait()
        except Empty:
            self._wait()
        self._changed = time.monotonic()

    def __exit__(self, *_: object) -> None:
        """Return the slot."""
        self._changed = time.monotonic()
        self._free.put(None)

    def _wait(self) -> None:
        try:
            self._places.get_nowait()
        except Empty:
            raise BusyError(f"too many {self._holders} wait") from None
        try:
            while time.monotonic() - self._changed < self._patience:
                try:
                    return self._free.get(timeout=_STEP)
                except Empty:
                    continue
            raise BusyError(f"{self._holders} hang")
        finally:
            self._places.put(None)


def _tokens(number: int) -> "SimpleQueue[None]":
    """Create a queue of items to take and return, which takes 0.1 µs; a semaphore takes 1 µs."""
    tokens: SimpleQueue[None] = SimpleQueue()
    for _ in range(number):
        tokens.put(None)
    return tokens


class WriteBlockedError(UnavailableError):
    """The database takes no writes at the moment, or others hold the locks for too long."""


class Databases:
    """The primary and its replicas; a bounded number of requests use them at a time."""

    def __init__(self, servers: Servers, slots: int) -> None:
        """Bound the use of servers.

        :param slots: the number of requests that may use them at a time; more would only wait for each other.
        """
        self._servers = servers
        self._slots = Slots("requests that use the databases", slots, _SLOT_PATIENCE)

    def reading(self) -> "Reads":
        """Prepare the reads of a request."""
        return Reads(self._servers, self._slots)

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Connect to the primary, to read what may not be old.

        :raises UnavailableError: when the primary is lost, or too many requests use the databases.
        """
        with (
            self._slots,
            _on_primary(self._servers, _LOCK_TIMEOUT),
            self._servers.primary.engine.connect() as connection,
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that writes; it is committed unless the `with` block raises an exception.

        :raises UnavailableError: when the database takes no writes within two seconds, the primary is lost, or too many
            requests use the databases.
        """
        with self._slots, _writing(self._servers, _LOCK_TIMEOUT) as connection:
            yield connection


class Reads:
    """The reads of a request, for the duration of the `with` block."""

    def __init__(self, servers: Servers, slots: Slots) -> None:
        """Prepare to read."""
        self._servers = servers
        self._slots = slots
        self._primary: Reading | None = None

    def __enter__(self) -> Self:
        """Acquire a slot.

        :raises BusyError: when too many requests use the databases.
        """
        self._slots.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Return the connection and the slot."""
        try:
            self._disconnect()
        finally:
            self._slots.__exit__(kind, error, trace)

    def from_primary(self, work: Callable[[Source], _T], dataset_version: int = 0) -> _T:
        """Run a function that only reads on the primary, or on a replica while the primary is lost.

        :param dataset_version: the version that a replica must have, so that it shows the newest import.
        """
        primary = self._servers.primary
        if not self._servers.replicas:
            return work(self._connect())
        if self._servers.may_try(primary):
            try:
                with answer_within(_READ_PATIENCE), self._servers.confirming(primary):
                    return work(self._connect())
            except DBAPIError as error:
                if not is_server_lost(error):
                    raise
                self._disconnect()
                self._servers.skip(primary, type(error).__name__)
        return self.from_replica(work, dataset_version)

    def from_replica(self, work: Callable[[Source], _T], dataset_version: int = 0) -> _T:
        """Run a function that only reads on one of the replicas in turn, or on the primary if none can be used.

        :param dataset_version: the version that a replica must have, so that it shows the newest import.
        """
        for replica in self._servers.usable_replicas() if self._servers.replicas else ():
            try:
                with answer_within(_READ_PATIENCE), Reading(replica.engine) as source:
                    if self._servers.is_current(replica, source, dataset_version):
                        return work(source)
                problem = "it lags behind the primary"
            except DBAPIError as error:
                problem = type(error).__name__
            self._servers.skip(replica, problem)
        if self._servers.replicas and not self._servers.is_primary_lost():
            return self.from_primary(work, dataset_version)
        # Nothing else is left, so wait as long as the settings allow.
        return work(self._connect())

    @contextmanager
    def interrupted_to_write(self, lock_timeout: float) -> Iterator[Connection]:
        """Open a transaction that writes, with the slot of this request; afterwards reads see newer data.

        :param lock_timeout: seconds to wait for other writers.
        :raises WriteBlockedError: when the database takes no writes, or the primary is lost.
        """
        self._disconnect()
        with _writing(self._servers, lock_timeout) as connection:
            yield connection

    def _connect(self) -> Reading:
        if self._primary is None:
            self._primary = Reading(self._servers.primary.engine).__enter__()
        return self._primary

    def _disconnect(self) -> None:
        primary, self._primary = self._primary, None
        if primary:
            primary.__exit__()


@contextmanager
def _writing(servers: Servers, lock_timeout: float) -> Iterator[Connection]:
    with _on_primary(servers, lock_timeout), writing(servers.primary.engine, lock_timeout) as connection:
        yield connection


@contextmanager
def _on_primary(servers: Servers, lock_timeout: float) -> Iterator[None]:
    if not servers.may_try(servers.primary):
        raise WriteBlockedError("the primary is lost")
    try:
        with answer_within(lock_timeout + _WRITE_PATIENCE), servers.confirming(servers.primary):
            yield
    except DBAPIError as error:
        if is_write_blocked(error.orig):
            raise WriteBlockedError(f"the database takes no writes: {error.orig}") from error
        # Without replicas nothing can be read either, which is an unexpected error.
        if servers.replicas and is_server_lost(error):
            servers.skip(servers.primary, type(error).__name__)
            raise WriteBlockedError("the primary is lost") from error
        raise

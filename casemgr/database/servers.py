"""The primary database and its replicas: which of them can be used at the moment."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from casemgr.database.models import Dataset
from casemgr.database.statements import Source, Statement, fetch_all

_RETRY_AFTER = 5.0
"""Seconds for which a server that is lost, or a replica that lags, is not used."""

_CHECK_AFTER = 1.0
"""Seconds after which the lag of a replica is checked again."""

# A replica that has replayed all that it has received is up to date as long as it still receives, or as long as there
# is no primary to receive from.
_SELECT_LAG = (
    "SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0"
    " WHEN NOT {primary_is_lost} AND NOT EXISTS (SELECT FROM pg_stat_wal_receiver) THEN NULL"
    " WHEN pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() THEN 0"
    " ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END"
)
_SELECT_DATASET_VERSION = Statement(select(Dataset.version))

_NEVER = float("-inf")

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Server:
    """A server as this process sees it; times are seconds of the clock.

    :param dataset_version: the newest version that a replica is known to have.
    :param checked: when a replica was last seen to be current.
    """

    name: str
    engine: Engine
    dataset_version: int = 0
    skipped_until: float = _NEVER
    checked: float = _NEVER


class Servers:
    """The primary and the replicas, each of which is skipped for a while when it fails."""

    def __init__(
        self,
        primary: Engine,
        replicas: Sequence[Engine] = (),
        max_lag: timedelta = timedelta(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Describe the servers.

        :param max_lag: how far a replica may lag behind the primary and still be used.
        :param clock: returns the seconds of a monotonic clock.
        """
        self.primary = Server("The primary", primary)
        self.replicas = [Server(f"Replica {number}", replica) for number, replica in enumerate(replicas, 1)]
        self._max_lag = max_lag.total_seconds()
        self._clock = clock
        self._turns = count()
        self.report: Callable[[Engine, bool], None] = lambda *_: None
        """Called when a server is skipped (True) or used again (False)."""

    def usable_replicas(self) -> Iterator[Server]:
        """Iterate over the replicas that can be used, beginning with another one each time.

        While the primary is lost, those that were skipped follow: one of them may be better than none.
        """
        first = next(self._turns) % len(self.replicas)
        skipped = []
        for replica in (*self.replicas[first:], *self.replicas[:first]):
            if self.may_try(replica):
                yield replica
            else:
                skipped.append(replica)
        if self.is_primary_lost():
            yield from skipped

    def may_try(self, server: Server) -> bool:
        """Check whether to use a server now; every five seconds, one caller may try a server that is skipped."""
        if server.skipped_until == _NEVER:
            return True
        now = self._clock()
        if now < server.skipped_until:
            return False
        # Only this request waits to find out whether the server is back.
        server.skipped_until = now + _RETRY_AFTER
        return True

    def skip(self, server: Server, problem: str) -> None:
        """Do not use a server for a while."""
        server.skipped_until = self._clock() + _RETRY_AFTER
        server.checked = _NEVER
        self.report(server.engine, True)
        _log.warning("%s is not used for %.0f seconds: %s", server.name, _RETRY_AFTER, problem)

    @contextmanager
    def confirming(self, server: Server) -> Iterator[None]:
        """Use a server again that was skipped before, unless the `with` block raises an error of the database."""
        try:
            yield
        except DBAPIError:
            raise
        except BaseException:
            # The server has answered; the request failed for another reason, such as an unknown session.
            self._use_again(server)
            raise
        self._use_again(server)

    def _use_again(self, server: Server) -> None:
        if server.skipped_until != _NEVER:
            server.skipped_until = _NEVER
            self.report(server.engine, False)

    def is_primary_lost(self) -> bool:
        """Check whether the primary has failed and has not answered since."""
        return self.primary.skipped_until != _NEVER

    def is_current(self, replica: Server, source: Source, dataset_version: int) -> bool:
        """Check that a replica has a version of the dataset, and does not lag too far behind the primary."""
        if replica.dataset_version < dataset_version:
            replica.dataset_version = _load_dataset_version(source)
            if replica.dataset_version < dataset_version:
                return False
        now = self._clock()
        if now - replica.checked < _CHECK_AFTER:
            return True
        [(lag,)] = fetch_all(source, _SELECT_LAG.format(primary_is_lost=self.is_primary_lost()))
        if lag is None or lag > self._max_lag:
            return False
        replica.checked = now
        self._use_again(replica)
        return True


def _load_dataset_version(source: Source) -> int:
    rows = _SELECT_DATASET_VERSION.execute(source, {})
    return int(rows[0][0]) if rows else 0

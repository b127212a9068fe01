"""Reading cases from replicas of the database, as long as they are there and up to date."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from casemgr.database import Reading, Source, fetch_all
from casemgr.models import Dataset
from casemgr.statements import Statement

_RETRY_AFTER = 5.0
"""Seconds for which a replica that is away or lags is not asked."""

_CHECK_AFTER = 1.0
"""Seconds for which a replica that was up to date is taken to be so still."""

# A replica that has replayed all that it has received is up to date as long as it still receives.
_SELECT_LAG = (
    "SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0"
    " WHEN NOT EXISTS (SELECT FROM pg_stat_wal_receiver) THEN NULL"
    " WHEN pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() THEN 0"
    " ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END"
)
_SELECT_VERSION = Statement(select(Dataset.version))

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Replica:
    """A replica as one process sees it, in seconds of the clock.

    :param dataset_version: what it has had at least, so that it is asked only after an import.
    """

    engine: Engine
    dataset_version: int = 0
    skipped_until: float = float("-inf")
    checked: float = float("-inf")


class Reader:
    """Runs what reads, on the replicas in turn, or on the primary when none of them will do."""

    def __init__(
        self,
        replicas: Sequence[Engine] = (),
        max_lag: timedelta = timedelta(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the replicas.

        :param max_lag: how much older than the primary a replica may be.
        :param clock: gives seconds that only ever grow.
        """
        self._replicas = [_Replica(engine) for engine in replicas]
        self._max_lag = max_lag.total_seconds()
        self._clock = clock
        self._turns = count()

    def read(self, work: Callable[[Source], _T], primary: Source, dataset_version: int = 0) -> _T:
        """Run something that reads and does nothing else: where a replica fails, it runs again elsewhere.

        :param primary: where it runs when no replica will do.
        :param dataset_version: what a replica must have, so that it shows what has just been imported.
        :returns: what it returns.
        """
        for replica in self._in_turn():
            try:
                with Reading(replica.engine) as source:
                    if self._is_current(replica, source, dataset_version):
                        return work(source)
                problem: object = "it lags behind the primary"
            except (DBAPIError, PoolTimeoutError) as error:
                problem = type(error).__name__
            replica.skipped_until = self._clock() + _RETRY_AFTER
            replica.checked = float("-inf")
            _log.warning("A replica is not asked for %.0f seconds: %s", _RETRY_AFTER, problem)
        return work(primary)

    def _in_turn(self) -> Iterator[_Replica]:
        if not self._replicas:
            return
        first = next(self._turns) % len(self._replicas)
        for replica in (*self._replicas[first:], *self._replicas[:first]):
            now = self._clock()
            if now < replica.skipped_until:
                continue
            if replica.skipped_until > float("-inf"):
                # The others do not wait while one request finds out whether it is back.
                replica.skipped_until = now + _RETRY_AFTER
            yield replica

    def _is_current(self, replica: _Replica, source: Source, dataset_version: int) -> bool:
        if replica.dataset_version < dataset_version:
            replica.dataset_version = _load_version(source)
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


def _load_version(source: Source) -> int:
    rows = _SELECT_VERSION.execute(source, {})
    return int(rows[0][0]) if rows else 0

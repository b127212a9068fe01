"""The process of the metrics exporter: the metrics of all workers, the version, and what the database knows."""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from casemgr import __version__
from casemgr.accounts.listing import count_live_sessions
from casemgr.config import Config
from casemgr.database.deadlines import answer_within
from casemgr.database.engine import create_engine
from casemgr.database.models import Dataset
from casemgr.observability import metrics_exporter

_PATIENCE = 2.0
"""Seconds that the database has for each statement; Prometheus waits ten seconds for all metrics."""

_KEPT = 10.0
"""Seconds for which the database is not asked again, however often the metrics are fetched."""


class BuildCollector(Collector):
    """The version of the service."""

    def collect(self) -> Iterable[Metric]:
        """Return the metric."""
        family = GaugeMetricFamily("casemgr_build_info", "The version of casemgr; always 1.", labels=["version"])
        family.add_metric([__version__], 1)
        return [family]


class DatabaseCollector(Collector):
    """Metrics from the primary database; none when it does not answer in time."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        """Collect from a database.

        :param clock: returns the seconds of a monotonic clock.
        """
        self._engine = engine
        self._clock = clock
        self._lock = Lock()
        self._metrics: Sequence[Metric] = ()
        self._outdated = float("-inf")

    def collect(self) -> Iterable[Metric]:
        """Return the metrics, at most ten seconds old."""
        with self._lock:
            if self._clock() >= self._outdated:
                self._metrics = self._load()
                self._outdated = self._clock() + _KEPT
            return self._metrics

    def _load(self) -> Sequence[Metric]:
        sessions = GaugeMetricFamily("casemgr_sessions", "Sessions that are valid.", labels=["actor_kind"])
        imported = GaugeMetricFamily("casemgr_last_import_timestamp_seconds", "When the last import was stored.")
        records = GaugeMetricFamily("casemgr_last_import_records", "Records of the last import.")
        try:
            with answer_within(_PATIENCE), self._engine.connect() as connection:
                for kind, count in count_live_sessions(connection, datetime.now(UTC)).items():
                    sessions.add_metric([kind], count)
                last = connection.execute(select(Dataset.imported, Dataset.records)).first()
        except SQLAlchemyError:
            return ()
        if last and last.imported:
            imported.add_metric([], last.imported.timestamp())
            records.add_metric([], last.records)
        return [family for family in (sessions, imported, records) if family.samples]


def main() -> None:
    """Serve the metrics at CASEMGR_METRICS_ADDRESS, if it is set."""
    config = Config.from_environment()
    address = config.metrics_address
    if address is None:
        return
    timeout = timedelta(seconds=_PATIENCE)
    pool = replace(config.pool, size=1, connect_timeout=timeout, statement_timeout=timeout)
    collectors = [BuildCollector(), DatabaseCollector(create_engine(config.database_url, pool))]
    try:
        metrics_exporter.serve(address, collectors)
    except OSError as error:
        sys.exit(f"casemgr: no metrics on {address}: {error.strerror or error}.")


if __name__ == "__main__":
    main()

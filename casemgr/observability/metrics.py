"""Metrics for Prometheus; each process counts its own requests, and the exporter adds the counts up."""

import os
from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.mmap_dict import _INITIAL_MMAP_SIZE, MmapedDict
from sqlalchemy import Engine, event

from casemgr.config import Pool
from casemgr.observability.context import AccessRecord

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram buckets: the first ones fit one or two cases, the last ones a slow database."""


class _ReservedValues(MmapedDict):
    """The values of a process in a mapped file whose space is reserved.

    prometheus_client leaves holes in its files. Writing to a hole on a full disk kills the process (SIGBUS); reserving
    the space raises OSError instead, and the request is not counted.
    """

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if not read_mode:
            with open(filename, "ab") as file:
                os.posix_fallocate(file.fileno(), 0, _INITIAL_MMAP_SIZE)
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]  # the library has no types

    def _init_value(self, key: str) -> None:
        # With its padding and its value, an entry has up to 32 bytes more than its key.
        if self._used + len(key.encode()) + 32 > self._capacity:
            os.posix_fallocate(self._f.fileno(), 0, 2 * self._capacity)
        super()._init_value(key)  # type: ignore[no-untyped-call]  # the library has no types


class Metrics:
    """The metrics of the service; clients cannot make up the value of any label."""

    def __init__(self, primary: Engine, replicas: Sequence[Engine], pool: Pool) -> None:
        """Register the metrics and observe the connection pools of the databases.

        The processes share their values in the folder PROMETHEUS_MULTIPROC_DIR; without this variable, each process
        keeps its own.

        :param pool: the settings of each connection pool.
        :raises OSError: when there is no space for the values.
        """
        values.MmapedDict = _ReservedValues  # type: ignore[attr-defined]  # the library has no option for it
        self._pool = pool
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "casemgr_requests",
            "Requests that have been answered.",
            ["method", "route", "status", "error_code", "media_type", "actor_kind", "locale"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "casemgr_request_duration_seconds",
            "Time from the first line of the application to the response.",
            ["route", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._database_seconds = Histogram(
            "casemgr_database_duration_seconds",
            "Time that a request spent in database statements.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._statements = Counter(
            "casemgr_statements", "Database statements of requests.", ["route"], registry=self.registry
        )
        self._open = self._database_gauge("casemgr_pool_connections", "Connections that are open.")
        self._in_use = self._database_gauge("casemgr_pool_connections_in_use", "Connections that a request is using.")
        self._limit = self._database_gauge("casemgr_pool_connections_limit", "Connections that may be open.")
        self._in_flight = Gauge(
            "casemgr_requests_in_flight",
            "Requests that are being answered.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        skipped = self._database_gauge(
            "casemgr_processes_skipping", "Processes that do not use the database at the moment."
        )
        self._skipped: dict[Engine, Gauge] = {}
        names = ["primary", *(f"replica {number}" for number in range(1, len(replicas) + 1))]
        for engine, name in zip((primary, *replicas), names, strict=True):
            self._observe_pool(engine, name)
            self._skipped[engine] = skipped.labels(name)

    def count(self, record: AccessRecord) -> None:
        """Count a request that has been answered."""
        context = record.context
        route = record.route or ""
        status = str(record.status)
        self._requests.labels(
            record.method if record.route else "",
            route,
            status,
            context.error_code or "",
            record.media_type or "",
            context.actor_kind or "",
            context.locale.language_tag,
        ).inc()
        self._seconds.labels(route, status).observe(record.seconds)
        self._database_seconds.labels(route).observe(context.database_seconds)
        self._statements.labels(route).inc(context.statements)

    def count_in_flight(self, change: int) -> None:
        """Count a request that begins (1) or has been answered (-1)."""
        self._in_flight.inc(change)

    def record_skipped(self, engine: Engine, skipped: bool) -> None:
        """Record whether this process skips a database."""
        self._skipped[engine].set(skipped)

    def _database_gauge(self, name: str, description: str) -> Gauge:
        return Gauge(name, description, ["database"], registry=self.registry, multiprocess_mode="livesum")

    def _observe_pool(self, engine: Engine, database: str) -> None:
        changes = (
            ("connect", self._open, 1),
            ("close", self._open, -1),
            ("checkout", self._in_use, 1),
            ("checkin", self._in_use, -1),
            # A thread keeps the connection.
            ("detach", self._in_use, -1),
            ("close_detached", self._open, -1),
        )
        for event_name, gauge, change in changes:
            _observe_event(engine, event_name, gauge.labels(database), change)
        if engine.dialect.name == "postgresql":
            self._limit.labels(database).set(self._pool.size)


def _observe_event(engine: Engine, event_name: str, gauge: Gauge, change: int) -> None:
    def update(*_: Any) -> None:
        gauge.inc(change)

    event.listen(engine, event_name, update)

"""Metrics for Prometheus. Each process counts on its own, and the exporter adds up the counts."""

from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from sqlalchemy import Engine, event

from casemgr.config import Pool
from casemgr.observability.context import AccessRecord

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram buckets: one or two cases take the first ones, a slow database the last ones."""


class Metrics:
    """The metrics of the service. No label has a value that clients can make up."""

    def __init__(self, primary: Engine, replicas: Sequence[Engine], pool: Pool) -> None:
        """Register the metrics, and observe the connection pools of these databases.

        The values belong to this process, unless PROMETHEUS_MULTIPROC_DIR names a folder in which processes share them.

        :param pool: the settings of each pool.
        """
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
            "Time that a request spent in statements.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._statements = Counter(
            "casemgr_statements", "Statements that requests have made.", ["route"], registry=self.registry
        )
        self._open = self._pool_gauge("casemgr_pool_connections", "Connections that are open.")
        self._in_use = self._pool_gauge("casemgr_pool_connections_in_use", "Connections that a request is using.")
        self._limit = self._pool_gauge("casemgr_pool_connections_limit", "Connections that may be open.")
        self._observe_pool(primary, "primary")
        for number, replica in enumerate(replicas, 1):
            self._observe_pool(replica, f"replica {number}")

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

    def _pool_gauge(self, name: str, description: str) -> Gauge:
        return Gauge(name, description, ["database"], registry=self.registry, multiprocess_mode="livesum")

    def _observe_pool(self, engine: Engine, database: str) -> None:
        changes = (
            ("connect", self._open, 1),
            ("close", self._open, -1),
            ("checkout", self._in_use, 1),
            ("checkin", self._in_use, -1),
            # A connection that a thread keeps.
            ("detach", self._in_use, -1),
            ("close_detached", self._open, -1),
        )
        for occurrence, gauge, change in changes:
            _follow(engine, occurrence, gauge.labels(database), change)
        if engine.dialect.name == "postgresql":
            self._limit.labels(database).set(self._pool.limit)


def _follow(engine: Engine, occurrence: str, gauge: Gauge, change: int) -> None:
    def follow(*_: Any) -> None:
        gauge.inc(change)

    event.listen(engine, occurrence, follow)

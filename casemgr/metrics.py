"""Metrics for Prometheus: every process counts, and the exporter adds up what they have counted."""

from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from sqlalchemy import Engine, event

from casemgr.config import Pool
from casemgr.exchanges import Exchange

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the classes of a histogram: a case or two take the first ones, a database in trouble the last."""


class Metrics:
    """What the service counts. No label has a value that clients make up."""

    def __init__(self, primary: Engine, replicas: Sequence[Engine], pool: Pool) -> None:
        """Begin to count, also the connections to these databases.

        :param pool: how many connections there may be to each.

        The values are this process's own, unless PROMETHEUS_MULTIPROC_DIR names a folder to share them in.
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

    def count(self, exchange: Exchange) -> None:
        """Count a request that has been answered."""
        observed = exchange.observations
        route = exchange.route or ""
        status = str(exchange.status)
        self._requests.labels(
            exchange.method if exchange.route else "",
            route,
            status,
            observed.error_code or "",
            exchange.media_type or "",
            observed.actor_kind or "",
            exchange.language_tag,
        ).inc()
        self._seconds.labels(route, status).observe(exchange.seconds)
        self._database_seconds.labels(route).observe(observed.database_seconds)
        self._statements.labels(route).inc(observed.statements)

    def _pool_gauge(self, name: str, description: str) -> Gauge:
        return Gauge(name, description, ["database"], registry=self.registry, multiprocess_mode="livesum")

    def _observe_pool(self, engine: Engine, database: str) -> None:
        changes = (
            ("connect", self._open, 1),
            ("close", self._open, -1),
            ("checkout", self._in_use, 1),
            ("checkin", self._in_use, -1),
            # What a thread keeps for itself.
            ("detach", self._in_use, -1),
            ("close_detached", self._open, -1),
        )
        for happening, gauge, change in changes:
            _follow(engine, happening, gauge.labels(database), change)
        if engine.dialect.name == "postgresql":
            self._limit.labels(database).set(self._pool.limit)


def _follow(engine: Engine, happening: str, gauge: Gauge, change: int) -> None:
    def follow(*_: Any) -> None:
        gauge.inc(change)

    event.listen(engine, happening, follow)

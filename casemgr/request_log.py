"""The log: one line for each request, beside what goes wrong.

On a terminal a line is for a person to read, elsewhere it is a JSON object.
"""

import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import orjson

from casemgr.exchanges import Exchange
from casemgr.request_ids import RequestIdFilter

_STANDARD_ERROR = 2

_log = logging.getLogger(__name__)


def configure() -> None:
    """Write what the service logs to standard error, each line with the ID of its request."""
    # Authlib logs tokens for debugging.
    logging.getLogger("authlib").setLevel(logging.INFO)
    # No line tells of threads, and who has a process of its own is told by others.
    logging.logThreads = logging.logMultiprocessing = False
    log = logging.getLogger("casemgr")
    if not log.handlers:
        handler = _Handler()
        handler.addFilter(RequestIdFilter())
        handler.setFormatter(_text() if sys.stderr.isatty() else _JsonFormatter())
        log.addHandler(handler)
        log.setLevel(logging.INFO)


def writer(slow: timedelta) -> Callable[[Exchange], None]:
    """Get what writes the line of an exchange.

    :param slow: how long a request may take before its line is a warning.
    """
    slow_seconds = slow.total_seconds()

    def write(exchange: Exchange) -> None:
        level = logging.WARNING if exchange.seconds > slow_seconds else logging.INFO
        if _log.isEnabledFor(level):
            facts = _facts(exchange)
            message = f"{exchange.method} {facts['route']} {exchange.status} {exchange.seconds * 1000:.1f} ms"
            # Not by `Logger.log`, which looks through the stack for who logs.
            record = logging.LogRecord(__name__, level, __file__, 0, message, None, None)
            record.facts = facts
            _log.handle(record)

    return write


def _facts(exchange: Exchange) -> dict[str, str | int | float]:
    observed = exchange.observations
    facts: dict[str, str | int | float | None] = {
        "method": exchange.method,
        "route": exchange.route or "-",
        "status": exchange.status,
        "error_code": observed.error_code,
        "actor_kind": observed.actor_kind,
        "ids": observed.id_count,
        "media_type": exchange.media_type,
        "language": exchange.language_tag,
        "bytes": exchange.body_size,
        "milliseconds": round(exchange.seconds * 1000, 1),
        "database_milliseconds": round(observed.database_seconds * 1000, 1),
        "statements": observed.statements,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _text() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s")


class _Handler(logging.Handler):
    """Writes each line to standard error by one call of the system, which needs no lock.

    A thread that had the lock would wait for its turn after the call, and all other requests for the thread.
    """

    def createLock(self) -> None:  # noqa: N802 - logging calls it so
        """Make none."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            os.write(_STANDARD_ERROR, f"{self.format(record)}\n".encode())
        except OSError:
            self.handleError(record)


class _JsonFormatter(logging.Formatter):
    """Writes a record as a JSON object: what it has, without a look at each of the attributes that it could have."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            entry["exc_info"] = self.formatException(record.exc_info)
        return orjson.dumps(entry).decode()

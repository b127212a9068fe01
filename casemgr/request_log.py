"""The log: one line for each request, beside what goes wrong.

On a terminal a line is for a person to read, elsewhere it is a JSON object.
"""

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import orjson

from casemgr.exchanges import Exchange
from casemgr.request_ids import RequestIdFilter

_STANDARD_ERROR = 2


def configure() -> None:
    """Write what the service logs to standard error, each line with the ID of its request."""
    # Authlib logs tokens for debugging.
    logging.getLogger("authlib").setLevel(logging.INFO)
    log = logging.getLogger("casemgr")
    if not log.handlers:
        handler = _Handler()
        handler.addFilter(RequestIdFilter())
        handler.setFormatter(_text() if sys.stderr.isatty() else _JsonFormatter())
        log.addHandler(handler)
        log.setLevel(logging.INFO)


def writer(slow: timedelta) -> Callable[[Exchange], None]:
    """Get what writes the line of an exchange.

    It does not go through `logging`, which takes longer even without the facts (docs/performance.md).

    :param slow: how long a request may take before its line is a warning.
    """
    slow_seconds = slow.total_seconds()
    encode = _as_text if sys.stderr.isatty() else _as_json

    def write(exchange: Exchange) -> None:
        level = "WARNING" if exchange.seconds > slow_seconds else "INFO"
        message = f"{exchange.method} {exchange.route or '-'} {exchange.status} {exchange.seconds * 1000:.1f} ms"
        with suppress(OSError):
            os.write(_STANDARD_ERROR, encode(exchange, datetime.now(UTC), level, message))

    return write


def _as_text(exchange: Exchange, now: datetime, level: str, message: str) -> bytes:
    at = f"{now.astimezone():%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d}"
    return f"{at} {level} [{exchange.observations.request_id}] {__name__}: {message}\n".encode()


def _as_json(exchange: Exchange, now: datetime, level: str, message: str) -> bytes:
    observed = exchange.observations
    facts: dict[str, datetime | str | int | float | None] = {
        "time": now,
        "level": level,
        "logger": __name__,
        "message": message,
        "request_id": observed.request_id,
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
    return orjson.dumps(
        {name: fact for name, fact in facts.items() if fact is not None}, option=orjson.OPT_APPEND_NEWLINE
    )


def _text() -> logging.Formatter:
    # The same as `_as_text` writes.
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
        }
        if record.exc_info:
            entry["exc_info"] = self.formatException(record.exc_info)
        return orjson.dumps(entry).decode()

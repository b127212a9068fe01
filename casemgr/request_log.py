"""The log: one line for each request, beside what goes wrong.

On a terminal a line is for a person to read, elsewhere it is a JSON object.
"""

import logging
import sys
from collections.abc import Callable
from datetime import timedelta

from pythonjsonlogger.orjson import OrjsonFormatter

from casemgr.observations import Exchange
from casemgr.request_ids import RequestIdFilter

_log = logging.getLogger(__name__)


def configure() -> None:
    """Write what the service logs to standard error, each line with the ID of its request."""
    # Authlib logs tokens for debugging.
    logging.getLogger("authlib").setLevel(logging.INFO)
    log = logging.getLogger("casemgr")
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.addFilter(RequestIdFilter())
        handler.setFormatter(_text() if sys.stderr.isatty() else _json())
        log.addHandler(handler)
        log.setLevel(logging.INFO)


def writer(slow: timedelta) -> Callable[[Exchange], None]:
    """Get what writes the line of an exchange.

    :param slow: how long a request may take before its line is a warning.
    """

    def write(exchange: Exchange) -> None:
        observed = exchange.observations
        facts = {
            "method": exchange.method,
            "route": exchange.route or "-",
            "status": exchange.status,
            "error_code": observed.error_code,
            "actor_kind": observed.actor_kind and observed.actor_kind.name.lower(),
            "ids": observed.id_count,
            "media_type": exchange.media_type,
            "language": exchange.language_tag,
            "bytes": exchange.body_size,
            "milliseconds": round(exchange.seconds * 1000, 1),
            "database_milliseconds": round(observed.database_seconds * 1000, 1),
            "statements": observed.statements,
        }
        _log.log(
            logging.WARNING if exchange.seconds > slow.total_seconds() else logging.INFO,
            "%(method)s %(route)s %(status)s %(milliseconds).1f ms",
            facts,
            extra={name: value for name, value in facts.items() if value is not None},
        )

    return write


def _text() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s")


def _json() -> logging.Formatter:
    return OrjsonFormatter(
        "%(levelname)s %(name)s %(message)s %(request_id)s",
        timestamp="time",
        rename_fields={"levelname": "level", "name": "logger"},
    )

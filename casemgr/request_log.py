"""The log: one line for each request, beside what goes wrong.

On a terminal a line is for a person to read, elsewhere it is a JSON object.
"""

import logging
import sys
import time
from datetime import timedelta

from flask import Flask, Response, request
from pythonjsonlogger.orjson import OrjsonFormatter

from casemgr import observations
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


def init_app(app: Flask, slow: timedelta) -> None:
    """Log every request that the application answers.

    :param slow: how long a request may take before its line is a warning.
    """

    def log(response: Response) -> Response:
        observed = observations.of_request()
        seconds = time.perf_counter() - observed.started
        # The rule instead of the path: whatever a client puts into a URL, it is not for the log.
        route = request.url_rule.rule if request.url_rule else "-"
        facts = {
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "error_code": observed.error_code,
            "actor_kind": observed.actor_kind and observed.actor_kind.name.lower(),
            "ids": observed.id_count,
            "media_type": response.mimetype or None,
            "language": response.headers.get("Content-Language"),
            "bytes": response.content_length,
            "milliseconds": round(seconds * 1000, 1),
            "database_milliseconds": round(observed.database_seconds * 1000, 1),
            "statements": observed.statements,
        }
        level = logging.WARNING if seconds > slow.total_seconds() else logging.INFO
        _log.log(
            level,
            "%(method)s %(route)s %(status)s %(milliseconds).1f ms",
            facts,
            extra={name: value for name, value in facts.items() if value is not None},
        )
        return response

    def begin() -> None:
        observations.of_request()

    app.before_request(begin)
    app.after_request(log)


def _text() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s")


def _json() -> logging.Formatter:
    return OrjsonFormatter(
        "%(levelname)s %(name)s %(message)s %(request_id)s",
        timestamp="time",
        rename_fields={"levelname": "level", "name": "logger"},
    )

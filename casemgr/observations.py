"""What is noted of a request while it is answered: numbers and kinds, never content."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from sqlalchemy import Connection, Engine, event

from casemgr.actors import ActorKind


@dataclass(slots=True)
class Observations:
    """What there is to know of a request.

    :param started: in seconds of the clock that only ever grows.
    :param database_seconds: the time spent in statements.
    """

    started: float = field(default_factory=time.perf_counter)
    actor_kind: ActorKind | None = None
    id_count: int | None = None
    error_code: str | None = None
    statements: int = 0
    database_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that has been answered.

    :param route: the rule that it came under, not the path: whatever a client puts into a URL, it is not to be kept.
    :param seconds: how long it took.
    """

    method: str
    route: str | None
    status: int
    media_type: str | None
    language_tag: str | None
    body_size: int | None
    seconds: float
    observations: Observations


def of_request() -> Observations:
    """Get the observations of the current request, which begin with the first call."""
    if "observations" not in g:
        g.observations = Observations()
    observations: Observations = g.observations
    return observations


def init_app(app: Flask, listeners: Sequence[Callable[[Exchange], None]]) -> None:
    """Tell the listeners of every exchange."""

    def begin() -> None:
        of_request()

    def tell(response: Response) -> Response:
        observed = of_request()
        exchange = Exchange(
            request.method,
            request.url_rule.rule if request.url_rule else None,
            response.status_code,
            response.mimetype or None,
            response.headers.get("Content-Language"),
            response.content_length,
            time.perf_counter() - observed.started,
            observed,
        )
        for listener in listeners:
            listener(exchange)
        return response

    app.before_request(begin)
    app.after_request(tell)


def observe(engine: Engine) -> None:
    """Count the statements of requests, and their time."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)


def _begin(connection: Connection, *_: Any) -> None:
    connection.info["began"] = time.perf_counter()


def _end(connection: Connection, _cursor: object, statement: str, *_: Any) -> None:
    # What begins a transaction is a statement on SQLite only.
    if not statement.startswith("BEGIN"):
        count_statement(time.perf_counter() - connection.info["began"])


def count_statement(seconds: float) -> None:
    """Count a statement of the current request, if there is one."""
    if has_request_context():
        observations = of_request()
        observations.statements += 1
        observations.database_seconds += seconds

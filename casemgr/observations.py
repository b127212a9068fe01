"""What is noted of a request while it is answered: numbers and kinds, never content."""

import time
from dataclasses import dataclass, field
from typing import Any

from flask import g, has_request_context
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


def of_request() -> Observations:
    """Get the observations of the current request, which begin with the first call."""
    if "observations" not in g:
        g.observations = Observations()
    observations: Observations = g.observations
    return observations


def observe(engine: Engine) -> None:
    """Count the statements of requests, and their time."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)


def _begin(connection: Connection, *_: Any) -> None:
    connection.info["began"] = time.perf_counter()


def _end(connection: Connection, _cursor: object, statement: str, *_: Any) -> None:
    # What begins a transaction is a statement on SQLite only.
    if has_request_context() and not statement.startswith("BEGIN"):
        observations = of_request()
        observations.statements += 1
        observations.database_seconds += time.perf_counter() - connection.info["began"]

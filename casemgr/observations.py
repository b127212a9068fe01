"""What is noted of a request while it is answered: what its response carries back, and numbers and kinds."""

import time
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

from casemgr.actors import ActorKind
from casemgr.locales import DEFAULT_LOCALE, Locale
from casemgr.media_types import MediaType


@dataclass(slots=True)
class Observations:
    """What there is to know of a request.

    :param media_type: the one that it is answered in; None as long as it has not been negotiated.
    :param locale: the one that it is answered in.
    :param is_file: whether it is for a file that is the same for everybody, and no resource of the API.
    :param session_id: the session that authenticated it, if its response carries that back (contract HDR-3).
    :param started: in seconds of the clock that only ever grows.
    :param database_seconds: the time spent in statements.
    """

    request_id: str
    media_type: MediaType | None = None
    locale: Locale = DEFAULT_LOCALE
    is_file: bool = False
    session_id: str | None = field(default=None, repr=False)
    started: float = field(default_factory=time.perf_counter)
    actor_kind: ActorKind | None = None
    id_count: int | None = None
    error_code: str | None = None
    statements: int = 0
    database_seconds: float = 0.0


_current: ContextVar[Observations | None] = ContextVar("observations", default=None)


def begin(observations: Observations) -> Token[Observations | None]:
    """Note from now on what happens.

    :returns: what `end` takes.
    """
    return _current.set(observations)


def end(token: Token[Observations | None]) -> None:
    """Note nothing more."""
    _current.reset(token)


def current() -> Observations | None:
    """Get the observations of the current request; None outside of one."""
    return _current.get()


def of_request() -> Observations:
    """Get the observations of the current request.

    :raises LookupError: outside of one.
    """
    if observations := _current.get():
        return observations
    raise LookupError("There is no request.")


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
    if observations := _current.get():
        observations.statements += 1
        observations.database_seconds += seconds

"""The context of a request: what its response repeats, and the facts that the log and the metrics record."""

import random
import re
import time
from collections.abc import Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event

from casemgr.domain.actors import ActorKind
from casemgr.http.media_types import MediaType
from casemgr.i18n.locales import DEFAULT_LOCALE, Locale

REQUEST_ID_PATTERN = r"[!-~]{1,128}"
"""The regular expression of a caller's own request ID. Source: contract HDR-2."""

_REQUEST_ID = re.compile(REQUEST_ID_PATTERN)


def select_request_id(sent: str | None) -> str:
    """Select the caller's own request ID if it has the right form, else generate a new one (contract HDR-2)."""
    if sent and _REQUEST_ID.fullmatch(sent):
        return sent
    # It has to be unique, not secret: no need for a system call to get cryptographic random numbers.
    return f"{random.getrandbits(128):032x}"


_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace_id>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<more>-.*)?"
)


def parse_trace_id(traceparent: str | None) -> str | None:
    """Parse the trace ID of a traceparent field; None when the field is absent or invalid.

    Source: W3C Trace Context, section 3.2; contract HDR-5.
    """
    match = _TRACEPARENT.fullmatch(traceparent or "")
    # Only later versions may append fields.
    if match is None or (match["version"] == "00" and match["more"]):
        return None
    return match["trace_id"]


@dataclass(slots=True)
class RequestContext:
    """The facts about a request that is being answered.

    :param trace_id: the trace of a distributed system that the request belongs to, if the caller named one.
    :param media_type: the media type of the response; None until it has been negotiated.
    :param locale: the locale of the response.
    :param is_file: whether the response is a static file, which is the same for everybody and no part of the API.
    :param session_id: the session that authenticated the request, if the response repeats its ID (contract HDR-3).
    :param client_address: the network address of the client, behind any trusted proxies; empty when unknown.
    :param started: seconds of the performance counter.
    :param actor_id: the ID of who calls, or of the account that a failed login is for.
    :param case_ids: the well-formed IDs that the request asks for, possibly of more digits than any case has.
    :param customer_id: the customer on whose behalf the request is made, in the same form.
    :param error_code: the code of the error catalogue, or of OAuth 2.0.
    :param database_seconds: the time spent in statements.
    """

    request_id: str
    trace_id: str | None = None
    media_type: MediaType | None = None
    locale: Locale = DEFAULT_LOCALE
    is_file: bool = False
    session_id: str | None = field(default=None, repr=False)
    client_address: str = ""
    started: float = field(default_factory=time.perf_counter)
    actor_kind: ActorKind | None = None
    actor_id: int | None = None
    case_ids: Sequence[str] = ()
    customer_id: str | None = None
    error_code: str | None = None
    statements: int = 0
    database_seconds: float = 0.0


class AccessRecord(NamedTuple):
    """A request that has been answered.

    :param route: the URL rule that matched, not the path: log and metrics must not have text that a client made up.
    :param seconds: the time from the first line of the application to the response.
    """

    method: str
    route: str | None
    status: int
    media_type: str | None
    body_size: int | None
    seconds: float
    context: RequestContext


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def enter(context: RequestContext) -> Token[RequestContext | None]:
    """Make this the current context.

    :returns: the token that `leave` takes.
    """
    return _current.set(context)


def leave(token: Token[RequestContext | None]) -> None:
    """Restore the context from before `enter`."""
    _current.reset(token)


def find_context() -> RequestContext | None:
    """Return the context of the current request; None outside of a request."""
    return _current.get()


def current_context() -> RequestContext:
    """Return the context of the current request.

    :raises LookupError: outside of a request.
    """
    if context := _current.get():
        return context
    raise LookupError("There is no current request.")


def record_actor(kind: ActorKind, actor_id: int) -> None:
    """Record who makes the current request, or the account that its login is for."""
    if context := _current.get():
        context.actor_kind, context.actor_id = kind, actor_id


def count_statements_of(engine: Engine) -> None:
    """Count the statements that requests run on an engine, and their time."""
    event.listen(engine, "before_cursor_execute", _before_statement)
    event.listen(engine, "after_cursor_execute", _after_statement)


def _before_statement(connection: Connection, *_: Any) -> None:
    connection.info["statement_started"] = time.perf_counter()


def _after_statement(connection: Connection, _cursor: object, statement: str, *_: Any) -> None:
    # SQLAlchemy begins a transaction by a statement on SQLite only.
    if not statement.startswith("BEGIN"):
        count_statement(time.perf_counter() - connection.info["statement_started"])


def count_statement(seconds: float) -> None:
    """Count a statement of the current request, if there is one."""
    if context := _current.get():
        context.statements += 1
        context.database_seconds += seconds

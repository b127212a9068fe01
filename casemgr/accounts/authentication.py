"""Authentication: parse the credential headers and load the session."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from casemgr.accounts.sessions import Session, extend_session, load_session
from casemgr.database.databases import Reads, WriteBlockedError
from casemgr.database.statements import Source
from casemgr.domain.actors import ClientApplication
from casemgr.errors.catalogue import (
    NO_CREDENTIALS,
    NOT_BEARER,
    SESSION_NOT_VALID,
    TOKEN_NOT_OF_CLIENT,
    TOKEN_NOT_VALID,
    TWO_CREDENTIALS,
)
from casemgr.errors.definitions import ApiError
from casemgr.observability.context import record_actor

# Visible ASCII except the comma, with which servers join repeated header fields (RFC 9110 section 5.3).
_BEARER = re.compile(r"bearer +([!-+\--~]+)", re.IGNORECASE)

_BLANKS = " \t"

_EXTENSION_STEP = timedelta(minutes=1)
"""The idle time of a session is extended at most once in this time, so that not every request writes."""

_EXTENSION_LOCK_TIMEOUT = 0.02
"""Seconds to wait for other writers; if they take longer, a later request extends the session."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A session ID, and whether it was sent in the header for client applications."""

    session_id: str
    of_client_application: bool

    @property
    def echoed(self) -> str | None:
        """The session ID that the response repeats; None when the client sent a token (contract HDR-3)."""
        return None if self.of_client_application else self.session_id


def parse_credentials(session_id: str | None, authorization: str | None) -> Credentials:
    """Parse the credential headers, of which an empty one counts as absent.

    :param session_id: the X-egain-session field value as received; None when it is absent.
    :param authorization: the Authorization field value as received; None when it is absent.
    :raises ApiError: TWO_CREDENTIALS, NO_CREDENTIALS or NOT_BEARER.

    Source: RFC 6750 section 2; contract ACC-2 to ACC-4.
    """
    session_id, authorization = (session_id or "").strip(_BLANKS), (authorization or "").strip(_BLANKS)
    if session_id and authorization:
        raise ApiError(TWO_CREDENTIALS)
    if session_id:
        return Credentials(session_id, of_client_application=False)
    if not authorization:
        raise ApiError(NO_CREDENTIALS)
    bearer = _BEARER.fullmatch(authorization)
    if bearer is None:
        raise ApiError(NOT_BEARER)
    return Credentials(bearer[1], of_client_application=True)


def authenticate(
    source: Source, credentials: Credentials, now: datetime, idle_time: timedelta | None = None
) -> Session:
    """Load the session of the credentials, and record its owner as the actor of the request.

    :param now: in UTC.
    :param idle_time: the time after which an unused session ends; None when the session must not be extended.
    :raises ApiError: SESSION_NOT_VALID, TOKEN_NOT_VALID or TOKEN_NOT_OF_CLIENT.

    Source: contract ACC-3.
    """
    extend_before = now + idle_time - min(_EXTENSION_STEP, idle_time / 10) if idle_time else None
    session = load_session(source, credentials.session_id, now, extend_before)
    if session is None:
        raise ApiError(TOKEN_NOT_VALID if credentials.of_client_application else SESSION_NOT_VALID)
    if credentials.of_client_application != isinstance(session.actor, ClientApplication):
        raise ApiError(TOKEN_NOT_OF_CLIENT if credentials.of_client_application else SESSION_NOT_VALID)
    record_actor(session.actor.kind, session.actor.id)
    return session


def extend(reads: Reads, credentials: Credentials, idle_time: timedelta, now: datetime) -> None:
    """Extend the idle time of a session, unless the database takes no writes or other writers take too long.

    :param idle_time: the time after which the session ends if it is not used again.
    :param now: in UTC.
    """
    with suppress(WriteBlockedError), reads.interrupted_to_write(_EXTENSION_LOCK_TIMEOUT) as connection:
        extend_session(connection, credentials.session_id, now + idle_time)

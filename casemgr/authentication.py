"""Authentication: from the credential headers to the actor."""

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from casemgr.actors import ClientApplication
from casemgr.database import Source, writing
from casemgr.errors import (
    NO_CREDENTIALS,
    NOT_BEARER,
    SESSION_NOT_VALID,
    TOKEN_NOT_OF_CLIENT,
    TOKEN_NOT_VALID,
    TWO_CREDENTIALS,
    ApiError,
)
from casemgr.sessions import Session, extend_session, load_session

# One token: visible ASCII but the comma, with which a server joins repeated header fields (RFC 9110 section 5.3).
_BEARER = re.compile(r"bearer +([!-+\--~]+)", re.IGNORECASE)

_BLANKS = " \t"

_EXTENSION_STEP = timedelta(minutes=1)
"""How long at most the use of a session goes unrecorded, so that not every request writes."""

_EXTENSION_PATIENCE = 0.1
"""Seconds that a request waits for another writer, such as an import; a later request extends the session as well."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A session ID, and which kind of actor the header that it came in is for."""

    session_id: str
    of_client_application: bool

    @property
    def echoed(self) -> str | None:
        """What a response carries back of them (contract HDR-3)."""
        return None if self.of_client_application else self.session_id


def parse_credentials(session_id: str | None, authorization: str | None) -> Credentials:
    """Parse the credential headers; one that is empty counts as absent.

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


def authenticate(source: Source, credentials: Credentials, now: datetime) -> Session:
    """Load the session that the credentials are of.

    :raises ApiError: SESSION_NOT_VALID, TOKEN_NOT_VALID or TOKEN_NOT_OF_CLIENT.

    Source: contract ACC-3.
    """
    session = load_session(source, credentials.session_id, now)
    if session is None:
        raise ApiError(TOKEN_NOT_VALID if credentials.of_client_application else SESSION_NOT_VALID)
    if credentials.of_client_application != isinstance(session.actor, ClientApplication):
        raise ApiError(TOKEN_NOT_OF_CLIENT if credentials.of_client_application else SESSION_NOT_VALID)
    return session


def is_to_be_extended(session: Session, idle_time: timedelta, now: datetime) -> bool:
    """Tell whether a session that is used is one that ends when it is not, and its use is to be recorded.

    :param idle_time: how long it lasts from now.
    """
    if session.idle_expires is None:
        return False
    return now + idle_time - session.idle_expires >= min(_EXTENSION_STEP, idle_time / 10)


def extend(engine: Engine, credentials: Credentials, idle_time: timedelta, now: datetime) -> None:
    """Let a session end later, unless others are writing for long.

    :param idle_time: how long it lasts from now.
    """
    try:
        with writing(engine, _EXTENSION_PATIENCE) as connection:
            extend_session(connection, credentials.session_id, now + idle_time)
    except OperationalError as error:
        _log.warning("The idle time of a session was not extended: %s", error.orig)

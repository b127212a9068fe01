"""Authentication: from the credential headers to the actor."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from casemgr.actors import Actor, ClientApplication
from casemgr.errors import (
    NO_CREDENTIALS,
    NOT_BEARER,
    SESSION_NOT_VALID,
    TOKEN_NOT_OF_CLIENT,
    TOKEN_NOT_VALID,
    TWO_CREDENTIALS,
    ApiError,
)
from casemgr.sessions import load_actor

# One token: visible ASCII but the comma, with which a server joins repeated header fields (RFC 9110 section 5.3).
_BEARER = re.compile(r"bearer +([!-+\--~]+)", re.IGNORECASE)


_BLANKS = " \t"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A session ID, and which kind of actor the header that it came in is for."""

    session_id: str
    of_client_application: bool


def parse_credentials(session_id: str, authorization: str) -> Credentials:
    """Parse the credential headers; one that is empty counts as absent.

    :param session_id: the X-egain-session field value as received.
    :param authorization: the Authorization field value as received.
    :raises ApiError: TWO_CREDENTIALS, NO_CREDENTIALS or NOT_BEARER.

    Source: RFC 6750 section 2; contract ACC-2 to ACC-4.
    """
    session_id, authorization = session_id.strip(_BLANKS), authorization.strip(_BLANKS)
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


def authenticate(connection: Connection, credentials: Credentials, now: datetime) -> Actor:
    """Load the actor whom the credentials belong to.

    :raises ApiError: SESSION_NOT_VALID, TOKEN_NOT_VALID or TOKEN_NOT_OF_CLIENT.

    Source: contract ACC-3.
    """
    actor = load_actor(connection, credentials.session_id, now)
    if not credentials.of_client_application:
        if actor is None or isinstance(actor, ClientApplication):
            raise ApiError(SESSION_NOT_VALID)
        return actor
    if actor is None:
        raise ApiError(TOKEN_NOT_VALID)
    if not isinstance(actor, ClientApplication):
        raise ApiError(TOKEN_NOT_OF_CLIENT)
    return actor

"""The headers that every response of the API has."""

from flask import Flask, Response, g

from casemgr import request_ids
from casemgr.authentication import Credentials
from casemgr.locales import DEFAULT_LOCALE

SESSION_HEADER = "X-egain-session"
AUTHORIZATION_HEADER = "Authorization"
USER_MESSAGE_HEADER = "X-egain-error-message"

_EVERY_RESPONSE = (
    # Whatever may have a part in the choice of an answer, by this header field or another (RFC 9110 section 12.5.5).
    (
        "Vary",
        f"Accept, Accept-Language, {AUTHORIZATION_HEADER}, {SESSION_HEADER}, {USER_MESSAGE_HEADER}, Accept-Encoding",
    ),
    ("Cache-Control", "private, no-store"),
    ("X-Content-Type-Options", "nosniff"),
)


def init_app(app: Flask) -> None:
    """Complete every response of the application."""
    app.after_request(_complete)


def echo_session(credentials: Credentials) -> None:
    """Carry the session that authenticated the current request back in its response (contract HDR-3)."""
    if not credentials.of_client_application:
        g.session_id = credentials.session_id


def _complete(response: Response) -> Response:
    """Add what does not depend on the resource (contract NEG-6, HDR-1 to HDR-3)."""
    # Added, not set: nobody else writes them, and looking for each of them takes longer than all the rest.
    headers = [*_EVERY_RESPONSE, (request_ids.HEADER, request_ids.request_id())]
    if session_id := g.get("session_id"):
        headers.append((SESSION_HEADER, session_id))
    if "Content-Language" not in response.headers:
        headers.append(("Content-Language", DEFAULT_LOCALE.language_tag))
    response.headers.extend(headers)
    return response

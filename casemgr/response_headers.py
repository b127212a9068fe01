"""The headers that every response of the API has."""

from flask import Flask, Response, g

from casemgr import request_ids
from casemgr.authentication import Credentials
from casemgr.locales import DEFAULT_LOCALE

SESSION_HEADER = "X-egain-session"
AUTHORIZATION_HEADER = "Authorization"
USER_MESSAGE_HEADER = "X-egain-error-message"

_VARY = ("Accept", "Accept-Language", AUTHORIZATION_HEADER, SESSION_HEADER)


def init_app(app: Flask) -> None:
    """Complete every response of the application."""
    app.after_request(_complete)


def echo_session(credentials: Credentials) -> None:
    """Carry the session that authenticated the current request back in its response (contract HDR-3)."""
    if not credentials.of_client_application:
        g.session_id = credentials.session_id


def _complete(response: Response) -> Response:
    """Add what does not depend on the resource (contract NEG-6, HDR-1 to HDR-3)."""
    if not response.content_language:
        response.content_language.add(DEFAULT_LOCALE.language_tag)
    response.vary.update(_VARY)
    response.cache_control.private = True
    response.cache_control.no_store = True
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers[request_ids.HEADER] = request_ids.request_id()
    if session_id := g.get("session_id"):
        response.headers[SESSION_HEADER] = session_id
    return response

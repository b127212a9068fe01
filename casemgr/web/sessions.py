"""The blueprint of logging in and out, for users and customers."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from flask import Blueprint, Response, request

from casemgr.accounts.authentication import authenticate, parse_credentials
from casemgr.accounts.login import Attempt, open_session, verify_credentials
from casemgr.accounts.login_requests import parse_force_login, parse_login, select_body_type
from casemgr.accounts.sessions import end_session
from casemgr.config import Config
from casemgr.database.databases import Databases
from casemgr.domain.actors import ActorKind
from casemgr.http.headers import AUTHORIZATION_HEADER, SESSION_HEADER
from casemgr.http.negotiation import select_locale, select_media_type
from casemgr.http.paths import LOGIN_PATHS, LOGOUT_PATHS
from casemgr.observability.context import RequestContext, current_context
from casemgr.web.client_requests import read_body
from casemgr.web.responses import add_options, respond_without_content


def create_blueprint(databases: Databases, config: Config) -> Blueprint:
    """Create the routes for logging in and out."""
    blueprint = Blueprint("sessions", __name__)

    def log_in(kind: ActorKind) -> Response:
        context = _negotiate()
        force = parse_force_login(request.query_string.decode(errors="replace"))
        body_type = select_body_type(request.headers.get("Content-Type", ""))
        login = parse_login(body_type, read_body())
        now = datetime.now(UTC)
        attempt = Attempt(kind, login.user_name, login.password, context.client_address)
        verified = verify_credentials(databases, attempt, now)
        session_id = open_session(databases, verified, config, now, force=force)
        response = respond_without_content()
        response.headers[SESSION_HEADER] = session_id
        return response

    def log_out() -> Response:
        context, headers = _negotiate(), request.headers
        credentials = parse_credentials(headers.get(SESSION_HEADER), headers.get(AUTHORIZATION_HEADER))
        with databases.writing() as connection:
            authenticate(connection, credentials, datetime.now(UTC))
            context.session_id = credentials.echoed
            end_session(connection, credentials.session_id)
        return respond_without_content()

    for kind, paths in LOGIN_PATHS.items():
        for path in paths:
            _add_route(blueprint, path, partial(log_in, kind), ("POST",))
    for path, methods in LOGOUT_PATHS.items():
        _add_route(blueprint, path, log_out, methods)
    return blueprint


def _add_route(blueprint: Blueprint, path: str, view: Callable[[], Response], methods: Sequence[str]) -> None:
    blueprint.add_url_rule(path, path, view, methods=methods)
    add_options(blueprint, path, methods)


def _negotiate() -> RequestContext:
    context = current_context()
    context.media_type = select_media_type(request.headers.get("Accept"))
    context.locale = select_locale(request.headers.get("Accept-Language"))
    return context

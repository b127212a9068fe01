"""The blueprint of logging in and out, from top to bottom as in `casemgr.routes`; for clients, OAuth 2.0."""

from datetime import UTC, datetime

import orjson
from flask import Blueprint, request
from sqlalchemy import Engine
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from casemgr import oauth2, observations
from casemgr.actors import ActorKind
from casemgr.addresses import client_address, requested_base_url
from casemgr.authentication import authenticate, parse_credentials
from casemgr.config import Config
from casemgr.database import REQUEST_PATIENCE, writing
from casemgr.header_fields import AUTHORIZATION_HEADER, SESSION_HEADER, read_field
from casemgr.login import Attempt, open_session, verify_credentials
from casemgr.media_types import MediaType
from casemgr.methods import answer_options
from casemgr.negotiation import select_locale, select_media_type
from casemgr.parameters import parse_force_login
from casemgr.paths import AUTHENTICATION_PATH, LOGIN_PATH, SESSION_PATH
from casemgr.request_bodies import MAX_BODY, parse_login, select_body_type
from casemgr.responses import Response
from casemgr.sessions import end_session


def create_blueprint(engine: Engine, config: Config) -> Blueprint:
    """Create the routes for logging in and out over a database."""
    blueprint = Blueprint("authmgr", __name__)

    def log_in(kind: ActorKind) -> Response:
        observed = observations.of_request()
        observed.media_type = select_media_type(read_field(request.environ, "Accept"))
        observed.locale = select_locale(read_field(request.environ, "Accept-Language"))
        force = parse_force_login(request.query_string.decode(errors="replace"))
        body_type = select_body_type(request.headers.get("Content-Type", ""))
        login = parse_login(body_type, _read_body())
        now = datetime.now(UTC)
        verified = verify_credentials(
            engine, Attempt(kind, login.user_name, login.password, _client_address(config)), now
        )
        observed.actor_kind = kind
        session_id = open_session(engine, verified, config, now, force=force)
        response = _no_content()
        response.headers[SESSION_HEADER] = session_id
        return response

    @blueprint.post(LOGIN_PATH.format(kind=ActorKind.USER))
    def log_in_user() -> Response:
        return log_in(ActorKind.USER)

    @blueprint.post(LOGIN_PATH.format(kind=ActorKind.CUSTOMER))
    def log_in_customer() -> Response:
        return log_in(ActorKind.CUSTOMER)

    @blueprint.delete(SESSION_PATH)
    def log_out() -> Response:
        observed = observations.of_request()
        observed.media_type = select_media_type(read_field(request.environ, "Accept"))
        observed.locale = select_locale(read_field(request.environ, "Accept-Language"))
        credentials = parse_credentials(
            read_field(request.environ, SESSION_HEADER), read_field(request.environ, AUTHORIZATION_HEADER)
        )
        with writing(engine, REQUEST_PATIENCE) as connection:
            authenticate(connection, credentials, datetime.now(UTC))
            observed.session_id = credentials.echoed
            end_session(connection, credentials.session_id)
        return _no_content()

    @blueprint.post(f"{AUTHENTICATION_PATH}{oauth2.TOKEN_PATH}")
    def issue_token() -> Response:
        return _as_json(oauth2.issue_token(engine, config, _token_request(config), datetime.now(UTC)))

    @blueprint.post(f"{AUTHENTICATION_PATH}{oauth2.REVOCATION_PATH}")
    def revoke_token() -> Response:
        return _as_json(oauth2.revoke_token(engine, config, _token_request(config), datetime.now(UTC)))

    @blueprint.get(oauth2.METADATA_PATH)
    def describe_server() -> Response:
        metadata = oauth2.describe_server(config.base_url or requested_base_url(request.environ))
        return Response(orjson.dumps(metadata), content_type=MediaType.JSON)

    for kind in (ActorKind.USER, ActorKind.CUSTOMER):
        answer_options(blueprint, LOGIN_PATH.format(kind=kind), ["POST"])
    for path in (oauth2.TOKEN_PATH, oauth2.REVOCATION_PATH):
        answer_options(blueprint, f"{AUTHENTICATION_PATH}{path}", ["POST"])
    answer_options(blueprint, SESSION_PATH, ["DELETE"])
    answer_options(blueprint, oauth2.METADATA_PATH, ["GET", "HEAD"])
    return blueprint


def _read_body() -> bytes:
    """Read the body of the current request, and no more of it than it takes to tell that it is too long.

    :raises RequestEntityTooLarge: when it is longer than MAX_BODY.
    :raises ClientDisconnected: when it is cut off, or its transfer coding is wrong.
    """
    # werkzeug cuts a body without Content-Length at its limit and says nothing.
    request.max_content_length = MAX_BODY + 1
    try:
        body = request.get_data()
    except HTTPException:
        raise
    except Exception as error:
        # Which one it is for a wrong transfer coding differs from server to server.
        raise ClientDisconnected from error
    if len(body) > MAX_BODY:
        raise RequestEntityTooLarge
    if len(body) < (request.content_length or 0):
        raise ClientDisconnected
    return body


def _token_request(config: Config) -> oauth2.TokenRequest:
    """Take from the current request what the standard asks about."""
    try:
        body = _read_body()
        form = tuple(request.form.items(multi=True)) if request.mimetype == oauth2.FORM else None
        # werkzeug finds nothing at all in a form that is not UTF-8.
        form = None if body and not form else form
    except (RequestEntityTooLarge, ClientDisconnected):
        form = None
    return oauth2.TokenRequest(
        (read_field(request.environ, AUTHORIZATION_HEADER) or "").strip(), form, _client_address(config)
    )


def _client_address(config: Config) -> str:
    return client_address(
        request.remote_addr or "", read_field(request.environ, "X-Forwarded-For") or "", config.trusted_proxies
    )


def _no_content() -> Response:
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def _as_json(answer: oauth2.TokenResponse) -> Response:
    return Response(orjson.dumps(answer.body), answer.status, answer.headers, content_type=MediaType.JSON)

"""The blueprint of the tokens of client applications: OAuth 2.0."""

from datetime import UTC, datetime

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected, NotFound, RequestEntityTooLarge

from casemgr.accounts import oauth2
from casemgr.accounts.token_requests import TokenRequest
from casemgr.config import Config
from casemgr.database.databases import Databases
from casemgr.http.addresses import find_base_url
from casemgr.http.headers import AUTHORIZATION_HEADER
from casemgr.http.media_types import FORM
from casemgr.http.paths import METADATA_PATH, REVOCATION_PATH, TOKEN_PATH
from casemgr.observability.context import current_context
from casemgr.web.client_requests import read_body
from casemgr.web.responses import add_options, respond_with_json


def create_blueprint(databases: Databases, config: Config) -> Blueprint:
    """Create the routes of the authorization server."""
    blueprint = Blueprint("tokens", __name__)

    @blueprint.post(TOKEN_PATH)
    def issue_token() -> Response:
        return _respond(oauth2.issue_token(databases, config, _read_token_request(), datetime.now(UTC)))

    @blueprint.post(REVOCATION_PATH)
    def revoke_token() -> Response:
        return _respond(oauth2.revoke_token(databases, config, _read_token_request(), datetime.now(UTC)))

    @blueprint.get(METADATA_PATH)
    def get_metadata() -> Response:
        base_url = find_base_url(config.base_url, request.environ)
        if base_url is None:
            raise NotFound
        return respond_with_json(oauth2.build_metadata(base_url))

    add_options(blueprint, TOKEN_PATH, ["POST"])
    add_options(blueprint, REVOCATION_PATH, ["POST"])
    add_options(blueprint, METADATA_PATH, ["GET", "HEAD"])
    return blueprint


def _read_token_request() -> TokenRequest:
    try:
        body = read_body()
        form = tuple(request.form.items(multi=True)) if request.mimetype == FORM else None
        # Werkzeug finds no parameters at all in a form that is not UTF-8.
        form = None if body and not form else form
    except (RequestEntityTooLarge, ClientDisconnected):
        form = None
    authorization = request.headers.get(AUTHORIZATION_HEADER, "").strip()
    return TokenRequest(authorization, form, current_context().client_address)


def _respond(response: oauth2.TokenResponse) -> Response:
    error_code = response.body.get("error")
    if isinstance(error_code, str):
        current_context().error_code = error_code
    return respond_with_json(response.body, response.status, response.headers)

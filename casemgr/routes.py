"""The blueprint of the API: what a request goes through, from top to bottom."""

from datetime import UTC, datetime
from functools import partial

from flask import Blueprint, Response, request
from sqlalchemy import Engine

from casemgr import i18n
from casemgr.access import authorise
from casemgr.authentication import authenticate, parse_credentials
from casemgr.negotiation import select_locale, select_media_type
from casemgr.parameters import parse_query
from casemgr.paths import BASE_PATH
from casemgr.repository import load_definitions
from casemgr.representations import ENCODERS
from casemgr.response_headers import AUTHORIZATION_HEADER, SESSION_HEADER, echo_session
from casemgr.service import retrieve_cases
from schemas import schema_for

_METHODS = ("GET", "HEAD", "OPTIONS")


def create_blueprint(engine: Engine) -> Blueprint:
    """Create the routes of the API over a database."""
    blueprint = Blueprint("api", __name__, url_prefix=BASE_PATH)

    @blueprint.get("/case/<ids>")
    def get_cases(ids: str) -> Response:
        media_type = select_media_type(request.headers.get("Accept"))
        locale = select_locale(request.headers.get("Accept-Language"))
        credentials = parse_credentials(
            request.headers.get(SESSION_HEADER, ""), request.headers.get(AUTHORIZATION_HEADER, "")
        )
        with engine.connect() as connection:
            actor = authenticate(connection, credentials, datetime.now(UTC))
            if not credentials.of_client_application:
                echo_session(credentials.session_id)
            authorise(actor)
            query = parse_query(
                actor.kind, ids, request.query_string.decode(errors="replace"), partial(load_definitions, connection)
            )
            cases = retrieve_cases(connection, actor, query)
        with i18n.use_locale(locale):
            plain_data = schema_for(actor.kind, query.attributes).dump(cases, many=True)
        response = Response(ENCODERS[media_type].encode_cases(plain_data), content_type=media_type)
        response.content_language.add(locale.language_tag)
        return response

    @blueprint.route("/case/<ids>", methods=["OPTIONS"])
    def describe_methods(ids: str) -> Response:
        response = Response(status=204)
        del response.headers["Content-Type"]
        response.allow.update(_METHODS)
        return response

    return blueprint

"""The blueprint of cases: what a request goes through, from top to bottom."""

from datetime import UTC, datetime
from functools import partial

from flask import Blueprint, request
from sqlalchemy import Engine

from casemgr import i18n, observations
from casemgr.access import authorise
from casemgr.authentication import authenticate, extend, is_to_be_extended, parse_credentials
from casemgr.cases import Case
from casemgr.config import Config
from casemgr.database import Reading, Source
from casemgr.header_fields import AUTHORIZATION_HEADER, SESSION_HEADER, read_field
from casemgr.methods import answer_options
from casemgr.negotiation import select_locale, select_media_type
from casemgr.parameters import CaseQuery, parse_query
from casemgr.paths import BASE_PATH
from casemgr.replicas import Reader
from casemgr.repository import load_definitions
from casemgr.representations import case_encoder
from casemgr.responses import Response
from casemgr.service import retrieve_cases


def create_blueprint(engine: Engine, reader: Reader, config: Config) -> Blueprint:
    """Create the routes of cases.

    :param engine: the primary database, which has the sessions.
    :param reader: where cases are read.
    """
    blueprint = Blueprint("casemgr", __name__, url_prefix=BASE_PATH)

    @blueprint.get("/case/<ids>")
    def get_cases(ids: str) -> Response:
        observed = observations.of_request()
        environ = request.environ
        media_type = observed.media_type = select_media_type(read_field(environ, "Accept"))
        locale = observed.locale = select_locale(read_field(environ, "Accept-Language"))
        credentials = parse_credentials(read_field(environ, SESSION_HEADER), read_field(environ, AUTHORIZATION_HEADER))
        now = datetime.now(UTC)
        with Reading(engine) as primary:
            session = authenticate(primary, credentials, now)
            actor = session.actor
            observed.actor_kind = actor.kind
            observed.session_id = credentials.echoed
            if is_to_be_extended(session, config.session_idle_time, now):
                with primary.paused():
                    extend(engine, credentials, config.session_idle_time, now)
            authorise(actor)

            def load(source: Source) -> tuple[CaseQuery, list[Case]]:
                query = parse_query(
                    actor.kind,
                    ids,
                    request.query_string.decode(errors="replace"),
                    partial(load_definitions, source),
                )
                observed.id_count = len(query.case_ids)
                return query, retrieve_cases(source, actor, query)

            query, cases = reader.read(load, primary, session.dataset_version)
        with i18n.use_locale(locale):
            body = case_encoder(media_type, actor.kind, query.attributes)(cases)
        return Response(body, content_type=media_type)

    answer_options(blueprint, "/case/<ids>", ["GET", "HEAD"])
    return blueprint

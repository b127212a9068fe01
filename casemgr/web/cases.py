"""The blueprint of cases: the path of a request, from top to bottom."""

from datetime import UTC, datetime
from functools import partial

from flask import Blueprint, request

from casemgr.accounts.authentication import authenticate, extend, parse_credentials
from casemgr.cases.access import check_admission
from casemgr.cases.query import CaseQuery, parse_query
from casemgr.cases.repository import load_definitions
from casemgr.cases.service import retrieve_cases
from casemgr.config import Config
from casemgr.database.databases import Databases
from casemgr.database.statements import Source
from casemgr.domain.cases import Case
from casemgr.http.headers import AUTHORIZATION_HEADER, SESSION_HEADER
from casemgr.http.negotiation import select_locale, select_media_type
from casemgr.http.paths import BASE_PATH
from casemgr.observability.context import current_context
from casemgr.representations import case_encoder
from casemgr.web.application import Response
from casemgr.web.responses import add_options


def create_blueprint(databases: Databases, config: Config) -> Blueprint:
    """Create the routes of cases."""
    blueprint = Blueprint("cases", __name__, url_prefix=BASE_PATH)

    @blueprint.get("/case/<ids>")
    def get_cases(ids: str) -> Response:
        context, headers = current_context(), request.headers
        media_type = context.media_type = select_media_type(headers.get("Accept"))
        locale = context.locale = select_locale(headers.get("Accept-Language"))
        credentials = parse_credentials(headers.get(SESSION_HEADER), headers.get(AUTHORIZATION_HEADER))
        now = datetime.now(UTC)
        with databases.reading() as reads:
            session = reads.from_primary(
                lambda source: authenticate(source, credentials, now, config.session_idle_time)
            )
            actor = session.actor
            context.session_id = credentials.echoed
            if session.needs_extension:
                extend(reads, credentials, config.session_idle_time, now)
            check_admission(actor)

            def load(source: Source) -> tuple[CaseQuery, list[Case]]:
                query_string = request.query_string.decode(errors="replace")
                query = parse_query(actor.kind, ids, query_string, partial(load_definitions, source))
                context.case_ids, context.customer_id = query.case_ids, query.customer_id
                return query, retrieve_cases(source, actor, query)

            query, cases = reads.from_replica(load, session.dataset_version)
        encode = case_encoder(media_type, actor.kind, query.attributes)
        return Response(encode(cases, locale), content_type=media_type)

    add_options(blueprint, "/case/<ids>", ["GET", "HEAD"])
    return blueprint

"""The blueprint of the error catalogue for programs."""

from flask import Blueprint, Response, request

from casemgr.errors.listing import describe_entries
from casemgr.http.negotiation import select_locale
from casemgr.http.paths import ERRORS_PATH
from casemgr.observability.context import current_context
from casemgr.web.responses import add_options, respond_with_json


def create_blueprint() -> Blueprint:
    """Create the route of the error catalogue, which is always JSON, as the other descriptions have one media type."""
    blueprint = Blueprint("error_catalogue", __name__)

    @blueprint.get(ERRORS_PATH)
    def get_error_catalogue() -> Response:
        locale = current_context().locale = select_locale(request.headers.get("Accept-Language"))
        return respond_with_json({"error": describe_entries(locale)})

    add_options(blueprint, ERRORS_PATH, ["GET", "HEAD"])
    return blueprint

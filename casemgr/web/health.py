"""The blueprint of health checks for load balancers and service managers; it is no part of the API."""

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from casemgr.database.databases import BusyError, Databases
from casemgr.database.schema import has_newest_revision
from casemgr.i18n.translation import missing_catalogues
from casemgr.web.responses import respond_with_json


def create_blueprint(databases: Databases) -> Blueprint:
    """Create the routes of health checks."""
    blueprint = Blueprint("health", __name__, url_prefix="/health")

    @blueprint.get("/live")
    def check_liveness() -> Response:
        """Answer as long as the process can."""
        return respond_with_json({"status": "live"})

    @blueprint.get("/ready")
    def check_readiness() -> Response:
        """Answer whether requests can be served, and if not, why."""
        reasons = _reasons_against_readiness(databases)
        if reasons:
            return respond_with_json({"status": "not ready", "reasons": reasons}, 503)
        return respond_with_json({"status": "ready"})

    return blueprint


def _reasons_against_readiness(databases: Databases) -> list[str]:
    reasons = []
    if missing_catalogues():
        reasons.append("message catalogues are not compiled")
    try:
        with databases.reading() as reads:
            if not reads.from_primary(has_newest_revision):
                reasons.append("the schema is not at the newest revision")
    except BusyError:
        reasons.append("all requests wait for the database")
    except SQLAlchemyError:
        reasons.append("the database cannot be reached")
    return reasons

"""The blueprint of health checks, which load balancers and service managers ask; it is no part of the API."""

import orjson
from flask import Blueprint
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from casemgr import i18n
from casemgr.database import is_migrated
from casemgr.media_types import MediaType
from casemgr.responses import Response


def create_blueprint(engine: Engine) -> Blueprint:
    """Create the routes of health checks over a database."""
    blueprint = Blueprint("health", __name__, url_prefix="/health")

    @blueprint.get("/live")
    def tell_life() -> Response:
        """Answer, which is all there is to tell."""
        return _as_json(200, {"status": "live"})

    @blueprint.get("/ready")
    def tell_readiness() -> Response:
        """Tell whether requests can be served, and what prevents it."""
        reasons = _find_obstacles(engine)
        if reasons:
            return _as_json(503, {"status": "not ready", "reasons": reasons})
        return _as_json(200, {"status": "ready"})

    return blueprint


def _find_obstacles(engine: Engine) -> list[str]:
    reasons = []
    if i18n.missing_catalogues():
        reasons.append("message catalogues are not compiled")
    try:
        if not is_migrated(engine):
            reasons.append("the schema is not at the newest revision")
    except SQLAlchemyError:
        reasons.append("the database cannot be reached")
    return reasons


def _as_json(status: int, body: dict[str, object]) -> Response:
    return Response(orjson.dumps(body), status, content_type=MediaType.JSON)

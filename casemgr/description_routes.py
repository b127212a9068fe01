"""The blueprint of what describes the API to programs."""

from importlib.resources import files

from flask import Blueprint

import schemas
from casemgr.media_types import MediaType
from casemgr.methods import answer_options
from casemgr.paths import BASE_PATH
from casemgr.responses import Response


def create_blueprint() -> Blueprint:
    """Create the routes of the descriptions, which are in English and the same for everybody."""
    blueprint = Blueprint("description", __name__, url_prefix=BASE_PATH)

    @blueprint.get("/openapi.json")
    def describe_api() -> Response:
        # Imported here and below: what makes the description takes as long to load as half of the service.
        from casemgr import openapi

        return Response(openapi.as_json(), content_type=MediaType.JSON)

    @blueprint.get("/openapi.yaml")
    def describe_api_as_yaml() -> Response:
        from casemgr import openapi

        return Response(openapi.as_yaml(), content_type=openapi.YAML)

    @blueprint.get("/casemgr.xsd")
    def describe_xml() -> Response:
        return Response(files(schemas).joinpath("casemgr.xsd").read_bytes(), content_type=MediaType.XML)

    for path in ("/openapi.json", "/openapi.yaml", "/casemgr.xsd"):
        answer_options(blueprint, path, ["GET", "HEAD"])
    return blueprint

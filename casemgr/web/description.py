"""The blueprint of the descriptions of the API for programs."""

from importlib.resources import files

from flask import Blueprint, Response, request

import schemas
from casemgr.http.addresses import find_base_url
from casemgr.http.media_types import YAML, MediaType
from casemgr.http.paths import OPENAPI_JSON_PATH, OPENAPI_YAML_PATH, XML_SCHEMA_PATH
from casemgr.web.responses import add_options


def create_blueprint(base_url: str | None) -> Blueprint:
    """Create the routes of the descriptions, which are in English and the same for everybody.

    :param base_url: scheme and authority under which clients reach the service; None when it is not configured.
    """
    blueprint = Blueprint("description", __name__)

    @blueprint.get(OPENAPI_JSON_PATH)
    def get_openapi_json() -> Response:
        # Imported on demand: the description takes half as long to load as the whole service.
        from casemgr import openapi

        return Response(openapi.as_json(find_base_url(base_url, request.environ)), content_type=MediaType.JSON)

    @blueprint.get(OPENAPI_YAML_PATH)
    def get_openapi_yaml() -> Response:
        from casemgr import openapi

        return Response(openapi.as_yaml(find_base_url(base_url, request.environ)), content_type=YAML)

    @blueprint.get(XML_SCHEMA_PATH)
    def get_xml_schema() -> Response:
        return Response(files(schemas).joinpath("casemgr.xsd").read_bytes(), content_type=MediaType.XML)

    for path in (OPENAPI_JSON_PATH, OPENAPI_YAML_PATH, XML_SCHEMA_PATH):
        add_options(blueprint, path, ["GET", "HEAD"])
    return blueprint

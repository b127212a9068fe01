"""Responses that several blueprints have in common."""

from collections.abc import Mapping, Sequence

import orjson
from flask import Blueprint, Response

from casemgr.http.media_types import MediaType


def respond_without_content() -> Response:
    """Build a response with status 204."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def respond_with_json(
    body: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Build a response in JSON."""
    return Response(orjson.dumps(body), status, headers, content_type=MediaType.JSON)


def respond_with_page(page: str, content_security_policy: str) -> Response:
    """Build a response with a page in HTML."""
    headers = {"Content-Security-Policy": content_security_policy, "Referrer-Policy": "no-referrer"}
    return Response(page, headers=headers)


def add_options(blueprint: Blueprint, path: str, methods: Sequence[str]) -> None:
    """Answer OPTIONS for a path, without negotiation and credentials (contract URL-1).

    :param methods: the other methods of the path.
    """

    def answer_options(**_: str) -> Response:
        response = respond_without_content()
        response.allow.update((*methods, "OPTIONS"))
        return response

    endpoint = f"options_of_{path.replace('.', '_')}"
    blueprint.add_url_rule(path, endpoint=endpoint, view_func=answer_options, methods=["OPTIONS"])

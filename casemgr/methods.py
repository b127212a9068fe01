"""The methods of a resource, which OPTIONS tells."""

from collections.abc import Sequence

from flask import Blueprint

from casemgr.responses import Response


def answer_options(blueprint: Blueprint, path: str, methods: Sequence[str]) -> None:
    """Answer OPTIONS for a path, without negotiation or credentials (contract URL-1).

    :param methods: the other methods of the resource.
    """

    def describe_methods(**_: str) -> Response:
        response = Response(status=204)
        del response.headers["Content-Type"]
        response.allow.update((*methods, "OPTIONS"))
        return response

    blueprint.add_url_rule(
        path, endpoint=f"options_of_{path.replace('.', '_')}", view_func=describe_methods, methods=["OPTIONS"]
    )

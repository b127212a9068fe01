"""What any service on gunicorn, and any on Flask, takes at the least: constants."""

from collections.abc import Iterable

from flask import Flask, Response

_BODY = b'{"case":[]}'


def wsgi(_environ: object, start_response: object) -> Iterable[bytes]:
    """Answer everything with the same, without any framework."""
    assert callable(start_response)  # noqa: S101 - WSGI says so
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(_BODY)))])
    return [_BODY]


flask = Flask(__name__)


@flask.get("/core/casemgr/v3/case/<ids>")
def answer(ids: str) -> Response:
    """Answer the resource with the same always."""
    del ids
    return Response(_BODY, content_type="application/json")

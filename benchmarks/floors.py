"""Constant responses: the least that any service on gunicorn, and any service on Flask, takes."""

from collections.abc import Iterable

from flask import Flask, Response

_BODY = b'{"case":[]}'


def wsgi(_environ: object, start_response: object) -> Iterable[bytes]:
    """Send the same body for every request, without a framework."""
    assert callable(start_response)  # noqa: S101 - WSGI guarantees it
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(_BODY)))])
    return [_BODY]


flask = Flask(__name__)


@flask.get("/core/casemgr/v3/case/<ids>")
def answer(ids: str) -> Response:
    """Send the same body for every case."""
    del ids
    return Response(_BODY, content_type="application/json")

"""Compression of bodies, as far as the client wants it."""

import gzip
from functools import cache

from flask import Flask, Response, request

from casemgr import observations

_MIN_BODY = 1024
"""Bytes of a body up to which compression saves less than it costs."""

_LEVEL = 6


def init_app(app: Flask) -> None:
    """Compress the responses of the application."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    """Compress a body that is large enough (RFC 9110 sections 8.4.1.3 and 12.5.3).

    Flask-Compress would also compress for a client that forbids it by `gzip;q=0`.
    """
    if (response.content_length or 0) > _MIN_BODY and _prefers_gzip():
        compress = _compress_file if observations.of_request().is_file else _compress_body
        response.set_data(compress(response.get_data()))
        response.content_encoding = "gzip"
    return response


def _compress_body(body: bytes) -> bytes:
    # Without a time, so that the same body is the same again.
    return gzip.compress(body, _LEVEL, mtime=0)


# There are few files, and the largest takes longer than many cases.
_compress_file = cache(_compress_body)


def _prefers_gzip() -> bool:
    # Without a preference the identity comes first, since nothing is sent that was not asked for.
    return request.accept_encodings.best_match(["gzip", "identity"], "identity") == "gzip"

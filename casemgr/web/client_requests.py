"""Reading the body of the current request."""

from flask import request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from casemgr.http.limits import MAX_BODY


def read_body() -> bytes:
    """Read the body, and no more of it than is needed to tell that it is too long.

    :raises RequestEntityTooLarge: when it is longer than MAX_BODY.
    :raises ClientDisconnected: when it is cut off, or its transfer coding is invalid.
    """
    # Werkzeug silently cuts a body without Content-Length at its limit.
    request.max_content_length = MAX_BODY + 1
    try:
        body = request.get_data()
    except HTTPException:
        raise
    except Exception as error:
        # Servers raise different exceptions for an invalid transfer coding.
        raise ClientDisconnected from error
    if len(body) > MAX_BODY:
        raise RequestEntityTooLarge
    if len(body) < (request.content_length or 0):
        raise ClientDisconnected
    return body

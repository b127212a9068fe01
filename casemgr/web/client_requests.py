"""Reading the body of the current request, and the address of its client."""

from flask import request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from casemgr.config import Config
from casemgr.http.addresses import find_client_address
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


def client_address(config: Config) -> str:
    """Return the network address of the client, behind any trusted proxies."""
    forwarded_for = request.headers.get("X-Forwarded-For", "")
    return find_client_address(request.remote_addr or "", forwarded_for, config.trusted_proxies)

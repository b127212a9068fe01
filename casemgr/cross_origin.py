"""Cross-origin requests, for the origins that the operator lists."""

from collections.abc import Sequence
from datetime import timedelta

from flask import Flask, Response
from flask_cors import CORS

from casemgr import request_ids
from casemgr.response_headers import AUTHORIZATION_HEADER, SESSION_HEADER, USER_MESSAGE_HEADER


def init_app(app: Flask, origins: Sequence[str]) -> None:
    """Let pages of these origins call the API; without any, no response speaks of origins."""
    if origins:
        CORS(
            app,
            origins=list(origins),
            methods=["GET", "HEAD", "POST", "DELETE"],
            allow_headers=[
                "Accept",
                "Accept-Language",
                AUTHORIZATION_HEADER,
                "Content-Type",
                SESSION_HEADER,
                USER_MESSAGE_HEADER,
                request_ids.HEADER,
            ],
            expose_headers=["Content-Language", "Retry-After", SESSION_HEADER, request_ids.HEADER],
            max_age=timedelta(minutes=10),
            always_send=False,
            # The extension adds it to some of the responses only, and as a field of its own.
            vary_header=False,
        )
        app.after_request(_vary_by_origin)


def _vary_by_origin(response: Response) -> Response:
    response.vary.add("Origin")
    return response

"""Cross-origin requests, for the origins that the operator lists."""

from collections.abc import Sequence
from datetime import timedelta

from flask import Flask
from flask_cors import CORS

from casemgr.header_fields import (
    AUTHORIZATION_HEADER,
    REQUEST_ID_HEADER,
    SESSION_HEADER,
    USER_MESSAGE_HEADER,
)


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
                REQUEST_ID_HEADER,
            ],
            expose_headers=["Content-Language", "Retry-After", SESSION_HEADER, REQUEST_ID_HEADER],
            max_age=timedelta(minutes=10),
            always_send=False,
            # The extension adds it to some of the responses only; see casemgr.exchanges.
            vary_header=False,
        )

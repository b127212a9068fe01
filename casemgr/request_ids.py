"""The ID of a request, which ties a response to the lines of the log."""

import logging
import re
import secrets

from flask import g, has_request_context, request

HEADER = "X-Request-ID"

_SANE = re.compile(r"[!-~]{1,128}")


def request_id() -> str:
    """Give the ID of the current request: the caller's own when it is sane, else a new one (contract HDR-2)."""
    if "request_id" not in g:
        sent = request.headers.get(HEADER, "")
        g.request_id = sent if _SANE.fullmatch(sent) else secrets.token_hex(16)
    return str(g.request_id)


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to log records; `-` outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ID; every record passes."""
        record.request_id = request_id() if has_request_context() else "-"
        return True

"""Header fields of the API, by name."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SESSION_HEADER = "X-egain-session"
AUTHORIZATION_HEADER = "Authorization"
USER_MESSAGE_HEADER = "X-egain-error-message"
REQUEST_ID_HEADER = "X-Request-ID"

SAME_FOR_EVERY_RESPONSE: Mapping[str, str] = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
}
"""What every response of the API says (contract HDR-1)."""

SAME_FOR_EVERY_FILE: Mapping[str, str] = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}
"""What a file says that is the same for everybody: it may be kept, and is asked for again with its entity tag."""


def read_field(environ: "WSGIEnvironment", name: str) -> str | None:
    """Give the value of a field of a request, or None; Flask's headers take four times as long for what is absent.

    Not for Content-Type and Content-Length, which WSGI has elsewhere.
    """
    value: str | None = environ.get(_variable(name))
    return value


@cache
def _variable(name: str) -> str:
    # Source: PEP 3333.
    return f"HTTP_{name.upper().replace('-', '_')}"

"""The header fields of the API."""

from collections.abc import Mapping

SESSION_HEADER = "X-egain-session"
AUTHORIZATION_HEADER = "Authorization"
USER_MESSAGE_HEADER = "X-egain-error-message"
REQUEST_ID_HEADER = "X-Request-ID"

VARY = f"Accept, Accept-Language, {AUTHORIZATION_HEADER}, {SESSION_HEADER}, {USER_MESSAGE_HEADER}, Accept-Encoding"
"""The header fields that may decide on a response of the API (RFC 9110 section 12.5.5; contract NEG-6)."""

RESPONSE_HEADERS: Mapping[str, str] = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
}
"""The fields of every response of the API. Source: contract HDR-1."""

FILE_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}
"""The fields of a static file, which is the same for everybody: clients may store it, and revalidate it by ETag."""

"""Header fields of the API, by name."""

from collections.abc import Mapping

SESSION_HEADER = "X-egain-session"
AUTHORIZATION_HEADER = "Authorization"
USER_MESSAGE_HEADER = "X-egain-error-message"
REQUEST_ID_HEADER = "X-Request-ID"

SAME_FOR_EVERY_RESPONSE: Mapping[str, str] = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
}
"""What every response of the API says (contract HDR-1)."""

"""Header fields of the API, by name."""

SESSION_HEADER = "X-egain-session"
AUTHORIZATION_HEADER = "Authorization"
USER_MESSAGE_HEADER = "X-egain-error-message"
REQUEST_ID_HEADER = "X-Request-ID"

"""Any exception becomes a response in the negotiated media type and locale."""

import logging
from collections.abc import Callable
from typing import TypeVar

from flask import request
from werkzeug.exceptions import ClientDisconnected, MethodNotAllowed, NotFound, RequestEntityTooLarge

from casemgr import i18n, observations
from casemgr.error_bodies import build_error_body
from casemgr.errors import (
    BODY_NOT_READABLE,
    BODY_TOO_LARGE,
    METHOD_NOT_ALLOWED,
    NOT_BEARER,
    PATH_NOT_FOUND,
    TOKEN_NOT_OF_CLIENT,
    TOKEN_NOT_VALID,
    TOO_MANY_FAILURES,
    UNEXPECTED,
    ApiError,
)
from casemgr.header_fields import USER_MESSAGE_HEADER, read_field
from casemgr.locales import DEFAULT_LOCALE
from casemgr.media_types import MediaType
from casemgr.negotiation import select_locale, select_media_type
from casemgr.representations import ENCODERS
from casemgr.request_bodies import MAX_BODY
from casemgr.responses import Response

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


def respond(exception: Exception) -> Response:
    """Make a response of an exception of the application or of the framework (contract REP-9)."""
    error = _api_error(exception)
    observed = observations.of_request()
    observed.error_code = error.definition.code
    observed.is_file = False
    media_type = observed.media_type
    if media_type is None:
        media_type = _lenient(select_media_type, read_field(request.environ, "Accept"), MediaType.JSON)
        observed.locale = _lenient(select_locale, read_field(request.environ, "Accept-Language"), DEFAULT_LOCALE)
    with i18n.use_locale(observed.locale):
        body = build_error_body(error, with_user_message=_wants_user_message())
    response = Response(ENCODERS[media_type].encode_error(body), error.definition.status, content_type=media_type)
    _add_headers(response, error)
    return response


def _api_error(exception: Exception) -> ApiError:
    match exception:
        case ApiError():
            return exception
        case NotFound():
            # werkzeug's own path has lost leading slashes.
            path = request.environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
            return ApiError(PATH_NOT_FOUND, path=path)
        case RequestEntityTooLarge():
            return ApiError(BODY_TOO_LARGE, limit=MAX_BODY)
        case ClientDisconnected():
            return ApiError(BODY_NOT_READABLE, mediaType=request.mimetype)
        case MethodNotAllowed():
            return ApiError(METHOD_NOT_ALLOWED, method=sorted(exception.valid_methods or ()), used=request.method)
        case _:
            _log.error("Unexpected error", exc_info=getattr(exception, "original_exception", None) or exception)
            return ApiError(UNEXPECTED)


def _lenient(select: Callable[[str | None], _T], field_value: str | None, default: _T) -> _T:
    """Select the best that a field allows; the error is about something else, or tells of it already."""
    try:
        return select(field_value)
    except ApiError:
        return default


def _add_headers(response: Response, error: ApiError) -> None:
    if error.definition is METHOD_NOT_ALLOWED:
        response.allow.update(error.values["method"])
    if error.definition is TOO_MANY_FAILURES:
        response.headers["Retry-After"] = str(error.values["seconds"])
    if error.definition.status == 401:
        invalid = error.definition in (NOT_BEARER, TOKEN_NOT_VALID, TOKEN_NOT_OF_CLIENT)
        # Source: RFC 6750 section 3; contract HDR-4.
        response.headers["WWW-Authenticate"] = 'Bearer realm="casemgr"' + (', error="invalid_token"' if invalid else "")


def _wants_user_message() -> bool:
    return (read_field(request.environ, USER_MESSAGE_HEADER) or "").strip().lower() == "yes"

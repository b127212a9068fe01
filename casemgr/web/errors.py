"""From exceptions to responses, in the negotiated media type and locale."""

import logging
from collections.abc import Callable
from typing import TypeVar

from flask import request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import ClientDisconnected, InternalServerError, MethodNotAllowed, NotFound
from werkzeug.exceptions import RequestEntityTooLarge as BodyTooLarge

from casemgr.database.databases import UnavailableError
from casemgr.errors.bodies import build_error_body
from casemgr.errors.catalogue import (
    BODY_NOT_READABLE,
    BODY_TOO_LARGE,
    LANGUAGE_NOT_ACCEPTABLE,
    MEDIA_TYPE_NOT_ACCEPTABLE,
    METHOD_NOT_ALLOWED,
    NOT_BEARER,
    PATH_NOT_FOUND,
    TOKEN_NOT_OF_CLIENT,
    TOKEN_NOT_VALID,
    TOO_MANY_FAILURES,
    UNAVAILABLE,
    UNEXPECTED,
)
from casemgr.errors.definitions import ApiError
from casemgr.http.headers import USER_MESSAGE_HEADER
from casemgr.http.limits import MAX_BODY, RETRY_AFTER
from casemgr.http.media_types import MediaType
from casemgr.http.negotiation import (
    LanguageNotAcceptableError,
    MediaTypeNotAcceptableError,
    NotAcceptableError,
    select_locale,
    select_media_type,
)
from casemgr.i18n.locales import DEFAULT_LOCALE
from casemgr.observability.context import current_context
from casemgr.representations import FORMATS
from casemgr.web.application import Response

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


def respond_to_error(exception: Exception) -> Response:
    """Build the response to an exception of the application or of Flask (contract REP-9)."""
    error = _api_error_of(exception)
    context = current_context()
    context.error_code = error.definition.code
    context.is_file = False
    media_type = context.media_type
    if media_type is None:
        media_type = _select_leniently(select_media_type, request.headers.get("Accept"), MediaType.JSON)
        context.locale = _select_leniently(select_locale, request.headers.get("Accept-Language"), DEFAULT_LOCALE)
    body = build_error_body(error, context.locale, with_user_message=_wants_user_message())
    response = Response(FORMATS[media_type].encode_error(body), error.definition.status, content_type=media_type)
    _add_headers(response, error)
    return response


def _api_error_of(exception: Exception) -> ApiError:
    match exception:
        case ApiError():
            return exception
        case MediaTypeNotAcceptableError():
            return ApiError(MEDIA_TYPE_NOT_ACCEPTABLE, requested=exception.requested, supported=exception.supported)
        case LanguageNotAcceptableError():
            return ApiError(LANGUAGE_NOT_ACCEPTABLE, requested=exception.requested, supported=exception.supported)
        case NotFound():
            # Werkzeug's own path has lost leading slashes.
            path = request.environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
            return ApiError(PATH_NOT_FOUND, path=path)
        case MethodNotAllowed():
            return ApiError(METHOD_NOT_ALLOWED, method=sorted(exception.valid_methods or ()), used=request.method)
        case UnavailableError():
            _log.warning("Not available: %s", exception)
            return ApiError(UNAVAILABLE, seconds=RETRY_AFTER)
        case BodyTooLarge():
            return ApiError(BODY_TOO_LARGE, limit=MAX_BODY)
        case ClientDisconnected():
            return ApiError(BODY_NOT_READABLE, mediaType=request.mimetype)
        case DBAPIError():
            _log.error("The database cannot be used: %s", exception.orig, exc_info=exception)
        case InternalServerError(original_exception=Exception() as original):
            _log.error("Unexpected error", exc_info=original)
        case _:
            _log.error("Unexpected error", exc_info=exception)
    return ApiError(UNEXPECTED)


def _select_leniently(select: Callable[[str | None], _T], field_value: str | None, default: _T) -> _T:
    """Negotiate for an error; what is not acceptable counts as no preference."""
    try:
        return select(field_value)
    except NotAcceptableError:
        return default


def _add_headers(response: Response, error: ApiError) -> None:
    if error.definition is METHOD_NOT_ALLOWED:
        response.allow.update(error.values["method"])
    if error.definition in (TOO_MANY_FAILURES, UNAVAILABLE):
        response.headers["Retry-After"] = str(error.values["seconds"])
    if error.definition.status == 401:
        invalid = error.definition in (NOT_BEARER, TOKEN_NOT_VALID, TOKEN_NOT_OF_CLIENT)
        # Source: RFC 6750 section 3; contract HDR-4.
        response.headers["WWW-Authenticate"] = 'Bearer realm="casemgr"' + (', error="invalid_token"' if invalid else "")


def _wants_user_message() -> bool:
    return request.headers.get(USER_MESSAGE_HEADER, "").strip().lower() == "yes"

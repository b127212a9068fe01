"""Any exception becomes a response in the negotiated media type and locale."""

import logging
import unicodedata
from collections.abc import Callable, Iterator
from typing import TypeVar

from flask import Flask, Response, request
from werkzeug.exceptions import ClientDisconnected, MethodNotAllowed, NotFound, RequestEntityTooLarge

from casemgr import i18n, observations
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
    DetailValue,
)
from casemgr.header_fields import USER_MESSAGE_HEADER
from casemgr.locales import DEFAULT_LOCALE
from casemgr.negotiation import MediaType, select_locale, select_media_type
from casemgr.representations import ENCODERS
from casemgr.representations.encoders import Detail, ErrorBody
from casemgr.request_bodies import MAX_BODY

_MAX_QUOTED = 100
"""Characters of a piece of input that a sentence quotes (contract REP-7)."""

_MAX_PIECES = 100
"""Pieces of input that a sentence quotes; a request line has room for tens of thousands, the details have them all."""

# Controls, formatting (which can turn the direction of writing around), surrogates, line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Answer every exception of the application, those of the framework included (contract REP-9)."""
    app.register_error_handler(Exception, _respond)


def _respond(exception: Exception) -> Response:
    error = _api_error(exception)
    observed = observations.of_request()
    observed.error_code = error.definition.code
    headers = request.headers
    media_type = _lenient(select_media_type, headers.get("Accept"), MediaType.JSON)
    locale = observed.locale = _lenient(select_locale, headers.get("Accept-Language"), DEFAULT_LOCALE)
    with i18n.use_locale(locale):
        body = _error_body(error)
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
            _log.error("Unexpected error", exc_info=exception)
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


def _error_body(error: ApiError) -> ErrorBody:
    definition = error.definition
    wants_user_message = request.headers.get(USER_MESSAGE_HEADER, "").strip().lower() == "yes"
    return ErrorBody(
        code=definition.code,
        developer_message=_developer_message(error),
        user_message=i18n.translate(definition.user) if wants_user_message else None,
        details=tuple(Detail(key, text) for key in definition.detail_keys for text in _texts(error.values[key])),
    )


def _developer_message(error: ApiError) -> str:
    variables = {key: _in_sentence(value) for key, value in error.values.items()}
    match error.definition.developer:
        case (singular, plural):
            counted = error.values[error.definition.counted_key]
            number = counted if isinstance(counted, int) else len(_texts(counted))
            return i18n.translate_plural(singular, plural, number, **variables)
        case message:
            return i18n.translate(message, **variables)


def _texts(value: DetailValue) -> list[str]:
    return [str(value)] if isinstance(value, str | int) else list(value)


def _in_sentence(value: DetailValue) -> str:
    if isinstance(value, int):
        return i18n.format_number(value)
    texts = _texts(value)
    pieces = [i18n.quote(_excerpt(text)) for text in texts[:_MAX_PIECES]]
    return i18n.format_list([*pieces, "…"] if len(texts) > _MAX_PIECES else pieces)


def _excerpt(text: str) -> str:
    """Cut a piece of input and make its control characters visible (contract REP-7)."""
    excerpt = text[:_MAX_QUOTED]
    visible = excerpt if excerpt.isprintable() else "".join(_visible(excerpt))
    return f"{visible}…" if len(text) > _MAX_QUOTED else visible


def _visible(text: str) -> Iterator[str]:
    for character in text:
        invisible = unicodedata.category(character) in _INVISIBLE
        yield f"\\u{ord(character):04x}" if invisible else character

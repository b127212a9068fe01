"""The Flask application: what every request and every response goes through."""

import gzip
import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import cache, lru_cache, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

import flask
from flask import Flask, request
from flask.wrappers import Request
from flask_cors import CORS
from werkzeug.exceptions import NotFound
from werkzeug.routing import MapAdapter

from casemgr.http.addresses import Network, find_client_address
from casemgr.http.headers import (
    AUTHORIZATION_HEADER,
    FILE_HEADERS,
    REQUEST_ID_HEADER,
    RESPONSE_HEADERS,
    SESSION_HEADER,
    USER_MESSAGE_HEADER,
    VARY,
)
from casemgr.observability.context import (
    AccessRecord,
    RequestContext,
    current_context,
    enter,
    leave,
    parse_trace_id,
    select_request_id,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_MIN_COMPRESSED = 1024
"""Bytes of a body up to which compression saves less than it costs."""

_COMPRESSION_LEVEL = 6

_KNOWN_ADDRESSES = 1024
"""Addresses of clients that a process remembers, each with a header field of at most 4 KiB."""

_log = logging.getLogger(__name__)


class Response(flask.Response):
    """A response whose header and body are complete when it is created.

    Flask would copy the header, look for missing fields and wrap the body, which takes 10 µs more within a request. Do
    not use it for status 304, which has no body.
    """

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send the response as it is, to HEAD without its body."""
        start_response(self.status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else cast(Iterable[bytes], self.response)


class Application(Flask):
    """Completes the header of every response and reports every request to the log and the metrics.

    Both happen in `wsgi_app`, which takes 41 µs where Flask's own hooks take 54 µs (docs/performance.md).
    """

    def __init__(
        self,
        listeners: Sequence[Callable[[AccessRecord], None]] = (),
        cors_origins: Sequence[str] = (),
        trusted_proxies: Sequence[Network] = (),
        count_in_flight: Callable[[int], None] | None = None,
    ) -> None:
        """Create an application without routes.

        :param listeners: called with each request that has been answered, before its response is sent.
        :param cors_origins: the origins whose pages may call the API.
        :param trusted_proxies: the networks of proxies whose X-Forwarded-For counts.
        :param count_in_flight: called with 1 when a request begins, and with -1 when it has been answered.
        """
        super().__init__("casemgr", static_folder=None, template_folder=None)
        self.config.update(PROVIDE_AUTOMATIC_OPTIONS=False, PROPAGATE_EXCEPTIONS=False)
        # Flask would redirect to a tidier path, which is another one (contract URL-1).
        self.url_map.merge_slashes = False
        self._listeners = listeners
        self._count_in_flight = count_in_flight
        # 0.1 µs instead of 8 µs behind a trusted proxy, for every request.
        self._find_client_address = lru_cache(_KNOWN_ADDRESSES)(
            partial(find_client_address, trusted_proxies=trusted_proxies)
        )
        vary_by_origin = ", Origin" if cors_origins else ""
        self._response_headers = (("Vary", VARY + vary_by_origin), *RESPONSE_HEADERS.items())
        self._file_headers = (("Vary", f"Accept-Encoding{vary_by_origin}"), *FILE_HEADERS.items())
        self.after_request(_compress)
        if cors_origins:
            _allow_origins(self, cors_origins)

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request (contract NEG-6, HDR-1 to HDR-3)."""
        context = RequestContext(
            select_request_id(environ.get("HTTP_X_REQUEST_ID")),
            parse_trace_id(environ.get("HTTP_TRACEPARENT")),
            client_address=self._find_client_address(
                environ.get("REMOTE_ADDR") or "", environ.get("HTTP_X_FORWARDED_FOR", "")
            ),
        )

        def start(status: str, headers: list[tuple[str, str]], *exception: Any) -> Callable[[bytes], object]:
            self._complete(headers, context)
            self._report(_access_record(environ, status, headers, context))
            return start_response(status, headers, *exception)

        token = enter(context)
        if self._count_in_flight:
            self._count_in_flight(1)
        try:
            return super().wsgi_app(environ, start)
        finally:
            leave(token)
            if self._count_in_flight:
                self._count_in_flight(-1)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Route by path and method alone: Flask would also look at the Host and Upgrade fields.

        :raises NotFound: when the path begins with several slashes, which werkzeug would take for one (contract URL-1).
        """
        if request is None:
            return super().create_url_adapter(request)
        if request.environ["PATH_INFO"].startswith("//"):
            raise NotFound
        return self.url_map.bind("", url_scheme=request.scheme, path_info=request.path, default_method=request.method)

    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        """Log nothing: `respond_to_error` logs the exception, without the URL."""

    def _complete(self, headers: list[tuple[str, str]], context: RequestContext) -> None:
        headers += self._file_headers if context.is_file else self._response_headers
        headers.append(("Content-Language", context.locale.language_tag))
        headers.append((REQUEST_ID_HEADER, context.request_id))
        if context.session_id:
            headers.append((SESSION_HEADER, context.session_id))

    def _report(self, record: AccessRecord) -> None:
        for listener in self._listeners:
            try:
                listener(record)
            except Exception:
                # The response is right all the same.
                _log.exception("A request was not recorded")


def _access_record(
    environ: "WSGIEnvironment", status: str, headers: list[tuple[str, str]], context: RequestContext
) -> AccessRecord:
    # Werkzeug stores the request here, unless it failed before.
    request = environ.get("werkzeug.request")
    fields = dict(headers)
    media_type, size = fields.get("Content-Type"), fields.get("Content-Length")
    return AccessRecord(
        method=environ["REQUEST_METHOD"].upper(),
        route=request.url_rule.rule if request and request.url_rule else None,
        status=int(status[:3]),
        media_type=media_type.partition(";")[0] if media_type else None,
        body_size=None if size is None else int(size),
        seconds=time.perf_counter() - context.started,
        context=context,
    )


def _compress(response: flask.Response) -> flask.Response:
    """Compress a large body if the client accepts that (RFC 9110 sections 8.4.1.3 and 12.5.3).

    Flask-Compress would also compress for a client that forbids it with `gzip;q=0`.
    """
    if (response.content_length or 0) > _MIN_COMPRESSED and _prefers_gzip():
        compress = _compress_file if current_context().is_file else _compress_body
        response.set_data(compress(response.get_data()))
        response.content_encoding = "gzip"
    return response


def _prefers_gzip() -> bool:
    # A client without a preference gets the body as it is.
    return request.accept_encodings.best_match(["gzip", "identity"], "identity") == "gzip"


def _compress_body(body: bytes) -> bytes:
    # Without a time, so that equal bodies stay equal.
    return gzip.compress(body, _COMPRESSION_LEVEL, mtime=0)


# There are few files, and the largest one takes longer to compress than many cases.
_compress_file = cache(_compress_body)


def _allow_origins(app: Flask, origins: Sequence[str]) -> None:
    CORS(
        app,
        # Flask-CORS compares strings in any case, and takes those with brackets for regular expressions.
        origins=[re.compile(rf"{re.escape(origin)}\Z") for origin in origins],
        methods=["GET", "HEAD", "POST", "DELETE"],
        allow_headers=[
            "Accept",
            "Accept-Language",
            AUTHORIZATION_HEADER,
            "Content-Type",
            SESSION_HEADER,
            USER_MESSAGE_HEADER,
            REQUEST_ID_HEADER,
            "traceparent",
        ],
        expose_headers=["Content-Language", "Retry-After", SESSION_HEADER, REQUEST_ID_HEADER],
        max_age=timedelta(minutes=10),
        always_send=False,
        # Flask-CORS would add Vary to some responses only; the application adds it to all.
        vary_header=False,
    )

"""What every exchange goes through, whoever answers it: at the border between the application and the server."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from casemgr import observations
from casemgr.header_fields import (
    AUTHORIZATION_HEADER,
    REQUEST_ID_HEADER,
    SAME_FOR_EVERY_FILE,
    SAME_FOR_EVERY_RESPONSE,
    SESSION_HEADER,
    USER_MESSAGE_HEADER,
    read_field,
)
from casemgr.observations import Observations
from casemgr.request_ids import select_request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)

# Whatever may have a part in the choice of an answer, by this header field or another (RFC 9110 section 12.5.5).
_VARY = f"Accept, Accept-Language, {AUTHORIZATION_HEADER}, {SESSION_HEADER}, {USER_MESSAGE_HEADER}, Accept-Encoding"


class Exchange(NamedTuple):
    """A request that has been answered.

    :param route: the rule that it came under, not the path: whatever a client puts into a URL, it is not to be kept.
    :param seconds: how long it took.
    """

    method: str
    route: str | None
    status: int
    media_type: str | None
    language_tag: str
    body_size: int | None
    seconds: float
    observations: Observations


class ExchangeMiddleware:
    """Completes the header of every response (contract NEG-6, HDR-1 to HDR-3), and tells of every exchange.

    Flask's own hooks take longer (docs/performance.md): a request is reached through proxies there, and the fields of
    a response go through three lists on their way out.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        listeners: Sequence[Callable[[Exchange], None]],
        *,
        vary_by_origin: bool = False,
    ) -> None:
        """Take what answers.

        :param listeners: who is told, before the response is sent.
        :param vary_by_origin: whether an answer depends on where a page comes from as well.
        """
        self._application = application
        self._listeners = listeners
        origin = ", Origin" if vary_by_origin else ""
        self._every_response = (("Vary", _VARY + origin), *SAME_FOR_EVERY_RESPONSE.items())
        self._every_file = (("Vary", f"Accept-Encoding{origin}"), *SAME_FOR_EVERY_FILE.items())

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        observed = Observations(select_request_id(read_field(environ, REQUEST_ID_HEADER)))

        def start(status: str, headers: list[tuple[str, str]], *exception: Any) -> Callable[[bytes], object]:
            self._complete(headers, observed)
            self._tell(_exchange(environ, status, headers, observed))
            return start_response(status, headers, *exception)

        token = observations.begin(observed)
        try:
            return self._application(environ, start)
        finally:
            observations.end(token)

    def _tell(self, exchange: Exchange) -> None:
        for listener in self._listeners:
            try:
                listener(exchange)
            except Exception:
                # The answer is right all the same.
                _log.exception("An exchange was not counted")

    def _complete(self, headers: list[tuple[str, str]], observed: Observations) -> None:
        headers += self._every_file if observed.is_file else self._every_response
        headers.append(("Content-Language", observed.locale.language_tag))
        headers.append((REQUEST_ID_HEADER, observed.request_id))
        if observed.session_id:
            headers.append((SESSION_HEADER, observed.session_id))


def _exchange(
    environ: "WSGIEnvironment", status: str, headers: list[tuple[str, str]], observed: Observations
) -> Exchange:
    # Where werkzeug leaves the request.
    request = environ.get("werkzeug.request")
    fields = dict(headers)
    media_type, size = fields.get("Content-Type"), fields.get("Content-Length")
    return Exchange(
        environ["REQUEST_METHOD"].upper(),
        request.url_rule.rule if request and request.url_rule else None,
        int(status[:3]),
        media_type.partition(";")[0] if media_type else None,
        observed.locale.language_tag,
        None if size is None else int(size),
        time.perf_counter() - observed.started,
        observed,
    )

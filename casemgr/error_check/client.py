"""An HTTP client for a running service; its errors are sentences for operators."""

import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from casemgr.domain.texts import shorten
from casemgr.http.media_types import XML_NAMESPACE
from casemgr.http.paths import (
    AUTHENTICATION_PATH,
    BASE_PATH,
    LOGIN_PATHS,
    LOGOUT_PATHS,
    METADATA_PATH,
    XML_SCHEMA_PATH,
)

_TIMEOUT = 30
"""Seconds to wait for a connection and for each part of a response."""

_MAX_BODY = 2**20
"""Maximum number of bytes that are read of a body; an error is much shorter."""

# Scheme, host, port and path: no user information, query or fragment.
_URL = re.compile(r"https?://[!\"$->A-~]+")

_OWN_PATHS = (
    *(BASE_PATH, AUTHENTICATION_PATH, METADATA_PATH),
    *(path for paths in LOGIN_PATHS.values() for path in paths),
    *LOGOUT_PATHS,
)
_OWN_PATH = re.compile(rf"(?:{'|'.join(map(re.escape, _OWN_PATHS))})(?:/.*)?$")
"""A path of the service itself, which follows the base path of a proxy if there is one."""

_CONNECTIONS: Mapping[str, Callable[[], Callable[..., HTTPConnection]]] = {
    "http": lambda: HTTPConnection,
    "https": lambda: partial(HTTPSConnection, context=ssl.create_default_context()),
}
"""Connection factories by scheme; the certificates of the system are loaded once for all connections."""


class ServiceError(Exception):
    """The service cannot be used; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    :param path: without the base path under which a proxy serves the service.
    """

    method: str
    path: str
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | None = field(default=None, repr=False)


class Response(NamedTuple):
    """A response."""

    status: int
    fields: HTTPMessage
    body: bytes


Send = Callable[[Request], Response]
"""A function that sends a request."""


class ServiceClient:
    """Sends requests to one service, each over its own connection, and follows no redirections.

    `url` is the URL of the service, without a path of its own.
    """

    def __init__(self, url: str) -> None:
        """Prepare connections to the service at a URL, which consists of a scheme, a host, a port and a path.

        The path is the base path under which a proxy serves the service. It may end with a path of the service itself,
        such as that of the documentation page, which does not count.

        :raises ValueError: for any other URL; the message does not repeat the URL, which may contain a password.
        """
        parts = _split(url)
        if parts is None or not parts.hostname or not _URL.fullmatch(url):
            raise ValueError("must be a URL such as https://cases.example.com")
        self._base_path = _OWN_PATH.sub("", parts.path).rstrip("/")
        self.url = f"{parts.scheme}://{parts.netloc}{self._base_path}"
        self._connect = partial(_CONNECTIONS[parts.scheme](), parts.hostname, parts.port, timeout=_TIMEOUT)

    def recognise_service(self) -> None:
        """Check that the service is casemgr, by the cheapest resource that needs no session and is casemgr's own.

        :raises ServiceError: when another service answers, or none.
        """
        response = self.send(Request("GET", XML_SCHEMA_PATH))
        if response.status != HTTPStatus.OK or XML_NAMESPACE.encode() not in response.body:
            answer = [str(response.status), response.fields.get("Content-Type", "without a Content-Type")]
            if "Location" in response.fields:
                answer.append(f"with the Location {response.fields['Location']}")
            raise ServiceError(
                f"{self.url} is not the URL of casemgr: {self.url}{XML_SCHEMA_PATH} should return the XML Schema "
                f"of casemgr, but answers {shorten(' '.join(answer), 200)}."
            )

    def send(self, request: Request) -> Response:
        """Send a request.

        :raises ServiceError: when the service cannot be reached or does not speak HTTP.
        """
        try:
            with closing(self._connect()) as connection:
                body = None if request.body is None else request.body.encode()
                connection.request(request.method, self._base_path + request.path, body, dict(request.fields))
                received = connection.getresponse()
                return Response(received.status, received.headers, received.read(_MAX_BODY))
        except OSError as error:
            raise ServiceError(f"{self.url} cannot be reached: {error.strerror or error}.") from error
        except (HTTPException, UnicodeError) as error:
            raise ServiceError(f"{self.url} does not speak HTTP.") from error


def _split(url: str) -> SplitResult | None:
    """Split a URL; None when it is malformed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts

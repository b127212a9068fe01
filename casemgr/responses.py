"""What a route answers with."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Response(flask.Response):
    """A response that has its whole header and body when it is made: nothing is left to be completed for WSGI.

    Not for status 304, which has no body, nor for anything that is to be done when the response has been sent.
    """

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer as it is; Flask would copy the header, look for what it lacks, and wrap the body twice."""
        start_response(self.status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else cast(Iterable[bytes], self.response)

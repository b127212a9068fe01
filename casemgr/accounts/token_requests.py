"""Requests for tokens, and the checks of them that Authlib does not make."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from casemgr.http.limits import MAX_BODY
from casemgr.http.media_types import FORM

# RFC 7617 section 2.
_BASIC = re.compile(r"basic +[A-Za-z0-9+/]+=*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request to the token or revocation endpoint.

    :param authorization: the Authorization field value, empty when it is absent.
    :param form: the parameters of the body in their order, repeated ones included; None when the body is no form.
    :param address: the network address of the client.
    """

    authorization: str = field(repr=False)
    form: Sequence[tuple[str, str]] | None = field(repr=False)
    address: str


class ClientAuthenticationError(InvalidClientError):
    """The client did not authenticate; the response does not say why."""

    def __init__(self) -> None:
        """Create the error with the status that RFC 6749 section 5.2 asks for."""
        super().__init__("Client authentication failed.", status_code=401)

    def get_headers(self) -> list[tuple[str, str]]:
        """Add the challenge."""
        return [*OAuth2Error.get_headers(self), ("WWW-Authenticate", 'Basic realm="casemgr"')]


def parse_form(request: TokenRequest) -> dict[str, str]:
    """Parse the form of a request.

    :returns: the parameters that have a value.
    :raises OAuth2Error: when the body is no form, a parameter is repeated, or the client authenticates in two ways or
        with malformed credentials.
    """
    if request.form is None:
        raise InvalidRequestError(f"The body must be a form of at most {MAX_BODY} bytes with the Content-Type {FORM}.")
    parameters = dict(request.form)
    if len(parameters) < len(request.form):
        raise InvalidRequestError("A parameter is given more than once.")
    if request.authorization[:5].lower() == "basic":
        if parameters.get("client_secret"):
            raise InvalidRequestError("The client authenticates in two ways at once.")
        # Authlib decodes the readable part of anything, such as of two header fields that the server has joined.
        if not _BASIC.fullmatch(request.authorization):
            raise ClientAuthenticationError
    return {name: value for name, value in parameters.items() if value}

"""Requests for tokens, with the checks that Authlib does not make."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from casemgr.http.limits import MAX_BODY
from casemgr.http.media_types import FORM

# Source: RFC 7617 section 2.
_BASIC = re.compile(r"basic +[A-Za-z0-9+/]+=*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request to the token or revocation endpoint.

    :param authorization: the Authorization field value, empty when it is absent.
    :param form: the parameters of the body in their order, including repeated ones; None when the body is not a form.
    :param address: the network address of the client.
    """

    authorization: str = field(repr=False)
    form: Sequence[tuple[str, str]] | None = field(repr=False)
    address: str


class ClientAuthenticationError(InvalidClientError):
    """The client did not authenticate; the response does not say why."""

    def __init__(self) -> None:
        """Create the error with the status that RFC 6749 section 5.2 requires."""
        super().__init__("Client authentication failed.", status_code=401)

    def get_headers(self) -> list[tuple[str, str]]:
        """Add the challenge `WWW-Authenticate`."""
        return [*OAuth2Error.get_headers(self), ("WWW-Authenticate", 'Basic realm="casemgr"')]


def parse_form(request: TokenRequest) -> dict[str, str]:
    """Parse the form of a request.

    :returns: the parameters, without those whose value is empty.
    :raises OAuth2Error: when the body is not a form, a parameter is repeated, or the client authenticates in two ways
        or with malformed credentials.
    """
    if request.form is None:
        raise InvalidRequestError(f"The body must be a form of at most {MAX_BODY} bytes with the Content-Type {FORM}.")
    parameters = dict(request.form)
    if len(parameters) < len(request.form):
        raise InvalidRequestError("A parameter is given more than once.")
    if request.authorization[:5].lower() == "basic":
        if parameters.get("client_secret"):
            raise InvalidRequestError("The client authenticates in two ways at once.")
        # Authlib ignores characters that are not Base64, such as the comma with which servers join two header fields.
        if not _BASIC.fullmatch(request.authorization):
            raise ClientAuthenticationError
    return {name: value for name, value in parameters.items() if value}

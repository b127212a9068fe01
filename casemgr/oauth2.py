"""Tokens for client applications: an OAuth 2.0 authorization server for the grant of client credentials.

A token is the ID of a session. Errors are described in English only, since the standard allows nothing but ASCII.

Source: RFC 6749 sections 2.3, 4.4, 5.1 and 5.2; RFC 7009; RFC 8414.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import (
    ClientCredentialsGrant,
    ClientMixin,
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    TokenMixin,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from sqlalchemy import Engine

from casemgr.accounts import Account, lock_account
from casemgr.actors import ActorKind, ClientApplication
from casemgr.config import Config
from casemgr.database import REQUEST_PATIENCE, writing
from casemgr.errors import TOO_MANY_FAILURES, ApiError
from casemgr.login import Attempt, Verified, verify_credentials
from casemgr.paths import AUTHENTICATION_PATH
from casemgr.request_bodies import MAX_BODY
from casemgr.sessions import end_session, generate_session_id, load_session, store_session

TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path
REVOCATION_PATH = "/oauth2/revoke"
METADATA_PATH = "/.well-known/oauth-authorization-server"

FORM = "application/x-www-form-urlencoded"

# RFC 7617 section 2.
_BASIC = re.compile(r"basic +[A-Za-z0-9+/]+=*", re.IGNORECASE)

_AUTHENTICATION_METHODS = ["client_secret_basic", "client_secret_post"]


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a client sends to the token or revocation endpoint.

    :param authorization: the Authorization field value, empty when it is absent.
    :param form: the parameters of the body as they stand there, repeated ones included; None when it is no form.
    :param address: the network address of the client.
    """

    authorization: str = field(repr=False)
    form: Sequence[tuple[str, str]] | None = field(repr=False)
    address: str


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """An answer in JSON; `headers` are those that not every response has anyway."""

    status: int
    body: Mapping[str, object] = field(repr=False)
    headers: Mapping[str, str]


def issue_token(engine: Engine, config: Config, request: TokenRequest, now: datetime) -> TokenResponse:
    """Answer a request for a token (RFC 6749 section 4.4)."""
    server = _Server(engine, config, request.address, now)
    answer: TokenResponse
    try:
        parameters = _parse_form(request)
        if "grant_type" not in parameters:
            raise InvalidRequestError("The parameter grant_type is missing.")
        if parameters["grant_type"] != _Grant.GRANT_TYPE:
            # The library would repeat any characters of the request, and the standard forbids most of them.
            raise OAuth2Error("The only grant type is client_credentials.", error="unsupported_grant_type")
        answer = server.create_token_response(_Request(request.authorization, parameters))
    except OAuth2Error as error:
        answer = server.handle_error_response(None, error)
    return answer


def revoke_token(engine: Engine, config: Config, request: TokenRequest, now: datetime) -> TokenResponse:
    """Answer a request to revoke a token; one that does not exist counts as revoked (RFC 7009 section 2.2)."""
    server = _Server(engine, config, request.address, now)
    answer: TokenResponse
    try:
        oauth2_request = _Request(request.authorization, _parse_form(request))
        answer = server.create_endpoint_response(_Revocation.ENDPOINT_NAME, oauth2_request)
    except OAuth2Error as error:
        answer = server.handle_error_response(None, error)
    return answer


def describe_server(base_url: str) -> Mapping[str, object]:
    """Describe the server to clients that look for its endpoints.

    :param base_url: scheme and authority under which clients reach the service.

    Source: RFC 8414 section 2.
    """
    metadata: Mapping[str, object] = AuthorizationServerMetadata(
        issuer=base_url,
        token_endpoint=f"{base_url}{AUTHENTICATION_PATH}{TOKEN_PATH}",
        token_endpoint_auth_methods_supported=_AUTHENTICATION_METHODS,
        grant_types_supported=[_Grant.GRANT_TYPE],
        # Required, and may not be empty; there is no authorization endpoint that would have one.
        response_types_supported=["none"],
        revocation_endpoint=f"{base_url}{AUTHENTICATION_PATH}{REVOCATION_PATH}",
        revocation_endpoint_auth_methods_supported=_AUTHENTICATION_METHODS,
    )
    return metadata


def _parse_form(request: TokenRequest) -> dict[str, str]:
    """Check what the library does not.

    :returns: the parameters that have a value.
    :raises OAuth2Error: for what is no form, a repeated parameter, two ways of authentication, or one that is none.
    """
    if request.form is None:
        raise InvalidRequestError(f"The body must be a form of at most {MAX_BODY} bytes with the Content-Type {FORM}.")
    parameters = dict(request.form)
    if len(parameters) < len(request.form):
        raise InvalidRequestError("A parameter is given more than once.")
    if request.authorization[:5].lower() == "basic":
        if parameters.get("client_secret"):
            raise InvalidRequestError("The client authenticates in two ways at once.")
        # The library decodes the readable part of anything, such as of two headers that the server has joined.
        if not _BASIC.fullmatch(request.authorization):
            raise _ClientAuthenticationError
    return {name: value for name, value in parameters.items() if value}


class _ClientAuthenticationError(InvalidClientError):
    """The client did not authenticate; how and why makes no difference."""

    def __init__(self) -> None:
        super().__init__("Client authentication failed.", status_code=401)

    def get_headers(self) -> list[tuple[str, str]]:
        return [*OAuth2Error.get_headers(self), ("WWW-Authenticate", 'Basic realm="casemgr"')]


class _TooManyFailuresError(OAuth2Error):
    """Further attempts are refused for a while, for which the standard has no code of its own."""

    error = "invalid_client"
    status_code = 429

    def __init__(self, seconds: str) -> None:
        super().__init__("Too many attempts to authenticate have failed.")
        self._seconds = seconds

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("Retry-After", self._seconds)]


class _Request(OAuth2Request):
    def __init__(self, authorization: str, parameters: dict[str, str]) -> None:
        # The library refuses URLs that are not https; in front of this service TLS ends at a proxy.
        super().__init__("POST", "https://localhost", headers={"Authorization": authorization})
        self.payload = BasicOAuth2Payload(parameters)
        self._parameters = parameters

    @property
    def form(self) -> dict[str, str]:
        return self._parameters


class _Client(ClientMixin):
    """A client application; known once its secret has been checked."""

    verified: Verified

    def __init__(self, server: "_Server", client_id: str) -> None:
        self._server = server
        self._client_id = client_id

    def check_client_secret(self, client_secret: str) -> bool:
        verified = self._server.verify(self._client_id, client_secret)
        if verified:
            self.verified = verified
        return verified is not None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return True

    def check_grant_type(self, grant_type: str) -> bool:
        return True

    def get_allowed_scope(self, scope: Collection[str] | str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class _Token(TokenMixin):
    session_id: str = field(repr=False)
    account: Account

    def check_client(self, client: _Client) -> bool:
        return self.account == client.verified.account


class _Grant(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = _AUTHENTICATION_METHODS


class _Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = _AUTHENTICATION_METHODS
    server: "_Server"

    def check_params(self, request: _Request, client: _Client) -> None:
        """Want a token; an unknown hint is ignored (RFC 7009 section 2.2.1)."""
        if "token" not in request.form:
            raise InvalidRequestError("The parameter token is missing.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Token | None:
        return self.server.find_token(token_string)

    def revoke_token(self, token: _Token, request: _Request) -> None:
        self.server.end(token)


class _Server(AuthorizationServer):
    """The library's server for one request."""

    def __init__(self, engine: Engine, config: Config, address: str, now: datetime) -> None:
        super().__init__()
        self._engine = engine
        self._address = address
        self._now = now
        self._expires = now + config.token_lifetime
        self.register_grant(_Grant)
        self.register_endpoint(_Revocation)
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                lambda **_: generate_session_id(), expires_generator=int(config.token_lifetime.total_seconds())
            ),
        )

    def verify(self, client_id: str, client_secret: str) -> Verified | None:
        attempt = Attempt(ActorKind.CLIENT_APPLICATION, client_id, client_secret, self._address)
        try:
            return verify_credentials(self._engine, attempt, self._now)
        except ApiError as error:
            if error.definition is TOO_MANY_FAILURES:
                raise _TooManyFailuresError(str(error.values["seconds"])) from error
            return None

    def query_client(self, client_id: str) -> _Client:
        return _Client(self, client_id)

    def authenticate_client(
        self, request: OAuth2Request, methods: Collection[str], endpoint: str = "token"
    ) -> ClientMixin:
        try:
            return super().authenticate_client(request, methods, endpoint)
        except (InvalidClientError, UnicodeDecodeError) as error:
            # The library does not expect Basic credentials that are not UTF-8.
            raise _ClientAuthenticationError from error

    def validate_requested_scope(self, scope: str) -> None:
        """Refuse every scope: there is none, and to ignore one would be to grant it."""
        if scope:
            raise InvalidScopeError

    def save_token(self, token: dict[str, str | int], request: OAuth2Request) -> None:
        verified = request.client.verified
        with writing(self._engine, REQUEST_PATIENCE) as connection:
            if not lock_account(connection, verified.account, verified.secret_hash):
                raise _ClientAuthenticationError
            store_session(connection, str(token["access_token"]), verified.account, self._expires, created=self._now)

    def find_token(self, session_id: str) -> _Token | None:
        with self._engine.connect() as connection:
            session = load_session(connection, session_id, self._now)
        if session is None or not isinstance(session.actor, ClientApplication):
            return None
        return _Token(session_id, Account(ActorKind.CLIENT_APPLICATION, session.actor.id))

    def end(self, token: _Token) -> None:
        with writing(self._engine, REQUEST_PATIENCE) as connection:
            end_session(connection, token.session_id)

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        pass

    def handle_response(
        self, status: int, body: Mapping[str, object], headers: Sequence[tuple[str, str]]
    ) -> TokenResponse:
        """Take all headers but those that are the same for every response of the service."""
        extra = {name: value for name, value in headers if name not in {"Content-Type", "Cache-Control"}}
        return TokenResponse(status, body, extra)

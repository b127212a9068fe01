"""Tokens for client applications: OAuth 2.0 with the client credentials grant.

A token is the ID of a session. Error descriptions are in English, since the standard allows only ASCII.

Source: RFC 6749 sections 2.3, 4.4, 5.1 and 5.2; RFC 7009; RFC 8414.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import (
    ClientCredentialsGrant,
    ClientMixin,
    InvalidClientError,
    InvalidRequestError,
    TokenMixin,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from casemgr.accounts.accounts import Account, load_credentials
from casemgr.accounts.login import Attempt, VerifiedAccount, lock_verified, verify_credentials
from casemgr.accounts.sessions import end_session, generate_session_id, load_session, store_session
from casemgr.accounts.token_requests import ClientAuthenticationError, TokenRequest, parse_form
from casemgr.config import Config
from casemgr.database.databases import Databases, UnavailableError
from casemgr.domain.actors import ActorKind, ClientApplication
from casemgr.errors.catalogue import TOO_MANY_FAILURES, UNAVAILABLE
from casemgr.errors.definitions import ApiError
from casemgr.http.limits import RETRY_AFTER
from casemgr.http.paths import REVOCATION_PATH, TOKEN_PATH

_AUTHENTICATION_METHODS = ["client_secret_basic", "client_secret_post"]

SCOPES = ("core.casemgr.read", "app.core.casemgr.read")
"""The scopes that a client may request; they make no difference. Source: contract LOG-6."""

_log = logging.getLogger(__name__)

_GRANT_TYPE: str = ClientCredentialsGrant.GRANT_TYPE


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """A JSON response.

    :param headers: the header fields beyond those of every response of the service.
    """

    status: int
    body: Mapping[str, object] = field(repr=False)
    headers: Mapping[str, str]


def issue_token(databases: Databases, config: Config, request: TokenRequest, now: datetime) -> TokenResponse:
    """Issue a token or describe the error (RFC 6749 section 4.4)."""
    server = _Server(databases, config, request.address, now)

    def issue() -> TokenResponse:
        parameters = parse_form(request)
        if "grant_type" not in parameters:
            raise InvalidRequestError("The parameter grant_type is missing.")
        if parameters["grant_type"] != _GRANT_TYPE:
            # Authlib would quote the request, which may contain characters that the standard forbids.
            raise OAuth2Error(f"The only grant type is {_GRANT_TYPE}.", error="unsupported_grant_type")
        return cast(TokenResponse, server.create_token_response(_Request(request.authorization, parameters)))

    return _answer(server, issue)


def revoke_token(databases: Databases, config: Config, request: TokenRequest, now: datetime) -> TokenResponse:
    """Revoke a token or describe the error; an unknown token counts as revoked (RFC 7009 section 2.2)."""
    server = _Server(databases, config, request.address, now, revokes=True)

    def revoke() -> TokenResponse:
        oauth2_request = _Request(request.authorization, parse_form(request))
        return cast(TokenResponse, server.create_endpoint_response(_Revocation.ENDPOINT_NAME, oauth2_request))

    return _answer(server, revoke)


def _answer(server: "_Server", process: Callable[[], TokenResponse]) -> TokenResponse:
    try:
        return process()
    except OAuth2Error as error:
        described = error
    except UnavailableError as error:
        _log.warning("Not available: %s", error)
        described = _TryLaterError(
            RETRY_AFTER,
            error="temporarily_unavailable",
            description="The service cannot process the request at the moment.",
            status_code=UNAVAILABLE.status,
        )
    return cast(TokenResponse, server.handle_error_response(None, described))


def build_metadata(base_url: str) -> Mapping[str, object]:
    """Build the metadata with which clients discover the endpoints.

    :param base_url: the scheme and authority under which clients reach the service.

    Source: RFC 8414 section 2.
    """
    metadata: Mapping[str, object] = AuthorizationServerMetadata(
        issuer=base_url,
        token_endpoint=f"{base_url}{TOKEN_PATH}",
        token_endpoint_auth_methods_supported=_AUTHENTICATION_METHODS,
        grant_types_supported=[_GRANT_TYPE],
        scopes_supported=list(SCOPES),
        # Required to be present and not empty, even without an authorization endpoint.
        response_types_supported=["none"],
        revocation_endpoint=f"{base_url}{REVOCATION_PATH}",
        revocation_endpoint_auth_methods_supported=_AUTHENTICATION_METHODS,
    )
    return metadata


class _TryLaterError(OAuth2Error):
    """The client may try again later; the standard has no error code of its own for this at these endpoints."""

    def __init__(self, seconds: int, **error: Any) -> None:
        super().__init__(**error)
        self._seconds = str(seconds)

    def get_headers(self) -> list[tuple[str, str]]:
        return [*super().get_headers(), ("Retry-After", self._seconds)]


class _Request(OAuth2Request):
    """A request whose form has been parsed and validated."""

    def __init__(self, authorization: str, parameters: dict[str, str]) -> None:
        # Authlib requires an https URL, but TLS may end at a proxy in front of the service.
        super().__init__("POST", "https://localhost", headers={"Authorization": authorization})
        self.payload = BasicOAuth2Payload(parameters)
        self._parameters = parameters

    @property
    def form(self) -> dict[str, str]:
        return self._parameters


class _Client(ClientMixin):
    """A client application; `verified` is set when its secret has been verified."""

    verified: VerifiedAccount

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

    def get_allowed_scope(self, scope: str | None) -> str:
        return scope or ""


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
        """Check that there is a token; an unknown hint is ignored (RFC 7009 section 2.2.1)."""
        if "token" not in request.form:
            raise InvalidRequestError("The parameter token is missing.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Token | None:
        return self.server.find_token(token_string)

    def revoke_token(self, token: _Token, request: _Request) -> None:
        self.server.end(token)


class _Server(AuthorizationServer):
    """Authlib's server for one request."""

    def __init__(
        self, databases: Databases, config: Config, address: str, now: datetime, *, revokes: bool = False
    ) -> None:
        super().__init__(scopes_supported=SCOPES)
        self._databases = databases
        self._revokes = revokes
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

    def verify(self, client_id: str, client_secret: str) -> VerifiedAccount | None:
        attempt = Attempt(ActorKind.CLIENT_APPLICATION, client_id, client_secret, self._address)
        try:
            return verify_credentials(self._databases, attempt, self._now)
        except ApiError as error:
            if error.definition is not TOO_MANY_FAILURES:
                return None
            if self._revokes:
                return self._trust(client_id)
            raise _TryLaterError(
                cast(int, error.values["seconds"]),
                error="invalid_client",
                description="Too many attempts to authenticate have failed.",
                status_code=TOO_MANY_FAILURES.status,
            ) from error

    def _trust(self, client_id: str) -> VerifiedAccount:
        """Accept a throttled client without a check of its secret, to revoke a token.

        Revocation is never throttled (contract LOG-4). The client proves itself by its token instead: a check of the
        secret would allow unlimited guesses.
        """
        with self._databases.connected() as connection:
            stored = load_credentials(connection, ActorKind.CLIENT_APPLICATION, client_id)
        nobody = Account(ActorKind.CLIENT_APPLICATION, 0)
        return VerifiedAccount(stored.account if stored else nobody, secret="", secret_hash="")

    def query_client(self, client_id: str) -> _Client:
        return _Client(self, client_id)

    def authenticate_client(
        self, request: OAuth2Request, methods: Collection[str], endpoint: str = "token"
    ) -> ClientMixin:
        try:
            return super().authenticate_client(request, methods, endpoint)
        except (InvalidClientError, UnicodeDecodeError) as error:
            # Authlib does not catch Basic credentials that are not UTF-8.
            raise ClientAuthenticationError from error

    def save_token(self, token: dict[str, str | int], request: OAuth2Request) -> None:
        verified = request.client.verified
        with self._databases.writing() as connection:
            if not lock_verified(connection, verified):
                raise ClientAuthenticationError
            store_session(connection, str(token["access_token"]), verified.account, self._expires, created=self._now)

    def find_token(self, session_id: str) -> _Token | None:
        with self._databases.connected() as connection:
            session = load_session(connection, session_id, self._now)
        if session is None or not isinstance(session.actor, ClientApplication):
            return None
        return _Token(session_id, Account(ActorKind.CLIENT_APPLICATION, session.actor.id))

    def end(self, token: _Token) -> None:
        with self._databases.writing() as connection:
            end_session(connection, token.session_id)

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        pass

    def handle_response(
        self, status: int, body: Mapping[str, object], headers: Sequence[tuple[str, str]]
    ) -> TokenResponse:
        """Build the response without the header fields that every response of the service has."""
        extra = {name: value for name, value in headers if name not in {"Content-Type", "Cache-Control"}}
        return TokenResponse(status, body, extra)

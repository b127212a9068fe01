"""The accounts of a check: loading their credentials, opening their sessions, and ending these sessions."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO
from urllib.parse import urlencode

from marshmallow import ValidationError, fields

from casemgr.accounts.login_requests import FORCE_LOGIN, ForceLogin
from casemgr.domain.actors import ActorKind
from casemgr.domain.texts import shorten
from casemgr.error_check.client import Request, Response, Send, ServiceClient, ServiceError
from casemgr.error_check.fixtures import Fixture, Fixtures, create_unknown
from casemgr.error_check.interrupts import deferred_interrupts
from casemgr.errors.catalogue import SESSION_NOT_VALID, TOO_MANY_SESSIONS
from casemgr.http.headers import SESSION_HEADER
from casemgr.http.limits import MAX_SESSIONS
from casemgr.http.media_types import FORM, MediaType
from casemgr.http.paths import LOGIN_PATH, REVOCATION_PATH, SESSION_PATH, TOKEN_PATH
from casemgr.imports.fields import Id, Name, Text
from casemgr.imports.records import Record

_MAX_FILE = 2**16
"""Maximum number of bytes that are read of a file of accounts."""


class LoginRecord(Record):
    """The credentials of a user or customer."""

    user_name = Name(required=True)
    password = Text(required=True)


class ClientRecord(Record):
    """The credentials of a client application."""

    client_id = Name(required=True)
    client_secret = Text(required=True)


class AccountsSchema(Record):
    """The file of accounts, each of which is optional."""

    error_messages = {"unknown": "is not a known account", "type": "must be an object"}  # noqa: RUF012 - marshmallow's
    user = fields.Nested(LoginRecord)
    forbidden_case = Id()
    user_without_action = fields.Nested(LoginRecord)
    user_with_many_sessions = fields.Nested(LoginRecord)
    customer = fields.Nested(LoginRecord)
    client_of_other_type = fields.Nested(ClientRecord)


_SCHEMA = AccountsSchema()

Accounts = Mapping[str, Any]
"""The members of the file, loaded with `AccountsSchema`."""


_ACCOUNTS_OF_FIXTURES = {"full_account": "user_with_many_sessions"}
"""The accounts of fixtures that have another name."""


class AccountsError(ValueError):
    """The file of accounts cannot be used; the message belongs after "FILE: "."""


def load_accounts(stream: BinaryIO) -> Accounts:
    """Load the accounts from JSON.

    :raises AccountsError: with the first problem.
    """
    try:
        loaded: Accounts = _SCHEMA.load(json.loads(stream.read(_MAX_FILE)))
    except ValidationError as error:
        raise AccountsError(_first_problem(error.messages_dict)) from error
    except (ValueError, RecursionError) as error:
        raise AccountsError("is not JSON") from error
    return loaded


def _first_problem(messages: Any) -> str:
    path = []
    while isinstance(messages, dict):
        name, messages = next(iter(messages.items()))
        path.append(name)
    return f"{shorten('.'.join(name for name in path if name != '_schema'))} {messages[0]}".strip()


@contextmanager
def prepared_fixtures(
    client: ServiceClient, accounts: Accounts, needed: Collection[str]
) -> Iterator[tuple[Fixtures, Send]]:
    """Open the sessions that probes need; end them after the `with` block, also after an error or an interrupt.

    :param needed: the names of the fixtures to prepare; the others have no text.
    :returns: the fixtures, and a function that sends requests; it also ends the sessions that these requests open.
    :raises ServiceError: when the service cannot be used or a session cannot be ended.
    """
    client.recognise_service()
    with ExitStack() as stack:
        try:
            wanted = {_ACCOUNTS_OF_FIXTURES.get(name, name) for name in needed}
            sessions = _Sessions(client, {name: accounts[name] for name in accounts if name in wanted}, stack)
            fixtures = Fixtures(
                user=sessions.log_in("user"),
                forbidden_case=_forbidden_case(accounts),
                user_without_action=sessions.log_in("user_without_action"),
                customer=sessions.log_in("customer", ActorKind.CUSTOMER),
                client_of_other_type=sessions.fetch_token("client_of_other_type"),
                # Last, since the account may be one of the others.
                full_account=sessions.fill("user_with_many_sessions"),
                locked_name=create_unknown(),
                unknown=create_unknown(),
            )
            yield fixtures, sessions.send
        finally:
            with deferred_interrupts():
                stack.close()


class _Sessions:
    """The sessions of one check, which are ended when the stack is closed."""

    def __init__(self, client: ServiceClient, accounts: Accounts, stack: ExitStack) -> None:
        self._client = client
        self._accounts = accounts
        self._stack = stack

    def log_in(self, name: str, kind: ActorKind = ActorKind.USER) -> Fixture:
        """Open a session of an account, which ends its oldest one if it has the maximum number of sessions."""
        if name not in self._accounts:
            return _absent(name)
        response = self.send(log_in(kind, encode_login(**self._accounts[name]), force=True))
        return Fixture(session_id) if (session_id := _session_of(response)) else _refused(name, response)

    def fill(self, name: str) -> Fixture:
        """Open as many sessions as an account may have; return the body of a further login."""
        if name not in self._accounts:
            return _absent(name)
        body = encode_login(**self._accounts[name])
        for _ in range(MAX_SESSIONS):
            response = self.send(log_in(ActorKind.USER, body))
            if response.status == TOO_MANY_SESSIONS.status:
                # The account had sessions already.
                break
            if not _session_of(response):
                return _refused(name, response)
        return Fixture(body)

    def fetch_token(self, name: str) -> Fixture:
        """Fetch a token of a client application."""
        if name not in self._accounts:
            return _absent(name)
        client = self._accounts[name]
        # An interrupt must not lose the token.
        with deferred_interrupts():
            response = self._client.send(_form(TOKEN_PATH, client, grant_type="client_credentials"))
            try:
                token = str(json.loads(response.body)["access_token"])
            except (ValueError, LookupError, TypeError):
                return _refused(name, response)
            self._stack.callback(self._end, _form(REVOCATION_PATH, client, token=token))
        return Fixture(token)

    def send(self, request: Request) -> Response:
        """Send a request; a session that it opens is ended with the check."""
        if request.method != "POST":
            return self._client.send(request)
        # An interrupt must not lose the session.
        with deferred_interrupts():
            response = self._client.send(request)
            if session_id := _session_of(response):
                self._stack.callback(self._end, Request("DELETE", SESSION_PATH, {SESSION_HEADER: session_id}))
        return response

    def _end(self, request: Request) -> None:
        response = self._client.send(request)
        # The session may have ended already.
        if response.status not in {200, 204, SESSION_NOT_VALID.status}:
            raise ServiceError(f"A session could not be ended: {_excerpt(response)}")


def log_in(kind: ActorKind, body: str, *, force: bool = False) -> Request:
    """Build the request of a login.

    :param force: whether the login may end the oldest session of the account.
    """
    query = f"?{FORCE_LOGIN}={ForceLogin.YES}" if force else ""
    return Request("POST", LOGIN_PATH.format(kind=kind) + query, {"Content-Type": MediaType.JSON}, body)


def encode_login(user_name: str, password: str) -> str:
    """Encode the body of a login."""
    return json.dumps({"userName": user_name, "password": password})


def _forbidden_case(accounts: Accounts) -> Fixture:
    case_id = accounts.get("forbidden_case")
    return Fixture(str(case_id)) if case_id else _absent("forbidden_case")


def _session_of(response: Response) -> str | None:
    return response.fields.get(SESSION_HEADER) if response.status == 204 else None


def _absent(name: str) -> Fixture:
    return Fixture(reason=f"--accounts has no {_SCHEMA.fields[name].data_key}.")


def _refused(name: str, response: Response) -> Fixture:
    return Fixture(
        reason=f"The account {_SCHEMA.fields[name].data_key} cannot log in: {_excerpt(response)}", is_refused=True
    )


def _excerpt(response: Response) -> str:
    return f"{response.status} {shorten(response.body.decode(errors='replace'), 200)}"


def _form(path: str, client: Mapping[str, str], **parameters: str) -> Request:
    return Request("POST", path, {"Content-Type": FORM}, urlencode({**client, **parameters}))

"""What errors are provoked with: sessions of accounts that a file names, which are ended afterwards."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO
from urllib.parse import urlencode

from marshmallow import ValidationError

from casemgr.actors import ActorKind
from casemgr.dataset import shorten
from casemgr.error_check.client import Answer, Request, Send, ServiceClient, ServiceError
from casemgr.error_check.probes import Fixtures, Given, encode_login, log_in
from casemgr.errors import SESSION_NOT_VALID, TOO_MANY_SESSIONS
from casemgr.header_fields import SESSION_HEADER
from casemgr.login import MAX_SESSIONS
from casemgr.oauth2 import FORM, REVOCATION_PATH, TOKEN_PATH
from casemgr.paths import AUTHENTICATION_PATH, SESSION_PATH
from schemas.accounts import AccountsSchema

_MAX_FILE = 2**16
"""Bytes of a file of accounts that are read."""

_SCHEMA = AccountsSchema()

Accounts = Mapping[str, Any]
"""What `AccountsSchema` loads."""


class AccountsError(ValueError):
    """The accounts cannot be used; the text is what is wrong with them."""


def load_accounts(stream: BinaryIO) -> Accounts:
    """Load the accounts from JSON.

    :raises AccountsError: with the first thing that is wrong.
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
def prepared_fixtures(client: ServiceClient, accounts: Accounts) -> Iterator[tuple[Fixtures, Send]]:
    """Open the sessions that probes take, and end them afterwards.

    :returns: also what sends requests, and ends the sessions that come of those too.
    :raises ServiceError: when the service cannot be used, or a session cannot be ended.
    """
    with ExitStack() as stack:
        sessions = _Sessions(client, accounts, stack)
        fixtures = Fixtures(
            user=sessions.log_in("user"),
            forbidden_case=Given(f"{case_id}")
            if (case_id := accounts.get("forbidden_case"))
            else _absent("forbidden_case"),
            user_without_action=sessions.log_in("user_without_action"),
            customer=sessions.log_in("customer", ActorKind.CUSTOMER),
            client_of_other_type=sessions.fetch_token("client_of_other_type"),
            # The last one, since it may be one of the others.
            full_account=sessions.fill("user_with_many_sessions"),
            locked_name=secrets.token_urlsafe(),
        )
        yield fixtures, sessions.send


class _Sessions:
    """The sessions of one check."""

    def __init__(self, client: ServiceClient, accounts: Accounts, stack: ExitStack) -> None:
        self._client = client
        self._accounts = accounts
        self._stack = stack

    def log_in(self, name: str, kind: ActorKind = ActorKind.USER) -> Given:
        """Give the session of an account."""
        if name not in self._accounts:
            return _absent(name)
        answer = self.send(log_in(kind, encode_login(**self._accounts[name])))
        return Given(session_id) if (session_id := _session_of(answer)) else _refused(name, answer)

    def fill(self, name: str) -> Given:
        """Give the body of a login to an account that has all sessions that it may have."""
        if name not in self._accounts:
            return _absent(name)
        body = encode_login(**self._accounts[name])
        for _ in range(MAX_SESSIONS):
            answer = self.send(log_in(ActorKind.USER, body))
            if answer.status == TOO_MANY_SESSIONS.status:
                # Somebody else has some of them.
                break
            if not _session_of(answer):
                return _refused(name, answer)
        return Given(body)

    def fetch_token(self, name: str) -> Given:
        """Give the token of a client application."""
        if name not in self._accounts:
            return _absent(name)
        client = self._accounts[name]
        answer = self._client.send(_form(TOKEN_PATH, client, grant_type="client_credentials"))
        try:
            token = str(json.loads(answer.body)["access_token"])
        except (ValueError, LookupError, TypeError):
            return _refused(name, answer)
        self._stack.callback(self._end, _form(REVOCATION_PATH, client, token=token))
        return Given(token)

    def send(self, request: Request) -> Answer:
        """Send a request, and see to it that the session that it may bring is ended."""
        answer = self._client.send(request)
        if session_id := _session_of(answer):
            self._stack.callback(self._end, Request("DELETE", SESSION_PATH, {SESSION_HEADER: session_id}))
        return answer

    def _end(self, request: Request) -> None:
        answer = self._client.send(request)
        # Somebody else may have ended it.
        if answer.status not in {200, 204, SESSION_NOT_VALID.status}:
            raise ServiceError(f"A session could not be ended: {_excerpt(answer)}")


def _session_of(answer: Answer) -> str | None:
    return answer.fields.get(SESSION_HEADER) if answer.status == 204 else None


def _absent(name: str) -> Given:
    return Given(reason=f"--accounts names no {_SCHEMA.fields[name].data_key}.")


def _refused(name: str, answer: Answer) -> Given:
    return Given(
        reason=f"The account {_SCHEMA.fields[name].data_key} cannot log in: {_excerpt(answer)}", is_refused=True
    )


def _excerpt(answer: Answer) -> str:
    return f"{answer.status} {shorten(answer.body.decode(errors='replace'), 200)}"


def _form(path: str, client: Mapping[str, str], **parameters: str) -> Request:
    return Request("POST", AUTHENTICATION_PATH + path, {"Content-Type": FORM}, urlencode({**client, **parameters}))

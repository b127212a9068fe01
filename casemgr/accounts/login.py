"""Logins: verify the credentials of an account and open a session."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from casemgr.accounts.accounts import (
    Account,
    StoredCredentials,
    load_credentials,
    lock_account,
    store_disabled,
    store_secret,
    store_secret_hash,
)
from casemgr.accounts.passwords import hash_password, is_outdated, verify_password
from casemgr.accounts.sessions import (
    end_sessions,
    end_sessions_of_accounts,
    generate_session_id,
    load_session_digests,
    store_session,
)
from casemgr.accounts.throttling import (
    Subjects,
    check_failures,
    forget_failures,
    lock_subjects,
    record_failure,
    record_success,
    subject_of_account,
    subjects_of_attempt,
)
from casemgr.config import Config
from casemgr.database.databases import Databases, Slots
from casemgr.domain.actors import ActorKind
from casemgr.errors.catalogue import LOGIN_FAILED, TOO_MANY_SESSIONS
from casemgr.errors.definitions import ApiError
from casemgr.http.limits import MAX_SESSIONS, MAX_WAITING_LOGINS
from casemgr.observability.context import record_actor

_VERIFICATIONS = Slots("logins", 1, patience=5, waiting=MAX_WAITING_LOGINS)
"""Secrets are verified one at a time: each verification keeps the cores busy for a twentieth of a second."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to log in.

    :param login_id: the login ID of a user or customer, or a client ID.
    :param secret: the password or client secret.
    :param address: the network address of the client.
    """

    kind: ActorKind
    login_id: str
    secret: str = field(repr=False)
    address: str

    @property
    def subjects(self) -> Subjects:
        """The subjects for which a failure counts."""
        return subjects_of_attempt(self.kind, self.login_id, self.address)


@dataclass(frozen=True, slots=True)
class VerifiedAccount:
    """An account whose secret has been verified against this hash."""

    account: Account
    secret: str = field(repr=False)
    secret_hash: str = field(repr=False)


def verify_credentials(databases: Databases, attempt: Attempt, now: datetime) -> VerifiedAccount:
    """Verify the login ID and the secret of an account, and renew an outdated hash.

    The account, if it exists, is recorded as the actor of the request, also when the login fails (contract OPS-4).

    :raises ApiError: TOO_MANY_FAILURES; LOGIN_FAILED, after the same time for a wrong or empty secret, an unknown login
        ID, a disabled account and an account without a secret.

    Source: contract LOG-3, LOG-4.
    """
    with databases.connected() as connection:
        stored = load_credentials(connection, attempt.kind, attempt.login_id)
        if stored:
            record_actor(stored.account.kind, stored.account.id)
        check_failures(connection, attempt.subjects, now)
    with _VERIFICATIONS:
        verified = _verify(stored, attempt.secret)
        renewed = hash_password(attempt.secret) if verified and is_outdated(verified.secret_hash) else None
    with databases.writing() as connection:
        lock_subjects(connection, attempt.subjects)
        # Checked again, so that simultaneous attempts do not exceed the limit.
        check_failures(connection, attempt.subjects, now)
        if verified is None:
            record_failure(connection, attempt.subjects, now)
        else:
            record_success(connection, attempt.subjects, now)
        if verified and renewed and lock_account(connection, verified.account) == verified.secret_hash:
            store_secret_hash(connection, verified.account, renewed)
            verified = replace(verified, secret_hash=renewed)
    if verified is None:
        raise ApiError(LOGIN_FAILED)
    return verified


def _verify(stored: StoredCredentials | None, secret: str) -> VerifiedAccount | None:
    secret_hash = stored.secret_hash if stored else None
    if not verify_password(secret_hash, secret) or stored is None or secret_hash is None or stored.disabled:
        return None
    return VerifiedAccount(stored.account, secret, secret_hash)


def lock_verified(connection: Connection, verified: VerifiedAccount) -> bool:
    """Lock a verified account until the end of the transaction.

    :returns: False when the secret has changed or the account has been disabled since the verification. A new hash of
        the same secret is no change: a simultaneous login may have renewed it.
    """
    stored = lock_account(connection, verified.account)
    return stored is not None and (stored == verified.secret_hash or verify_password(stored, verified.secret))


def open_session(databases: Databases, verified: VerifiedAccount, config: Config, now: datetime, *, force: bool) -> str:
    """Open a session of a user or customer who has logged in.

    :param force: whether to end the oldest sessions if the account has too many.
    :returns: the ID of the new session.
    :raises ApiError: TOO_MANY_SESSIONS; LOGIN_FAILED when the secret has changed, or the account has been disabled,
        since the secret was verified.
    """
    account = verified.account
    with databases.writing() as connection:
        if not lock_verified(connection, verified):
            raise ApiError(LOGIN_FAILED)
        existing = load_session_digests(connection, account, now)
        surplus = existing[: max(0, len(existing) - MAX_SESSIONS + 1)]
        if surplus and not force:
            raise ApiError(TOO_MANY_SESSIONS, limit=MAX_SESSIONS)
        if surplus:
            end_sessions(connection, surplus)
        session_id = generate_session_id()
        expires, idle_expires = now + config.session_lifetime, now + config.session_idle_time
        store_session(connection, session_id, account, expires, created=now, idle_expires=idle_expires)
    return session_id


def change_secret(connection: Connection, account: Account, login_id: str, secret: str) -> None:
    """Change the secret of an account, end all its sessions, and forget its failed logins.

    If it is the same secret, only the failed logins are forgotten (contract LOG-4, LOG-5).
    """
    if store_secret(connection, account, secret):
        end_sessions_of_accounts(connection, account.kind, [account.id])
    forget_failures(connection, subject_of_account(account.kind, login_id))


def change_disabled(connection: Connection, account: Account, *, disabled: bool) -> bool:
    """Disable or enable an account, and end all its sessions if that is a change (contract LOG-5).

    :returns: False when it was so already.
    """
    changed = store_disabled(connection, account, disabled=disabled)
    if changed:
        end_sessions_of_accounts(connection, account.kind, [account.id])
    return changed

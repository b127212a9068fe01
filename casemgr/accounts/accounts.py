"""The accounts of users, customers and client applications, and their secrets."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from casemgr.accounts.passwords import hash_if_changed, hash_password
from casemgr.database import models
from casemgr.domain.actors import ActorKind
from casemgr.domain.ids import MAX_ID, parse_id

_SECRET_BYTES = 32
_CLIENT_ID_BYTES = 8
"""Random bytes of a new client secret and of a new client ID."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user, customer or client application."""

    kind: ActorKind
    id: int


@dataclass(frozen=True, slots=True)
class StoredCredentials:
    """The credentials of an account as the database stores them.

    :param secret_hash: None when the account has no secret; then nobody can log in.
    """

    account: Account
    secret_hash: str | None = field(repr=False)
    disabled: bool


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a kind of account.

    :param names: the columns other than the ID by which an operator may name an account.
    """

    id: ColumnElement[Any]
    login_id: ColumnElement[Any]
    secret_hash: ColumnElement[Any]
    disabled: ColumnElement[Any]
    names: Sequence[ColumnElement[Any]]


def _columns(model: type[models.Base], login_id: str, secret_hash: str, *names: str) -> _Columns:
    columns = model.__table__.c
    return _Columns(
        columns.id,
        columns[login_id],
        columns[secret_hash],
        columns.disabled,
        [columns[name] for name in (login_id, *names)],
    )


_COLUMNS: Mapping[ActorKind, _Columns] = {
    ActorKind.USER: _columns(models.User, "login_id", "password_hash"),
    ActorKind.CUSTOMER: _columns(models.Customer, "login_id", "password_hash", "name"),
    ActorKind.CLIENT_APPLICATION: _columns(models.ClientApplication, "client_id", "client_secret_hash", "name"),
}


def find_accounts(connection: Connection, kind: ActorKind, text: str) -> list[Account]:
    """Find accounts by ID, login or client ID, or name; a match by ID takes precedence.

    :returns: several accounts when they have the same name.
    """
    columns = _COLUMNS[kind]
    if (record_id := parse_id(text)) and connection.scalar(select(columns.id).where(columns.id == record_id)):
        return [Account(kind, record_id)]
    found = connection.scalars(select(columns.id).where(or_(*(name == text for name in columns.names))))
    return [Account(kind, account_id) for account_id in found]


def load_credentials(connection: Connection, kind: ActorKind, login_id: str) -> StoredCredentials | None:
    """Load the credentials of the account with this login or client ID; None when there is no such account."""
    columns = _COLUMNS[kind]
    row = connection.execute(
        select(columns.id, columns.secret_hash, columns.disabled).where(columns.login_id == login_id)
    ).one_or_none()
    return row and StoredCredentials(Account(kind, row[0]), row[1], row[2])


def load_login_id(connection: Connection, account: Account) -> str | None:
    """Load the login or client ID of an account; None when it has none."""
    columns = _COLUMNS[account.kind]
    login_id: str | None = connection.scalar(select(columns.login_id).where(columns.id == account.id))
    return login_id


def load_credentials_by_id(
    connection: Connection, kind: ActorKind, account_ids: Sequence[int]
) -> Mapping[int, StoredCredentials]:
    """Load the credentials of accounts by their IDs, and lock these accounts until the end of the transaction."""
    columns = _COLUMNS[kind]
    query = select(columns.id, columns.secret_hash, columns.disabled).where(columns.id.in_(account_ids))
    rows = connection.execute(query.order_by(columns.id).with_for_update(key_share=True))
    return {row[0]: StoredCredentials(Account(kind, row[0]), row[1], row[2]) for row in rows}


def store_secret(connection: Connection, account: Account, secret: str) -> bool:
    """Store the hash of a secret.

    :returns: False when it is the secret that the account has already; then nothing is stored.
    """
    stored_hash = load_credentials_by_id(connection, account.kind, [account.id])[account.id].secret_hash
    secret_hash = hash_if_changed(stored_hash, secret)
    if secret_hash == stored_hash:
        return False
    store_secret_hash(connection, account, secret_hash)
    return True


def store_secret_hash(connection: Connection, account: Account, secret_hash: str) -> None:
    """Store the hash of a new secret of an account."""
    columns = _COLUMNS[account.kind]
    connection.execute(
        update(columns.id.table).where(columns.id == account.id).values({columns.secret_hash: secret_hash})
    )


def store_disabled(connection: Connection, account: Account, *, disabled: bool) -> bool:
    """Store whether an account is disabled.

    :returns: False when it was so already.
    """
    columns = _COLUMNS[account.kind]
    changes = update(columns.id.table).where(columns.id == account.id, columns.disabled.is_not(disabled))
    return connection.execute(changes.values({columns.disabled: disabled})).rowcount > 0


def lock_account(connection: Connection, account: Account) -> str | None:
    """Lock an account until the end of the transaction; SQLite allows only one writer anyway.

    The lock leaves alone those of foreign keys, such as from the cases of a running import to the account.

    :returns: the hash of its secret; None when the account is disabled or has no secret.
    """
    columns = _COLUMNS[account.kind]
    stored = select(columns.secret_hash).where(columns.id == account.id, columns.disabled.is_(False))
    return connection.scalar(stored.with_for_update(key_share=True))


@dataclass(frozen=True, slots=True)
class NewClient:
    """A new client application and its credentials; the secret cannot be shown again."""

    account: Account
    client_id: str
    client_secret: str = field(repr=False)


def generate_secret() -> str:
    """Generate a client secret whose characters need no encoding in forms and headers."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def create_client(connection: Connection, name: str, client_type: str, client_id: str | None = None) -> NewClient:
    """Create a client application.

    :param client_id: None for a random one.
    :raises ValueError: when the name, the type or the client ID is invalid or the client ID is taken; the message is
        a sentence.
    """
    client_id = secrets.token_hex(_CLIENT_ID_BYTES) if client_id is None else client_id
    if not (name and client_type and client_id):
        raise ValueError("Name, type and client ID must not be empty.")
    if ":" in client_id or not (name + client_type + client_id).isprintable():
        raise ValueError("Name, type and client ID must be printable, and the client ID must not contain a colon.")
    if load_credentials(connection, ActorKind.CLIENT_APPLICATION, client_id):
        raise ValueError(f"{client_id}: A client application with this client ID already exists.")
    # An ID in the upper half of the range does not collide with those of imported records.
    account = Account(ActorKind.CLIENT_APPLICATION, MAX_ID - secrets.randbelow(MAX_ID // 2))
    created = NewClient(account, client_id, generate_secret())
    connection.execute(
        insert(models.ClientApplication).values(
            id=account.id,
            name=name,
            client_type=client_type,
            client_id=client_id,
            client_secret_hash=hash_password(created.client_secret),
            disabled=False,
        )
    )
    return created

"""Sessions: store, load, extend and end them."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    Connection,
    DateTime,
    Select,
    and_,
    bindparam,
    delete,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from casemgr.accounts.accounts import Account
from casemgr.cases.access import (
    FOREIGN_DEPARTMENTS,
    MAY_VIEW_AGENT_CONSOLE,
    SHARING_DEPARTMENTS,
    readable_departments,
)
from casemgr.database import models
from casemgr.database.statements import Source, Statement
from casemgr.domain.actors import Actor, ActorKind, ClientApplication, Customer, User

_SESSION_ID_BYTES = 32
"""Random bytes of a new session ID."""

MIN_SESSION_ID = 22
"""Characters of the shortest session ID that an import accepts: 16 random bytes in Base64 (contract ACC-1)."""


def _instant(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=DateTime(timezone=True))


LIVE = and_(
    models.Session.expires > _instant("now"),
    or_(models.Session.idle_expires.is_(None), models.Session.idle_expires > _instant("now")),
)
"""SQL for a session that has not ended at the time `now`, a parameter."""

OWNER_ENABLED = or_(
    models.User.disabled.is_(False),
    models.Customer.disabled.is_(False),
    models.ClientApplication.disabled.is_(False),
)
"""SQL for a session whose owner, which is joined, is not disabled."""

# One round trip loads the session, its owner and the permissions of the owner.
_SELECT_OWNER = Statement(
    select(
        models.Session.user_id,
        models.Session.customer_id,
        models.Session.client_application_id,
        models.User.department_id,
        MAY_VIEW_AGENT_CONSOLE,
        FOREIGN_DEPARTMENTS,
        SHARING_DEPARTMENTS,
        models.ClientApplication.client_type,
        models.Session.idle_expires <= _instant("extend_before"),
        select(models.Dataset.version).scalar_subquery(),
    )
    .outerjoin_from(models.Session, models.User, models.User.id == models.Session.user_id)
    .outerjoin(models.Customer, models.Customer.id == models.Session.customer_id)
    .outerjoin(models.ClientApplication, models.ClientApplication.id == models.Session.client_application_id)
    .where(models.Session.digest == bindparam("digest"), LIVE, OWNER_ENABLED)
)

OWNERS: Mapping[ActorKind, InstrumentedAttribute[int | None]] = {
    ActorKind.USER: models.Session.user_id,
    ActorKind.CUSTOMER: models.Session.customer_id,
    ActorKind.CLIENT_APPLICATION: models.Session.client_application_id,
}
"""The columns that refer to the owner of a session, by the kind of the owner."""


@dataclass(frozen=True, slots=True)
class Session:
    """A live session.

    :param needs_extension: whether its idle time has to be extended.
    :param dataset_version: the number of imports so far.
    """

    actor: Actor
    needs_extension: bool
    dataset_version: int


def load_session(
    source: Source, session_id: str, now: datetime, extend_before: datetime | None = None
) -> Session | None:
    """Load a session, its owner and the permissions of the owner.

    :param now: in UTC.
    :param extend_before: in UTC; a session whose idle time ends by then needs extension. None: no session does.
    :returns: None when the session is unknown or expired, or its owner is disabled (contract ACC-3).
    """
    parameters = {"digest": digest_session_id(session_id), "now": now, "extend_before": extend_before or now}
    rows = _SELECT_OWNER.execute(source, parameters)
    if not rows:
        return None
    [(*owner, needs_extension, dataset_version)] = rows
    return Session(_build_actor(*owner), bool(needs_extension), dataset_version or 0)


def _build_actor(
    user_id: int | None,
    customer_id: int | None,
    client_application_id: int,
    department_id: int,
    may_view_agent_console: bool,
    foreign_departments: Iterable[tuple[int]],
    sharing_departments: Iterable[tuple[int]],
    client_type: str,
) -> Actor:
    if user_id is not None:
        readable = readable_departments(department_id, foreign_departments, sharing_departments)
        return User(user_id, may_view_agent_console, readable)
    if customer_id is not None:
        return Customer(customer_id)
    return ClientApplication(client_application_id, client_type)


def generate_session_id() -> str:
    """Generate an unpredictable session ID (contract ACC-1)."""
    return secrets.token_urlsafe(_SESSION_ID_BYTES)


def digest_session_id(session_id: str) -> bytes:
    """Compute the SHA-256 digest that the database stores instead of a session ID (contract ACC-1)."""
    return hashlib.sha256(session_id.encode(errors="surrogateescape")).digest()


def store_session(
    connection: Connection,
    session_id: str,
    account: Account,
    expires: datetime,
    *,
    created: datetime | None = None,
    idle_expires: datetime | None = None,
) -> None:
    """Store a new session.

    :param expires: in UTC.
    :param created: the time of the login in UTC; None for a session that an operator creates.
    :param idle_expires: when the session ends unless it is used, in UTC; None when it may stay unused.
    """
    owners = {column.key: account.id if kind is account.kind else None for kind, column in OWNERS.items()}
    connection.execute(
        insert(models.Session).values(
            digest=digest_session_id(session_id), expires=expires, created=created, idle_expires=idle_expires, **owners
        )
    )


def load_session_digests(connection: Connection, account: Account, now: datetime) -> Sequence[bytes]:
    """Load the digests of the live sessions that an account has logged in to, the oldest first."""
    return connection.scalars(
        select(models.Session.digest)
        .where(OWNERS[account.kind] == account.id, models.Session.created.is_not(None), LIVE)
        .order_by(models.Session.created),
        {"now": now},
    ).all()


def extend_session(connection: Connection, session_id: str, idle_expires: datetime) -> None:
    """Set the end of the idle time of a session."""
    connection.execute(
        update(models.Session)
        .where(models.Session.digest == digest_session_id(session_id))
        .values(idle_expires=idle_expires)
    )


def end_session(connection: Connection, session_id: str) -> bool:
    """End a session.

    :returns: whether the session existed.
    """
    return end_sessions(connection, [digest_session_id(session_id)]) > 0


def end_sessions(connection: Connection, digests: Sequence[bytes]) -> int:
    """End sessions.

    :returns: the number of sessions that existed.
    """
    return connection.execute(delete(models.Session).where(models.Session.digest.in_(digests))).rowcount


def end_sessions_of_accounts(
    connection: Connection, kind: ActorKind, account_ids: Sequence[int], kept: Select[bytes] | None = None
) -> None:
    """End all sessions of accounts, those that the operator created included.

    :param kept: selects the digests of sessions that do not end.
    """
    ended = delete(models.Session).where(OWNERS[kind].in_(account_ids))
    connection.execute(ended if kept is None else ended.where(models.Session.digest.not_in(kept)))


def purge_sessions(connection: Connection, now: datetime) -> int:
    """Delete expired sessions.

    :returns: the number of deleted sessions.
    """
    return connection.execute(delete(models.Session).where(not_(LIVE)), {"now": now}).rowcount

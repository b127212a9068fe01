"""Sessions: who an ID belongs to, and their creation and end."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from casemgr import models
from casemgr.access import VIEW_AGENT_CONSOLE
from casemgr.accounts import Account
from casemgr.actors import Actor, ActorKind, ClientApplication, Customer, User
from casemgr.database import Source
from casemgr.hashes import digest_of
from casemgr.statements import ListRows, Statement

_SESSION_ID_BYTES = 32
"""Random bytes of a new session ID; the contract asks for 16 at least (ACC-1)."""

_NOW: BindParameter[datetime] = bindparam("now", type_=models.UtcDateTime())

_LIVE = and_(
    models.Session.expires > _NOW,
    or_(models.Session.idle_expires.is_(None), models.Session.idle_expires > _NOW),
)

_MAY_VIEW_AGENT_CONSOLE = exists().where(
    models.UserRole.user_id == models.User.id,
    models.RoleAction.role_id == models.UserRole.role_id,
    models.RoleAction.action == VIEW_AGENT_CONSOLE.action,
    models.RoleAction.resource == VIEW_AGENT_CONSOLE.resource,
)


_FOREIGN_DEPARTMENTS = (
    select(ListRows(models.ForeignDepartment.department_id))
    .where(models.ForeignDepartment.user_id == models.User.id)
    .scalar_subquery()
)

# Sharing counts for the home department only, never for foreign ones (contract ACC-7).
_SHARING_DEPARTMENTS = (
    select(ListRows(models.DepartmentSharing.from_department_id))
    .where(
        models.DepartmentSharing.to_department_id == models.User.department_id,
        models.DepartmentSharing.activities.is_(True),
    )
    .scalar_subquery()
)

# One round trip for the session, its owner and all that the owner may do.
_SELECT_OWNER = Statement(
    select(
        models.Session.user_id,
        models.Session.customer_id,
        models.Session.client_application_id,
        models.User.department_id,
        _MAY_VIEW_AGENT_CONSOLE,
        _FOREIGN_DEPARTMENTS,
        _SHARING_DEPARTMENTS,
        models.ClientApplication.client_type,
        models.Session.idle_expires,
        select(models.Dataset.version).scalar_subquery(),
    )
    .outerjoin_from(models.Session, models.User, models.User.id == models.Session.user_id)
    .outerjoin(models.Customer, models.Customer.id == models.Session.customer_id)
    .outerjoin(models.ClientApplication, models.ClientApplication.id == models.Session.client_application_id)
    .where(
        models.Session.digest == bindparam("digest"),
        _LIVE,
        or_(
            models.User.disabled.is_(False),
            models.Customer.disabled.is_(False),
            models.ClientApplication.disabled.is_(False),
        ),
    )
)

_OWNER: Mapping[ActorKind, InstrumentedAttribute[int | None]] = {
    ActorKind.USER: models.Session.user_id,
    ActorKind.CUSTOMER: models.Session.customer_id,
    ActorKind.CLIENT_APPLICATION: models.Session.client_application_id,
}


@dataclass(frozen=True, slots=True)
class Session:
    """A live session.

    :param idle_expires: when it ends unless it is used; None when it does not end for that.
    :param dataset_version: counts the imports up to the moment when the session was loaded.
    """

    actor: Actor
    idle_expires: datetime | None
    dataset_version: int


def load_session(source: Source, session_id: str, now: datetime) -> Session | None:
    """Load a session and its owner together with what they are allowed.

    :returns: None when the session is unknown or expired, or its owner disabled (contract ACC-3).
    """
    rows = _SELECT_OWNER.execute(source, {"digest": digest_of(session_id), "now": now})
    if not rows:
        return None
    [(*owner, idle_expires, dataset_version)] = rows
    return Session(_actor(*owner), idle_expires, dataset_version or 0)


def _actor(
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
        others = {id_ for (id_,) in (*foreign_departments, *sharing_departments)}
        return User(user_id, may_view_agent_console, frozenset({department_id, *others}))
    if customer_id is not None:
        return Customer(customer_id)
    return ClientApplication(client_application_id, client_type)


def generate_session_id() -> str:
    """Generate an ID that no one can guess (contract ACC-1)."""
    return secrets.token_urlsafe(_SESSION_ID_BYTES)


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

    :param created: when it was logged in to; None for one of the operator's.
    :param idle_expires: when it ends unless it is used; None for never.
    """
    owners = {column.key: account.id if kind is account.kind else None for kind, column in _OWNER.items()}
    connection.execute(
        insert(models.Session).values(
            digest=digest_of(session_id), expires=expires, created=created, idle_expires=idle_expires, **owners
        )
    )


def load_session_digests(connection: Connection, account: Account, now: datetime) -> Sequence[bytes]:
    """Load the digests of the live sessions that an account has logged in to, the oldest first."""
    return connection.scalars(
        select(models.Session.digest)
        .where(_OWNER[account.kind] == account.id, models.Session.created.is_not(None), _LIVE)
        .order_by(models.Session.created),
        {"now": now},
    ).all()


def extend_session(connection: Connection, session_id: str, idle_expires: datetime) -> None:
    """Let a session that is used end later."""
    connection.execute(
        update(models.Session).where(models.Session.digest == digest_of(session_id)).values(idle_expires=idle_expires)
    )


def end_session(connection: Connection, session_id: str) -> bool:
    """End a session.

    :returns: whether there was one.
    """
    return end_sessions(connection, [digest_of(session_id)]) > 0


def end_sessions(connection: Connection, digests: Sequence[bytes]) -> int:
    """End sessions.

    :returns: how many of them there were.
    """
    return connection.execute(delete(models.Session).where(models.Session.digest.in_(digests))).rowcount


def end_sessions_of_logins(connection: Connection, account: Account) -> None:
    """End the sessions that an account has logged in to."""
    connection.execute(
        delete(models.Session).where(_OWNER[account.kind] == account.id, models.Session.created.is_not(None))
    )


def purge_sessions(connection: Connection, now: datetime) -> int:
    """Delete the expired sessions.

    :returns: how many there were.
    """
    return connection.execute(delete(models.Session).where(not_(_LIVE)), {"now": now}).rowcount

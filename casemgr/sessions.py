"""Sessions: who an ID belongs to, and their creation and end."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, insert, or_, select, union

from casemgr import models
from casemgr.access import VIEW_AGENT_CONSOLE
from casemgr.actors import Actor, ClientApplication, Customer, User
from casemgr.hashes import digest_of
from casemgr.ids import parse_id

_SESSION_ID_BYTES = 32
"""Random bytes of a new session ID; the contract asks for 16 at least (ACC-1)."""

_MAY_VIEW_AGENT_CONSOLE = exists().where(
    models.UserRole.user_id == models.User.id,
    models.RoleAction.role_id == models.UserRole.role_id,
    models.RoleAction.action == VIEW_AGENT_CONSOLE.action,
    models.RoleAction.resource == VIEW_AGENT_CONSOLE.resource,
)

_SELECT_OWNER = (
    select(
        models.Session.user_id,
        models.Session.customer_id,
        models.Session.client_application_id,
        models.User.department_id,
        models.ClientApplication.client_type,
        _MAY_VIEW_AGENT_CONSOLE.label("may_view_agent_console"),
    )
    .outerjoin_from(models.Session, models.User, models.User.id == models.Session.user_id)
    .outerjoin(models.Customer, models.Customer.id == models.Session.customer_id)
    .outerjoin(models.ClientApplication, models.ClientApplication.id == models.Session.client_application_id)
    .where(
        models.Session.digest == bindparam("digest"),
        models.Session.expires > bindparam("now"),
        or_(
            models.User.disabled.is_(False),
            models.Customer.disabled.is_(False),
            models.ClientApplication.disabled.is_(False),
        ),
    )
)

# Sharing counts for the home department only, never for foreign ones (contract ACC-7).
_SELECT_READABLE_DEPARTMENTS = union(
    select(models.ForeignDepartment.department_id).where(models.ForeignDepartment.user_id == bindparam("user_id")),
    select(models.DepartmentSharing.from_department_id).where(
        models.DepartmentSharing.to_department_id == bindparam("home_department_id"),
        models.DepartmentSharing.activities.is_(True),
    ),
)


@dataclass(frozen=True, slots=True)
class SessionOwner:
    """Whom a new session belongs to: exactly one of these."""

    user_id: int | None = None
    customer_id: int | None = None
    client_application_id: int | None = None


def load_actor(connection: Connection, session_id: str, now: datetime) -> Actor | None:
    """Load the owner of a session together with what they are allowed.

    :returns: None when the session is unknown or expired, or its owner disabled (contract ACC-3).
    """
    row = connection.execute(_SELECT_OWNER, {"digest": digest_of(session_id), "now": now}).one_or_none()
    if row is None:
        return None
    if row.user_id is not None:
        return _load_user(connection, row)
    if row.customer_id is not None:
        return Customer(row.customer_id)
    return ClientApplication(row.client_application_id, row.client_type)


def _load_user(connection: Connection, row: Row[*tuple[Any, ...]]) -> User:
    shared = connection.scalars(
        _SELECT_READABLE_DEPARTMENTS, {"user_id": row.user_id, "home_department_id": row.department_id}
    )
    return User(row.user_id, row.may_view_agent_console, frozenset({row.department_id, *shared}))


def find_owners(
    connection: Connection, *, user: str | None = None, customer: str | None = None, client: str | None = None
) -> list[SessionOwner]:
    """Find whom an operator means by an ID or a name; an ID goes before a name.

    :param user: ID or login ID of a user.
    :param customer: ID, login ID or name of a customer.
    :param client: ID, client ID or name of a client application.
    :returns: one owner, none, or several where names are the same.
    """
    if user is not None:
        return [SessionOwner(user_id=found) for found in _find(connection, models.User, user, ("login_id",))]
    if customer is not None:
        ids = _find(connection, models.Customer, customer, ("login_id", "name"))
        return [SessionOwner(customer_id=found) for found in ids]
    ids = _find(connection, models.ClientApplication, client or "", ("client_id", "name"))
    return [SessionOwner(client_application_id=found) for found in ids]


def _find(connection: Connection, model: type[models.Base], text: str, names: tuple[str, ...]) -> list[int]:
    columns = model.__table__.c
    if (record_id := parse_id(text)) and connection.scalar(select(columns.id).where(columns.id == record_id)):
        return [record_id]
    return list(connection.scalars(select(columns.id).where(or_(*(columns[name] == text for name in names)))))


def create_session(connection: Connection, owner: SessionOwner, expires: datetime) -> str:
    """Create a session.

    :returns: its ID, which nothing can tell again.
    """
    session_id = secrets.token_urlsafe(_SESSION_ID_BYTES)
    connection.execute(
        insert(models.Session).values(
            digest=digest_of(session_id),
            expires=expires,
            user_id=owner.user_id,
            customer_id=owner.customer_id,
            client_application_id=owner.client_application_id,
        )
    )
    return session_id


def revoke_session(connection: Connection, session_id: str) -> bool:
    """End a session.

    :returns: whether there was one.
    """
    return connection.execute(delete(models.Session).where(models.Session.digest == digest_of(session_id))).rowcount > 0


def purge_sessions(connection: Connection, now: datetime) -> int:
    """Delete the expired sessions.

    :returns: how many there were.
    """
    return connection.execute(delete(models.Session).where(models.Session.expires <= now)).rowcount

"""Accounts and sessions as an operator sees them: records without secrets, hashes and session IDs.

The fields are named as in the dataset. In place of the ID of a department or a role stands its record.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from casemgr.accounts.accounts import Account
from casemgr.accounts.sessions import LIVE, OWNER_ENABLED, OWNERS
from casemgr.accounts.throttling import load_failures, subject_of_account
from casemgr.database.models import (
    ClientApplication,
    Customer,
    Department,
    ForeignDepartment,
    Role,
    RoleAction,
    Session,
    User,
    UserRole,
)
from casemgr.domain.actors import ActorKind

Record = dict[str, Any]

_STREAMED = {"yield_per": 1000}
"""Fetch a thousand rows at a time, since there may be more than fit into memory."""

_COLUMNS: Mapping[ActorKind, Mapping[str, ColumnElement[Any]]] = {
    ActorKind.USER: {
        "id": User.__table__.c.id,
        "loginId": User.__table__.c.login_id,
        "firstName": User.__table__.c.first_name,
        "lastName": User.__table__.c.last_name,
        "department": User.__table__.c.department_id,
        "departmentName": Department.__table__.c.name,
        "hasPassword": User.password_hash.is_not(None),
        "disabled": User.__table__.c.disabled,
    },
    ActorKind.CUSTOMER: {
        "id": Customer.__table__.c.id,
        "loginId": Customer.__table__.c.login_id,
        "name": Customer.__table__.c.name,
        "hasPassword": Customer.password_hash.is_not(None),
        "disabled": Customer.__table__.c.disabled,
    },
    ActorKind.CLIENT_APPLICATION: {
        "id": ClientApplication.__table__.c.id,
        "clientId": ClientApplication.__table__.c.client_id,
        "name": ClientApplication.__table__.c.name,
        "clientType": ClientApplication.__table__.c.client_type,
        "hasSecret": ClientApplication.client_secret_hash.is_not(None),
        "disabled": ClientApplication.__table__.c.disabled,
    },
}

FIELDS: Mapping[ActorKind, tuple[str, ...]] = {
    kind: tuple(name for name in columns if name != "departmentName") for kind, columns in _COLUMNS.items()
}
"""The fields of the records that `list_accounts` yields."""

_LOGIN_ID = {ActorKind.USER: "loginId", ActorKind.CUSTOMER: "loginId", ActorKind.CLIENT_APPLICATION: "clientId"}
_ORDER = {ActorKind.USER: "loginId", ActorKind.CUSTOMER: "name", ActorKind.CLIENT_APPLICATION: "name"}

RECORD_TYPES: Mapping[ActorKind, str] = {
    ActorKind.USER: "user",
    ActorKind.CUSTOMER: "customer",
    ActorKind.CLIENT_APPLICATION: "clientApplication",
}
"""The types of record in the dataset."""

SESSION_FIELDS = ("kind", "account", "created", "expires", "idleExpires")
"""The fields of the records that `list_sessions` yields."""


def list_accounts(
    connection: Connection, kind: ActorKind, *, disabled_only: bool = False, limit: int | None = None
) -> Iterator[Record]:
    """List the accounts of a kind; users are ordered by login ID, others by name.

    :param limit: the maximum number of accounts; None for all.
    """
    columns = _COLUMNS[kind]
    query = _select_accounts(kind).order_by(columns[_ORDER[kind]], columns["id"]).limit(limit)
    if disabled_only:
        query = query.where(columns["disabled"].is_(True))
    yield from map(_build_account, connection.execute(query, execution_options=_STREAMED))


def load_account(connection: Connection, account: Account) -> Record:
    """Load the record of one account, as `list_accounts` yields it."""
    query = _select_accounts(account.kind).where(_COLUMNS[account.kind]["id"] == account.id)
    return _build_account(connection.execute(query).one())


def load_name(connection: Connection, account: Account) -> str:
    """Load the login or client ID of an account; its name when it has none."""
    record = load_account(connection, account)
    return str(record[_LOGIN_ID[account.kind]] or record["name"])


def describe_account(connection: Connection, account: Account, now: datetime) -> Record:
    """Describe an account with everything that decides whether it may log in and what it may do then."""
    record = load_account(connection, account)
    if account.kind is ActorKind.USER:
        record["foreignDepartments"] = _load_foreign_departments(connection, account.id)
        record["roles"] = _load_roles(connection, account.id)
    login_id = record[_LOGIN_ID[account.kind]]
    failures = load_failures(connection, subject_of_account(account.kind, login_id), now) if login_id else None
    return {
        **record,
        "liveSessions": count_live_sessions(connection, now, account)[account.kind],
        "failedLogins": failures.count if failures else 0,
        "throttled": bool(failures and failures.refused_until),
        "throttledFrom": failures and failures.refused_from,
        "throttledUntil": failures and failures.refused_until,
    }


def _select_accounts(kind: ActorKind) -> Select[*tuple[Any, ...]]:
    query = select(*(column.label(name) for name, column in _COLUMNS[kind].items()))
    return query.join_from(User, Department) if kind is ActorKind.USER else query


def _build_account(row: Row[*tuple[Any, ...]]) -> Record:
    record = dict(row._mapping)
    if "departmentName" in record:
        record["department"] = {"id": record["department"], "name": record.pop("departmentName")}
    return record


def _load_foreign_departments(connection: Connection, user_id: int) -> list[Record]:
    query = select(Department.id, Department.name).join(ForeignDepartment).where(ForeignDepartment.user_id == user_id)
    return [{"id": row.id, "name": row.name} for row in connection.execute(query.order_by(Department.id))]


def _load_roles(connection: Connection, user_id: int) -> list[Record]:
    rows = connection.execute(
        select(Role.id, Role.name, RoleAction.resource, RoleAction.action)
        .join_from(UserRole, Role)
        .outerjoin(RoleAction)
        .where(UserRole.user_id == user_id)
        .order_by(Role.id, RoleAction.resource, RoleAction.action)
    )
    return [
        {
            "id": role_id,
            "name": name,
            "actions": [{"resource": row.resource, "action": row.action} for row in actions if row.action is not None],
        }
        for (role_id, name), actions in groupby(rows, key=lambda row: (row.id, row.name))
    ]


def _of_live_sessions(query: Select[*tuple[Any, ...]], account: Account | None) -> Select[*tuple[Any, ...]]:
    """Restrict a query to live sessions, of one account or of all, and join their owners."""
    joined = (
        query.outerjoin_from(Session, User, User.id == Session.user_id)
        .outerjoin(Customer, Customer.id == Session.customer_id)
        .outerjoin(ClientApplication, ClientApplication.id == Session.client_application_id)
        .where(LIVE, OWNER_ENABLED)
    )
    return joined.where(OWNERS[account.kind] == account.id) if account else joined


def list_sessions(
    connection: Connection, now: datetime, account: Account | None = None, limit: int | None = None
) -> Iterator[Record]:
    """List the live sessions of one account or of all, those that expire first in front.

    `created` is None for sessions that an operator created, `idleExpires` for sessions that may stay unused.

    :param now: in UTC.
    :param limit: the maximum number of sessions; None for all.
    """
    name = func.coalesce(
        User.login_id, Customer.login_id, Customer.name, ClientApplication.client_id, ClientApplication.name
    )
    times = (Session.created, Session.expires, Session.idle_expires)
    query = _of_live_sessions(select(*OWNERS.values(), name.label("name"), *times), account)
    query = query.order_by(Session.expires, Session.digest).limit(limit)
    for *owner_ids, owner_name, created, expires, idle_expires in connection.execute(
        query, {"now": now}, execution_options=_STREAMED
    ):
        [(kind, owner_id)] = [(kind, id_) for kind, id_ in zip(OWNERS, owner_ids, strict=True) if id_ is not None]
        yield {
            "kind": RECORD_TYPES[kind],
            "account": {"id": owner_id, "name": owner_name},
            "created": created,
            "expires": expires,
            "idleExpires": idle_expires,
        }


def count_live_sessions(
    connection: Connection, now: datetime, account: Account | None = None
) -> Mapping[ActorKind, int]:
    """Count the live sessions of one account or of all, by the kind of their owners.

    :param now: in UTC.
    """
    query = _of_live_sessions(select(*map(func.count, OWNERS.values())), account)
    return dict(zip(OWNERS, connection.execute(query, {"now": now}).one(), strict=True))

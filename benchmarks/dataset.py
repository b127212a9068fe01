"""Fills the database for the benchmarks: each case has a note, custom attributes, a related case and activities."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, text

from casemgr.accounts.sessions import digest_session_id
from casemgr.database import models
from casemgr.database.engine import writing
from casemgr.database.schema import migrate
from casemgr.domain.actors import ActorKind

USER, CUSTOMER, CLIENT = "the-session-of-the-user", "the-session-of-the-customer", "the-session-of-the-client"
"""Session IDs: of a user who may see all cases but one, of a customer, and of a client application."""

POWERLESS_USER, OTHER_CLIENT = "session-without-actions", "session-of-another-type"
"""Session IDs: of a user without actions, and of a client application whose type is not `API`."""

BUSY_CASE = 500
"""The ID of the customer's case with 200 activities."""

_CUSTOMERS = 1000
_USERS = 100
_AT = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
_NEVER = datetime(2099, 1, 1, tzinfo=UTC)
_CHUNK = 20_000

Row = Mapping[str, Any]


def forbidden_case(number: int) -> int:
    """Return the ID of the one case, among so many, that the user may not see."""
    return number


def fill(engine: Engine, number: int) -> None:
    """Create the schema, that many cases, and the accounts and departments that they refer to."""
    migrate(engine)
    with writing(engine) as connection:
        _store_accounts(connection)
        for first in range(1, number + 1, _CHUNK):
            _store_cases(connection, range(first, min(first + _CHUNK, number + 1)), number)
        _store(connection, models.Activity, _activities_of_busy_case(number))
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def _store(connection: Connection, model: type[models.Base], rows: Iterable[Row]) -> None:
    connection.execute(insert(model), [dict(row) for row in rows])


def _store_accounts(connection: Connection) -> None:
    departments = range(1, 11)
    _store(connection, models.Department, ({"id": i, "name": f"Department {i}"} for i in departments))
    # The user's home is department 1; 2 and 3 are foreign departments; 4 to 9 share their cases; 10 does not.
    shared = ({"from_department_id": i, "to_department_id": 1, "activities": True} for i in range(4, 10))
    _store(connection, models.DepartmentSharing, shared)
    _store(connection, models.Role, [{"id": 1, "name": "Agent"}])
    _store(connection, models.RoleAction, [{"role_id": 1, "resource": "System", "action": "View Agent Console"}])
    users = (
        {
            "id": i,
            "login_id": f"u{i}",
            "first_name": "Ada",
            "last_name": f"Byron {i}",
            "department_id": 1,
            "disabled": False,
        }
        for i in range(1, _USERS + 1)
    )
    _store(connection, models.User, users)
    _store(connection, models.ForeignDepartment, ({"user_id": 1, "department_id": i} for i in (2, 3)))
    _store(connection, models.UserRole, [{"user_id": 1, "role_id": 1}])
    folders = ("cases_open", "cases_closed", "Refunds")
    _store(connection, models.Folder, ({"id": i, "name": name} for i, name in enumerate(folders, 1)))
    customers = ({"id": i, "name": f"Customer {i}", "disabled": False} for i in range(1, _CUSTOMERS + 1))
    _store(connection, models.Customer, customers)
    clients = ({"id": i, "name": name, "client_type": name, "disabled": False} for i, name in ((1, "API"), (2, "Web")))
    _store(connection, models.ClientApplication, clients)
    owners = (
        (USER, ActorKind.USER, 1),
        (POWERLESS_USER, ActorKind.USER, 2),
        (CUSTOMER, ActorKind.CUSTOMER, BUSY_CASE % _CUSTOMERS + 1),
        (CLIENT, ActorKind.CLIENT_APPLICATION, 1),
        (OTHER_CLIENT, ActorKind.CLIENT_APPLICATION, 2),
    )
    sessions = (
        {
            "digest": digest_session_id(session_id),
            "expires": _NEVER,
            **{f"{other}_id": owner if other is kind else None for other in ActorKind},
        }
        for session_id, kind, owner in owners
    )
    _store(connection, models.Session, sessions)
    attributes = (("tier", "enumeration"), ("rating", "integer"))
    custom = (
        {"id": i, "name": name, "data_type": data_type, "multiple": False}
        for i, (name, data_type) in enumerate(attributes, 1)
    )
    _store(connection, models.CustomAttribute, custom)
    tiers = enumerate(("gold", "silver"))
    values = ({"attribute_id": 1, "value": value, "label": value.title(), "position": i} for i, value in tiers)
    _store(connection, models.EnumerationValue, values)


def _store_cases(connection: Connection, ids: range, number: int) -> None:
    _store(connection, models.Case, (_case(i, number) for i in ids))
    notes = ({"case_id": i, "id": 1, "content": "Called back.", "created": _AT, "created_by_id": 1} for i in ids)
    _store(connection, models.Note, notes)
    _store(connection, models.RelatedCase, ({"case_id": i, "related_case_id": i} for i in ids))
    values = ((1, "gold"), (2, "5"))
    custom = (
        {"case_id": i, "attribute_id": attribute, "position": 0, "value": value}
        for i in ids
        for attribute, value in values
    )
    _store(connection, models.CustomValue, custom)
    _store(connection, models.Activity, (_activity(2 * i + k, i) for i in ids for k in (0, 1)))


def _case(i: int, number: int) -> Row:
    user = i % _USERS + 1
    return {
        "id": i,
        "department_id": 10 if i == forbidden_case(number) else i % 9 + 1,
        "status": ("open", "closed")[i % 2],
        "severity": ("low", "medium", "high", "urgent")[i % 4],
        "subject": f"Charging is too slow [#{i}]",
        "created": _AT,
        "created_by_id": user,
        "last_modified": _AT,
        "last_modified_by_id": user,
        "owner_id": user,
        "user_last_worked_id": user,
        "folder_id": i % 3 + 1,
        "customer_id": i % _CUSTOMERS + 1,
        "due_date": _AT,
        "last_closed": _AT,
        "originating_channel": "email",
        "description": "The battery of the car charges at half of the power. " * 4,
        "solution": "The cable was replaced. " * 3,
    }


def _activity(i: int, case_id: int) -> Row:
    return {
        "id": i,
        "case_id": case_id,
        "customer_id": case_id % _CUSTOMERS + 1,
        "activity_type": "chat",
        "mode": "inbound",
        "created": _AT,
        "sent": None,
        "read": False,
    }


def _activities_of_busy_case(number: int) -> Iterable[Row]:
    for k in range(198):
        at = _AT + timedelta(minutes=k)
        yield {
            **_activity(2 * number + 2 + k, BUSY_CASE),
            "activity_type": "email",
            "mode": ("inbound", "outbound")[k % 2],
            "created": at,
            "sent": at if k % 2 else None,
            "read": k % 3 == 0,
        }

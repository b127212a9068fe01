"""Records of a dataset with every field defaulted, so that a test states only what matters to it."""

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, update

from casemgr.accounts.passwords import hash_password
from casemgr.database.models import ClientApplication, Customer, User
from casemgr.imports.importer import import_dataset

Record = dict[str, Any]

USER, CUSTOMER, CLIENT = "the-session-of-the-user", "the-session-of-the-customer", "the-session-of-the-client"
"""IDs of the sessions in `actors`."""

SESSION = "another-session-of-somebody"
"""The ID of a session that is not in `actors`."""

HOME, OTHER = 10, 11
"""IDs of the departments in `actors`: the home department of the user, and another one."""

NAME, PASSWORD = "ada", "wide as the sea"
"""The credentials of the user, the customer and the client application of `store_accounts`."""

NEVER = "2099-01-01T00:00:00Z"


def department(record_id: int = HOME, name: str = "Service", **fields: Any) -> Record:
    return {"type": "department", "id": record_id, "name": name, **fields}


def sharing(from_department: int, to_department: int, *, activities: bool = True) -> Record:
    return {"type": "departmentSharing", "from": from_department, "to": to_department, "activities": activities}


def role(record_id: int = 1, *, resource: str = "System", action: str = "View Agent Console") -> Record:
    actions = [{"resource": resource, "action": action}]
    return {"type": "role", "id": record_id, "name": "Agent", "actions": actions}


def user(record_id: int = 20, **fields: Any) -> Record:
    return {
        "type": "user",
        "id": record_id,
        "loginId": f"user-{record_id}",
        "firstName": "Ada",
        "lastName": "Byron",
        "department": HOME,
        "roles": [1],
        **fields,
    }


def folder(record_id: int = 60, name: str = "cases_open") -> Record:
    return {"type": "folder", "id": record_id, "name": name}


def customer(record_id: int = 30, name: str = "Grace Hopper", **fields: Any) -> Record:
    return {"type": "customer", "id": record_id, "name": name, **fields}


def grant(customer_id: int, on: int) -> Record:
    return {"type": "customerGrant", "customer": customer_id, "on": on}


def client_application(record_id: int = 40, **fields: Any) -> Record:
    return {"type": "clientApplication", "id": record_id, "name": "Bridge", "clientType": "API", **fields}


def attribute(name: str, data_type: str = "string", **fields: Any) -> Record:
    return {"type": "customAttribute", "name": name, "dataType": data_type, **fields}


def enumeration(name: str, *values: str, **fields: Any) -> Record:
    listed = [{"value": value, "label": value.title()} for value in values]
    return attribute(name, "enumeration", values=listed, **fields)


def case(record_id: int = 1, **fields: Any) -> Record:
    return {
        "type": "case",
        "id": record_id,
        "department": HOME,
        "status": "open",
        "severity": "low",
        "subject": f"Subject of {record_id}",
        "created": "2026-01-02T03:04:05Z",
        "lastModified": "2026-01-03T03:04:05Z",
        **fields,
    }


def note(record_id: int = 70, **fields: Any) -> Record:
    return {"id": record_id, "content": "Called back.", "created": "2026-01-02T04:00:00Z", "createdBy": 20, **fields}


def activity(record_id: int = 50, **fields: Any) -> Record:
    return {
        "type": "activity",
        "id": record_id,
        "case": 1,
        "customer": 30,
        "activityType": "chat",
        "mode": "inbound",
        "created": "2026-01-02T03:04:05Z",
        **fields,
    }


def session(session_id: str, expires: str = NEVER, **owner: int) -> Record:
    return {"type": "session", "sessionId": session_id, "expires": expires, **owner}


def actors() -> list[Record]:
    """Make one actor of each kind with a session, and the departments HOME, which is the user's, and OTHER."""
    return [
        department(HOME, "Service"),
        department(OTHER, "Billing"),
        role(),
        user(),
        customer(),
        client_application(),
        session(USER, user=20),
        session(CUSTOMER, customer=30),
        session(CLIENT, clientApplication=40),
    ]


def as_lines(records: list[Record]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def store(engine: Engine, *records: Record, replace: bool = False) -> None:
    """Import records in this order; the records that others refer to come first."""
    import_dataset(engine, io.BytesIO(as_lines(list(records))), replace=replace)


def store_demo_data(engine: Engine, *, replace: bool = False) -> None:
    """Import the dataset of `make run`."""
    with Path(__file__).parent.with_name("demo").joinpath("dataset.jsonl").open("rb") as lines:
        import_dataset(engine, lines, replace=replace)


def dispose(app: Flask) -> None:
    """Close the connections of an application."""
    for engine in app.extensions["engines"]:
        engine.dispose()


@cache
def hash_of_password() -> str:
    """Hash PASSWORD, once, since hashing is slow."""
    return hash_password(PASSWORD)


def store_accounts(engine: Engine) -> None:
    """Store one actor of each kind, replacing those of `actors`, with the credentials NAME and PASSWORD."""
    store(
        engine,
        department(HOME, "Service"),
        role(),
        user(loginId=NAME),
        customer(loginId=NAME),
        client_application(clientId=NAME),
        replace=True,
    )
    with engine.begin() as connection:
        connection.execute(update(User).values(password_hash=hash_of_password()))
        connection.execute(update(Customer).values(password_hash=hash_of_password()))
        connection.execute(update(ClientApplication).values(client_secret_hash=hash_of_password()))

"""The same resource as somebody would write it quickly with FastAPI, SQLAlchemy Core and orjson.

It has no sessions, permissions, XML, locales or additional attributes, and no error but 404.
"""

import os
from typing import Any

import orjson
from fastapi import FastAPI, Response
from sqlalchemy import create_engine, select
from sqlalchemy.orm import aliased

from casemgr.database.models import Case, Customer, Department, Folder, User

_MODIFIER, _OWNER = aliased(User), aliased(User)

_engine = create_engine(os.environ["CASEMGR_DATABASE_URL"])
_CASES = (
    select(
        Case.id,
        Case.status,
        Case.severity,
        Case.subject,
        Case.last_modified,
        Case.due_date,
        Case.department_id,
        Department.name.label("department_name"),
        Case.last_modified_by_id,
        _MODIFIER.first_name.label("modifier_first_name"),
        _MODIFIER.last_name.label("modifier_last_name"),
        Case.owner_id,
        _OWNER.first_name.label("owner_first_name"),
        _OWNER.last_name.label("owner_last_name"),
        Case.folder_id,
        Folder.name.label("folder_name"),
        Case.customer_id,
        Customer.name.label("customer_name"),
    )
    .join(Department, Department.id == Case.department_id)
    .outerjoin(_MODIFIER, _MODIFIER.id == Case.last_modified_by_id)
    .outerjoin(_OWNER, _OWNER.id == Case.owner_id)
    .outerjoin(Folder, Folder.id == Case.folder_id)
    .outerjoin(Customer, Customer.id == Case.customer_id)
)


def _user(user_id: int, first_name: str, last_name: str) -> dict[str, str]:
    return {"firstName": first_name, "lastName": last_name, "id": str(user_id)}


def _represent(row: Any) -> dict[str, Any]:
    path = f"/core/casemgr/v3/case/{row.id}"
    return {
        "link": [{"rel": "self", "href": path}],
        "activities": {"link": [{"rel": "activity", "href": f"/core/casemgr/v3/activity?case={row.id}"}]},
        "department": {"name": row.department_name, "id": str(row.department_id)},
        "status": {"value": row.status, "displayValue": row.status.title()},
        "lastModified": row.last_modified,
        "lastModifiedBy": {"user": _user(row.last_modified_by_id, row.modifier_first_name, row.modifier_last_name)},
        "dueDate": row.due_date,
        "owner": {
            "user": _user(row.owner_id, row.owner_first_name, row.owner_last_name),
            "folder": {"name": {"value": row.folder_name, "displayValue": row.folder_name}, "id": str(row.folder_id)},
        },
        "customer": {
            "link": [{"rel": "customer", "href": f"/core/customermgr/v3/customer/{row.customer_id}"}],
            "customerName": row.customer_name,
            "id": str(row.customer_id),
        },
        "severity": {"value": row.severity, "displayValue": row.severity.title()},
        "subject": row.subject,
        "id": str(row.id),
    }


async def get_cases(ids: str) -> Response:
    """Return cases by their IDs; on the event loop, since a query of SQLite is faster than a change of threads."""
    numbers = [int(case_id) for case_id in ids.split(",")]
    with _engine.connect() as connection:
        found = {row.id: row for row in connection.execute(_CASES.where(Case.id.in_(numbers)))}
    if len(found) < len(numbers):
        return Response(status_code=404)
    body = orjson.dumps({"case": [_represent(found[case_id]) for case_id in numbers]})
    return Response(body, media_type="application/json")


app = FastAPI()
app.get("/core/casemgr/v3/case/{ids}")(get_cases)

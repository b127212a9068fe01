"""Examples of requests and responses."""

import json
from typing import Any

from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import ATTRIBUTES
from casemgr.domain.cases import Case, CustomAttribute, NamedValue, Note, RelatedCase
from casemgr.errors.bodies import build_error_body
from casemgr.errors.definitions import ApiError, ErrorDef
from casemgr.http.media_types import LOGIN_ELEMENT, XML_NAMESPACE, MediaType
from casemgr.i18n.locales import DEFAULT_LOCALE
from casemgr.representations import FORMATS, case_encoder

_EXAMPLE_CASE = Case(
    id=1000,
    department_id=999,
    department_name="Service",
    status="closed",
    severity="medium",
    subject="Charging is too slow [#1000]",
    last_modified="2016-04-01T01:52:54.000Z",
    last_modified_by_id=1002,
    last_modified_by_first_name="Frank",
    last_modified_by_last_name="Robert",
    due_date="2016-04-20T07:00:00.000Z",
    owner_user_id=1002,
    owner_user_first_name="Frank",
    owner_user_last_name="Robert",
    owner_folder_id=14,
    owner_folder_name="cases_closed",
    customer_id=1000,
    customer_name="John Russel Tierney",
    created="2016-03-30T09:15:00.000Z",
    created_by_id=1002,
    created_by_first_name="Frank",
    created_by_last_name="Robert",
    originating_channel="email",
    description="The battery charges at half of the power.",
    solution="The cable was replaced.",
    user_last_worked_id=1002,
    user_last_worked_first_name="Frank",
    user_last_worked_last_name="Robert",
    last_closed="2016-04-01T01:52:54.000Z",
    related_cases=(RelatedCase(1001),),
    notes=(Note(1003, 1000, "2016-03-31T08:00:00.000Z", "Called back.", 1002, "Frank", "Robert"),),
    custom_attributes=(
        CustomAttribute("customer_rating", (NamedValue("5"),)),
        CustomAttribute("tier", (NamedValue("gold", "Gold"),)),
    ),
    recent_activity_date="2016-03-31T08:05:00.000Z",
    unread_activity_count=2,
)


def example_of_cases(media_type: MediaType, kind: ActorKind) -> Any:
    """Build the response to an actor who requests all attributes: plain data for JSON, a string for XML."""
    encode = case_encoder(media_type, kind, frozenset(ATTRIBUTES[kind]))
    return _decode(media_type, encode([_EXAMPLE_CASE], DEFAULT_LOCALE))


def example_of_error(media_type: MediaType, definition: ErrorDef) -> dict[str, Any]:
    """Build the response to an error in English, and a summary."""
    body = build_error_body(ApiError(definition, **definition.example), DEFAULT_LOCALE, with_user_message=True)
    return {"summary": body.developer_message, "value": _decode(media_type, FORMATS[media_type].encode_error(body))}


def example_of_login(media_type: MediaType, user_name: str) -> Any:
    """Build the body of a login to an account of the demo data: plain data for JSON, a string for XML."""
    fields = {"userName": user_name, "password": f"{user_name}-demo"}
    if media_type is MediaType.JSON:
        return fields
    content = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f'<{LOGIN_ELEMENT} xmlns="{XML_NAMESPACE}">{content}</{LOGIN_ELEMENT}>'


def _decode(media_type: MediaType, body: bytes) -> Any:
    return json.loads(body) if media_type is MediaType.JSON else body.decode()

"""Examples of what the API answers."""

import json
from collections.abc import Mapping
from typing import Any

from casemgr import errors
from casemgr.access import VIEW_AGENT_CONSOLE
from casemgr.actors import ActorKind
from casemgr.attributes import ALL, ATTRIBUTES
from casemgr.cases import Case, CustomAttribute, NamedValue, Note, RelatedCase
from casemgr.error_bodies import build_error_body
from casemgr.errors import ApiError, DetailValue, ErrorDef
from casemgr.locales import LOCALES
from casemgr.login import MAX_SESSIONS
from casemgr.media_types import MediaType
from casemgr.parameters import MAX_IDS_LENGTH
from casemgr.paths import BASE_PATH
from casemgr.representations import ENCODERS, case_encoder
from casemgr.representations.as_xml import NAMESPACE
from casemgr.request_bodies import ELEMENT, MAX_BODY, MAX_DEPTH

_LANGUAGE_TAGS = [locale.language_tag for locale in LOCALES]
_ATTRIBUTES = [ALL, *ATTRIBUTES[ActorKind.USER]]
_VALUES: Mapping[ErrorDef, Mapping[str, DetailValue]] = {
    errors.PARAMETERS_NOT_ALLOWED: {"parameter": ["$pagesize"]},
    errors.PARAMETERS_UNKNOWN: {"parameter": ["force"]},
    errors.VALUES_NOT_SUPPORTED: {"parameter": "$attribute", "value": ["colour"], "supported": _ATTRIBUTES},
    errors.PARAMETERS_REPEATED: {"parameter": ["$attribute"]},
    errors.CUSTOMER_NOT_VALID: {"parameter": "customer", "value": "abc"},
    errors.IDS_NOT_VALID: {"id": ["abc", "-1"]},
    errors.ORDER_WITHOUT_SORT: {"parameter": "$sort", "order": "$order"},
    errors.NO_GRANT_ON_CUSTOMER: {"customer": "4711"},
    errors.BODY_NOT_READABLE: {"mediaType": MediaType.JSON},
    errors.BODY_TOO_DEEP: {"limit": MAX_DEPTH},
    errors.BODY_NOT_OF_FIELDS: {"element": ELEMENT, "namespace": NAMESPACE},
    errors.FIELDS_UNKNOWN: {"field": ["email"]},
    errors.FIELDS_REPEATED: {"field": ["password"]},
    errors.FIELDS_MISSING: {"field": ["password"]},
    errors.FIELDS_NOT_TEXT: {"field": ["password"]},
    errors.TOO_MANY_IDS: {"limit": 1, "ids": "1000,1001"},
    errors.IDS_TOO_LONG: {"limit": MAX_IDS_LENGTH, "ids": ",".join(["1000"] * 5000)},
    errors.CASES_FORBIDDEN: {"id": ["1000"]},
    errors.TOO_MANY_SESSIONS: {"limit": MAX_SESSIONS},
    errors.ACTION_MISSING: {"action": VIEW_AGENT_CONSOLE.action, "resource": VIEW_AGENT_CONSOLE.resource},
    errors.PATH_NOT_FOUND: {"path": f"{BASE_PATH}/cases"},
    errors.CASES_NOT_FOUND: {"id": ["4711"]},
    errors.METHOD_NOT_ALLOWED: {"method": ["GET", "HEAD", "OPTIONS"], "used": "PUT"},
    errors.LANGUAGE_NOT_ACCEPTABLE: {"requested": "tlh", "supported": _LANGUAGE_TAGS},
    errors.MEDIA_TYPE_NOT_ACCEPTABLE: {"requested": "text/html", "supported": list(MediaType)},
    errors.BODY_TOO_LARGE: {"limit": MAX_BODY},
    errors.MEDIA_TYPE_NOT_SUPPORTED: {"contentType": "text/plain", "supported": list(MediaType)},
    errors.TOO_MANY_FAILURES: {"seconds": 42},
}
"""What the examples are about; the other errors are about nothing in particular."""

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
    notes=(Note("", 1003, 1000, "2016-03-31T08:00:00.000Z", "Called back.", 1002, "Frank", "Robert"),),
    custom_attributes=(
        CustomAttribute("customer_rating", (NamedValue("5"),)),
        CustomAttribute("tier", (NamedValue("gold", "Gold"),)),
    ),
    recent_activity_date="2016-03-31T08:05:00.000Z",
    unread_activity_count=2,
)


def _name_errors() -> dict[ErrorDef, str]:
    """Name the example of each error: by its code, and a number where several have the same."""
    names: dict[ErrorDef, str] = {}
    for definition in errors.CATALOGUE:
        same = sum(other.code == definition.code for other in names)
        names[definition] = f"{definition.code}.{same + 1}" if same else definition.code
    return names


ERROR_NAMES: Mapping[ErrorDef, str] = _name_errors()
"""What the example of each error is called."""


def example_of_cases(media_type: MediaType, kind: ActorKind) -> Any:
    """Give what an actor gets who asks for everything: data for JSON, a text for XML."""
    encode = case_encoder(media_type, kind, frozenset(ATTRIBUTES[kind]))
    return _decoded(media_type, encode([_EXAMPLE_CASE]))


def example_of_error(media_type: MediaType, definition: ErrorDef) -> dict[str, Any]:
    """Give an error as it is told in the locale in use, and a summary."""
    error = ApiError(definition, **_VALUES.get(definition, {}))
    body = build_error_body(error, with_user_message=True)
    return {"summary": body.developer_message, "value": _decoded(media_type, ENCODERS[media_type].encode_error(body))}


def example_of_login(media_type: MediaType, user_name: str) -> Any:
    """Give the body of the login of an account of the demo data: data for JSON, a text for XML."""
    fields = {"userName": user_name, "password": f"{user_name}-demo"}
    if media_type is MediaType.JSON:
        return fields
    content = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f'<{ELEMENT} xmlns="{NAMESPACE}">{content}</{ELEMENT}>'


def _decoded(media_type: MediaType, body: bytes) -> Any:
    return json.loads(body) if media_type is MediaType.JSON else body.decode()

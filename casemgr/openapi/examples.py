"""Examples of what the API answers."""

import json
from collections.abc import Mapping
from typing import Any

from casemgr import errors
from casemgr.actors import ActorKind
from casemgr.attributes import ATTRIBUTES
from casemgr.cases import Case, CustomAttribute, NamedValue, Note, RelatedCase
from casemgr.error_bodies import build_error_body
from casemgr.errors import ApiError, DetailValue, ErrorDef
from casemgr.locales import LOCALES
from casemgr.negotiation import MediaType
from casemgr.representations import ENCODERS, case_encoder
from casemgr.representations.as_xml import NAMESPACE

_EXAMPLE_VALUES: Mapping[str, DetailValue] = {
    "action": "View Agent Console",
    "contentType": "text/plain",
    "customer": "4711",
    "element": "login",
    "field": ["email"],
    "id": ["4711"],
    "ids": "1,2,3",
    "limit": 75,
    "mediaType": MediaType.JSON,
    "method": ["GET", "HEAD", "OPTIONS"],
    "namespace": NAMESPACE,
    "order": "$order",
    "parameter": ["$attribute"],
    "path": "/core/casemgr/v3/cases",
    "requested": "tlh",
    "resource": "System",
    "seconds": 42,
    "supported": [locale.language_tag for locale in LOCALES],
    "used": "PUT",
    "value": ["colour"],
}
"""What the examples of errors are about, by the key of the detail."""

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
    keys = (*definition.detail_keys, *definition.quoted_keys)
    error = ApiError(definition, **{key: _EXAMPLE_VALUES[key] for key in keys})
    body = build_error_body(error, with_user_message=True)
    return {"summary": body.developer_message, "value": _decoded(media_type, ENCODERS[media_type].encode_error(body))}


def _decoded(media_type: MediaType, body: bytes) -> Any:
    return json.loads(body) if media_type is MediaType.JSON else body.decode()

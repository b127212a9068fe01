"""The attributes that each kind of actor may request with `$attribute`."""

from collections.abc import Mapping
from enum import StrEnum

from casemgr.domain.actors import ActorKind

ALL = "all"
CUSTOM_PREFIX = "custom."


class Attribute(StrEnum):
    """An element of `$attribute`; the value is its name in the request and in the representation."""

    CREATED = "created"
    CREATED_BY = "createdBy"
    CUSTOM_ATTRIBUTES = "custom.<name>"
    ORIGINATING_CHANNEL = "originatingChannel"
    DESCRIPTION = "description"
    SOLUTION = "solution"
    USER_LAST_WORKED = "userLastWorked"
    RELATED_CASES = "relatedCases"
    NOTES = "notes"
    LAST_CLOSED = "lastClosed"
    RECENT_ACTIVITY_DATE = "recentActivityDate"
    UNREAD_ACTIVITY_COUNT = "unreadActivityCount"


_STAFF_ATTRIBUTES = (
    Attribute.CREATED,
    Attribute.CREATED_BY,
    Attribute.CUSTOM_ATTRIBUTES,
    Attribute.ORIGINATING_CHANNEL,
    Attribute.DESCRIPTION,
    Attribute.SOLUTION,
    Attribute.USER_LAST_WORKED,
    Attribute.RELATED_CASES,
    Attribute.NOTES,
    Attribute.LAST_CLOSED,
)

ATTRIBUTES: Mapping[ActorKind, tuple[Attribute, ...]] = {
    ActorKind.USER: _STAFF_ATTRIBUTES,
    ActorKind.CLIENT_APPLICATION: _STAFF_ATTRIBUTES,
    ActorKind.CUSTOMER: (
        Attribute.CREATED,
        Attribute.CUSTOM_ATTRIBUTES,
        Attribute.ORIGINATING_CHANNEL,
        Attribute.RECENT_ACTIVITY_DATE,
        Attribute.UNREAD_ACTIVITY_COUNT,
        Attribute.LAST_CLOSED,
    ),
}
"""The attributes that each kind of actor may request. Source: contract QRY-2."""

"""The attributes that an actor may ask for in addition to the summary."""

from collections.abc import Mapping
from enum import StrEnum

from casemgr.actors import ActorKind

ALL = "all"
CUSTOM_PREFIX = "custom."


class Attribute(StrEnum):
    """An element of `$attribute`; its value is the name on the wire."""

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


_OF_STAFF = (
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
    ActorKind.USER: _OF_STAFF,
    ActorKind.CLIENT_APPLICATION: _OF_STAFF,
    ActorKind.CUSTOMER: (
        Attribute.CREATED,
        Attribute.CUSTOM_ATTRIBUTES,
        Attribute.ORIGINATING_CHANNEL,
        Attribute.RECENT_ACTIVITY_DATE,
        Attribute.UNREAD_ACTIVITY_COUNT,
        Attribute.LAST_CLOSED,
    ),
}
"""What each kind of actor may ask for. Source: contract QRY-2."""

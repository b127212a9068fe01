"""The media types of representations."""

from enum import StrEnum


class MediaType(StrEnum):
    """The media types of a representation; at equal quality the first one is preferred."""

    JSON = "application/json"
    XML = "application/xml"

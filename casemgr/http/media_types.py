"""The media types of bodies, and the XML names that bodies share."""

from enum import StrEnum


class MediaType(StrEnum):
    """The media types of a representation; at equal quality the first one is preferred."""

    JSON = "application/json"
    XML = "application/xml"


YAML = "application/yaml"
"""Source: RFC 9512."""

FORM = "application/x-www-form-urlencoded"

XML_NAMESPACE = "urn:casemgr:v3"
"""The namespace of every element. Source: contract REP-4."""

LOGIN_ELEMENT = "login"
"""The root element of a login in XML."""

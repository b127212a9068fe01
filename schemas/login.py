"""The fields of a login."""

from typing import Any

from marshmallow import fields

from schemas.fields import CamelCaseSchema

UNKNOWN, MISSING, NOT_TEXT = "unknown", "missing", "not text"
"""What can be wrong with a field; the error catalogue has the sentences."""

_MESSAGES: dict[str, str | list[Any] | dict[Any, Any]] = {"required": MISSING, "null": NOT_TEXT, "invalid": NOT_TEXT}


class LoginSchema(CamelCaseSchema):
    """What a user or customer logs in with."""

    error_messages = {"unknown": UNKNOWN}  # noqa: RUF012 - marshmallow's
    user_name = fields.String(required=True, error_messages=_MESSAGES)
    password = fields.String(required=True, error_messages=_MESSAGES)

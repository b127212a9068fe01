"""The accounts that the check of errors logs in with."""

from marshmallow import fields

from schemas.dataset import Id, Name, Record, Text


class LoginRecord(Record):
    """What a user or customer logs in with."""

    user_name = Name(required=True)
    password = Text(required=True)


class ClientRecord(Record):
    """What a client application fetches a token with."""

    client_id = Name(required=True)
    client_secret = Text(required=True)


class AccountsSchema(Record):
    """The accounts, each of which may be missing."""

    error_messages = {"unknown": "is none of the accounts", "type": "must be an object"}  # noqa: RUF012 - marshmallow's
    user = fields.Nested(LoginRecord)
    forbidden_case = Id()
    user_without_action = fields.Nested(LoginRecord)
    user_with_many_sessions = fields.Nested(LoginRecord)
    customer = fields.Nested(LoginRecord)
    client_of_other_type = fields.Nested(ClientRecord)

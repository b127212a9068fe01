"""The bodies as JSON."""

from collections.abc import Mapping, Sequence

import orjson

from casemgr.representations.plain_data import ErrorBody, PlainData


def encode_cases(cases: Sequence[Mapping[str, PlainData]]) -> bytes:
    """Encode cases as the dump of a schema gives them."""
    return orjson.dumps({"case": cases})


def encode_error(error: ErrorBody) -> bytes:
    """Encode an error (contract REP-7)."""
    body: dict[str, PlainData] = {"code": error.code, "developerMessage": error.developer_message}
    if error.user_message is not None:
        body["userMessage"] = error.user_message
    if error.details:
        body["details"] = [{"key": detail.key, "value": detail.value} for detail in error.details]
    return orjson.dumps(body)

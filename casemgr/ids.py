"""IDs as text."""

import re

MAX_ID = 2**63 - 1
"""The largest ID that the database holds. Source: contract, dataset."""

_MAX_DIGITS = len(str(MAX_ID))

WELL_FORMED = r"[1-9][0-9]*"
"""The regular expression of an ID (contract URL-4)."""

_POSITIVE_INTEGER = re.compile(WELL_FORMED)
_POSITIVE_INTEGERS = re.compile(r"[1-9][0-9]*+(?:,[1-9][0-9]*+)*+")


def is_well_formed(text: str) -> bool:
    """Tell whether a text is a positive decimal integer, with however many digits (contract URL-4)."""
    return _POSITIVE_INTEGER.fullmatch(text) is not None


def is_well_formed_list(text: str) -> bool:
    """Tell whether a text is a list of such integers, with commas in between."""
    return _POSITIVE_INTEGERS.fullmatch(text) is not None


def parse_id(text: str) -> int | None:
    """Parse an ID.

    :returns: None when no record can have it.
    """
    return convert_id(text) if is_well_formed(text) else None


def convert_id(text: str) -> int | None:
    """Convert an ID that is well formed.

    :returns: None when no record can have it.
    """
    # Compared by length first: int() refuses more than 4300 digits.
    if len(text) > _MAX_DIGITS:
        return None
    return number if (number := int(text)) <= MAX_ID else None

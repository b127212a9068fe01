"""IDs as text."""

import re

MAX_ID = 2**63 - 1
"""The largest ID that a database column can hold. Source: contract, dataset."""

MAX_DIGITS = len(str(MAX_ID))
"""The most digits that the ID of a record can have."""

ID_PATTERN = r"[1-9][0-9]*"
"""The regular expression of a well-formed ID. Source: contract URL-4."""

_ID = re.compile(ID_PATTERN)
_ID_LIST = re.compile(r"[1-9][0-9]*+(?:,[1-9][0-9]*+)*+")


def is_well_formed(text: str) -> bool:
    """Check that a text is a positive decimal integer, with any number of digits (contract URL-4)."""
    return _ID.fullmatch(text) is not None


def is_well_formed_list(text: str) -> bool:
    """Check that a text is a comma-separated list of well-formed IDs."""
    return _ID_LIST.fullmatch(text) is not None


def parse_id(text: str) -> int | None:
    """Parse an ID.

    :returns: None when the text is not well formed or no record can have this ID.
    """
    return convert_id(text) if is_well_formed(text) else None


def convert_id(text: str) -> int | None:
    """Convert a well-formed ID.

    :returns: None when the ID is larger than MAX_ID, so that no record can have it.
    """
    # The length comes first: int() refuses more than 4300 digits.
    if len(text) > MAX_DIGITS:
        return None
    return number if (number := int(text)) <= MAX_ID else None

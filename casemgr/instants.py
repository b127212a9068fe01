"""Instants as text."""

import re
from datetime import UTC, datetime

# Python also reads other letters for the T, blanks before the offset, and offsets with seconds.
_ISO_8601 = re.compile(
    r"[0-9W-]+T[0-9]{2}(:?[0-9]{2}(:?[0-9]{2}([.,][0-9]+)?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)", re.ASCII
)

_STORED_LENGTH = len("2026-01-02 03:04:05.678901")


def parse_instant(text: str) -> datetime:
    """Parse an ISO 8601 date and time with an offset or `Z`.

    :raises ValueError: when it is none; the message completes "'…' ".

    Source: contract, dataset.
    """
    try:
        if _ISO_8601.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("is not an ISO 8601 date and time with an offset or Z")


def format_instant(instant: datetime) -> str:
    """Write an instant that is in UTC with milliseconds; finer fractions are cut (contract REP-1)."""
    return instant.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def format_stored_instant(text: str | None) -> str | None:
    """Write an instant like `format_instant`, from the text that SQLite has for it, in UTC."""
    if text is None:
        return None
    if len(text) == _STORED_LENGTH:
        # Making a datetime of it takes four times as long.
        return f"{text[:10]}T{text[11:23]}Z"
    return format_instant(datetime.fromisoformat(text).replace(tzinfo=UTC))

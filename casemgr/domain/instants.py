"""Instants as text."""

import re
from datetime import UTC, datetime

# datetime.fromisoformat() also reads other separators than T, blanks before the offset, and offsets with seconds.
_ISO_8601 = re.compile(
    r"[0-9W-]+T[0-9]{2}(:?[0-9]{2}(:?[0-9]{2}([.,][0-9]+)?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)", re.ASCII
)


def parse_instant(text: str) -> datetime:
    """Parse an ISO 8601 date and time with an offset or `Z`.

    :returns: the instant in UTC.
    :raises ValueError: when the text is not such an instant; the message belongs after the quoted text.

    Source: contract, dataset.
    """
    try:
        if _ISO_8601.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("is not an ISO 8601 date and time with an offset or Z")


def format_instant(instant: datetime, *, exact: bool = False) -> str:
    """Format an instant in UTC with milliseconds (contract REP-1).

    :param exact: whether to write microseconds where there are any; otherwise they are cut.
    """
    timespec = "microseconds" if exact and instant.microsecond % 1000 else "milliseconds"
    return instant.isoformat(timespec=timespec).removesuffix("+00:00") + "Z"

"""Durations as text."""

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> timedelta:
    """Parse a positive whole number followed by the unit s, m, h or d.

    :raises ValueError: when the text is not such a duration; the message belongs after the quoted text.

    Source: contract, commands.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if match is None:
        raise ValueError("is not a number followed by s, m, h or d, such as 8h")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})

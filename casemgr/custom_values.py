"""The values of custom attributes: what is readable as which type, and its canonical form."""

import re
from collections.abc import Callable, Mapping
from datetime import date

from casemgr.cases import CustomAttributeDefinition, DataType
from casemgr.instants import format_instant, parse_instant

_INTEGER = re.compile(r"[+-]?[0-9]+")
# A day of a month or of a week; Python also reads a week without a day.
_DATE = re.compile(r"[0-9]{4}-?([0-9]{2}-?[0-9]{2}|W[0-9]{2}-?[1-7])")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


def canonical_value(definition: CustomAttributeDefinition, text: str) -> str:
    """Bring a value into the form in which it is stored and answered.

    :raises ValueError: when the text is not readable as the type of the attribute; the message completes "'…' ".

    Source: contract REP-1; dataset, custom values.
    """
    if definition.data_type is DataType.ENUMERATION:
        return _matching(definition.values.__contains__, text, f"is none of the values of {definition.name!r}")
    return _READERS[definition.data_type](text)


def _matching(matches: Callable[[str], object], text: str, complaint: str) -> str:
    if not matches(text):
        raise ValueError(complaint)
    return text


def _canonical_date(text: str) -> str:
    complaint = "is not an ISO 8601 date"
    try:
        return date.fromisoformat(_matching(_DATE.fullmatch, text, complaint)).isoformat()
    except ValueError as error:
        raise ValueError(complaint) from error


_READERS: Mapping[DataType, Callable[[str], str]] = {
    DataType.STRING: str,
    DataType.INTEGER: lambda text: _matching(_INTEGER.fullmatch, text, "is not an integer"),
    DataType.DECIMAL: lambda text: _matching(_DECIMAL.fullmatch, text, "is not a decimal number"),
    DataType.BOOLEAN: lambda text: _matching({"true", "false"}.__contains__, text, "is neither true nor false"),
    DataType.DATE: _canonical_date,
    DataType.DATETIME: lambda text: format_instant(parse_instant(text)),
}

"""The values of custom attributes: which texts each data type accepts, and their canonical form."""

import re
from collections.abc import Callable, Mapping
from datetime import date

from casemgr.domain.cases import CustomAttributeDefinition, DataType
from casemgr.domain.instants import format_instant, parse_instant

_INTEGER = re.compile(r"[+-]?[0-9]+")
# A day of a month or of a week. date.fromisoformat() also reads a week without a day.
_DATE = re.compile(r"[0-9]{4}-?([0-9]{2}-?[0-9]{2}|W[0-9]{2}-?[1-7])")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


def canonicalize_value(definition: CustomAttributeDefinition, text: str) -> str:
    """Convert a value to the form in which it is stored and represented.

    :raises ValueError: when the text does not suit the data type of the attribute; the message belongs after the quoted
        text.

    Source: contract REP-1; dataset, custom values.
    """
    if definition.data_type is DataType.ENUMERATION:
        return _require(definition.values.__contains__, text, f"is none of the values of {definition.name!r}")
    return _CANONICAL_FORMS[definition.data_type](text)


def _require(accepts: Callable[[str], object], text: str, complaint: str) -> str:
    if not accepts(text):
        raise ValueError(complaint)
    return text


def _canonicalize_date(text: str) -> str:
    complaint = "is not an ISO 8601 date"
    try:
        return date.fromisoformat(_require(_DATE.fullmatch, text, complaint)).isoformat()
    except ValueError as error:
        raise ValueError(complaint) from error


_CANONICAL_FORMS: Mapping[DataType, Callable[[str], str]] = {
    DataType.STRING: str,
    DataType.INTEGER: lambda text: _require(_INTEGER.fullmatch, text, "is not an integer"),
    DataType.DECIMAL: lambda text: _require(_DECIMAL.fullmatch, text, "is not a decimal number"),
    DataType.BOOLEAN: lambda text: _require({"true", "false"}.__contains__, text, "is neither true nor false"),
    DataType.DATE: _canonicalize_date,
    DataType.DATETIME: lambda text: format_instant(parse_instant(text)),
}

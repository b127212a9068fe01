"""Values of custom attributes: which ones are valid, and their canonical form."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casemgr.domain.cases import CustomAttributeDefinition, DataType
from casemgr.domain.custom_values import canonicalize_value

_OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# An offset must not lead out of the years 1 to 9999.
_INSTANTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=_OFFSETS)  # noqa: DTZ001 - the offset is drawn
_DATES = st.dates().map(date.isoformat)

VALID = {
    DataType.STRING: st.text(),
    DataType.INTEGER: st.from_regex(r"[+-]?[0-9]+", fullmatch=True),
    DataType.DECIMAL: st.from_regex(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", fullmatch=True),
    DataType.BOOLEAN: st.sampled_from(["true", "false"]),
    DataType.DATE: _DATES | _DATES.map(lambda text: text.replace("-", "")),
    DataType.DATETIME: _INSTANTS.map(datetime.isoformat),
    DataType.ENUMERATION: st.sampled_from(["silver", "gold"]),
}

NOT_AN_INSTANT = "is not an ISO 8601 date and time with an offset or Z"


def attribute(data_type: DataType) -> CustomAttributeDefinition:
    values = ("silver", "gold") if data_type is DataType.ENUMERATION else ()
    return CustomAttributeDefinition(1, "tier", data_type, multiple=False, values=values)


@pytest.mark.parametrize(
    ("data_type", "text", "expected"),
    [
        pytest.param("string", "", "", id="empty text"),
        pytest.param("string", " a\tb\r\nc ", " a\tb\r\nc ", id="text with blanks and line breaks"),
        pytest.param("string", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", id="text that looks like an instant"),
        pytest.param("integer", "5", "5", id="integer"),
        pytest.param("integer", "-5", "-5", id="negative integer"),
        pytest.param("integer", "+007", "+007", id="integer as imported"),
        pytest.param("integer", "9" * 5000, "9" * 5000, id="integer of any length"),
        pytest.param("decimal", "1.50", "1.50", id="decimal as imported"),
        pytest.param("decimal", "-2", "-2", id="decimal without a fraction"),
        pytest.param("decimal", ".5", ".5", id="decimal without a whole part"),
        pytest.param("boolean", "true", "true", id="true"),
        pytest.param("boolean", "false", "false", id="false"),
        pytest.param("date", "2026-01-02", "2026-01-02", id="date"),
        pytest.param("date", "20260102", "2026-01-02", id="date in basic form"),
        pytest.param("date", "2026-W01-5", "2026-01-02", id="date by week"),
        pytest.param("date", "0001-01-01", "0001-01-01", id="first date"),
        pytest.param("date", "2024-02-29", "2024-02-29", id="leap day"),
        pytest.param("datetime", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z", id="instant without a fraction"),
        pytest.param("datetime", "2026-01-02T03:04:05.125Z", "2026-01-02T03:04:05.125Z", id="instant"),
        pytest.param("datetime", "2026-01-02T03:04:05.9999Z", "2026-01-02T03:04:05.999Z", id="finer fraction is cut"),
        pytest.param("datetime", "2026-01-02T03:04+02:00", "2026-01-02T01:04:00.000Z", id="offset"),
        pytest.param("datetime", "2026-01-01T20:30:00-0530", "2026-01-02T02:00:00.000Z", id="offset into another day"),
        pytest.param("datetime", "20260102T030405Z", "2026-01-02T03:04:05.000Z", id="instant in basic form"),
        pytest.param("enumeration", "gold", "gold", id="listed value"),
    ],
)
def test_a_valid_value_has_a_canonical_form(data_type: str, text: str, expected: str) -> None:
    assert canonicalize_value(attribute(DataType(data_type)), text) == expected


@pytest.mark.parametrize(
    ("data_type", "text", "message"),
    [
        pytest.param("integer", "", "is not an integer", id="empty integer"),
        pytest.param("integer", "five", "is not an integer", id="integer in words"),
        pytest.param("integer", "5.0", "is not an integer", id="integer with a fraction"),
        pytest.param("integer", " 5", "is not an integer", id="integer with a blank"),
        pytest.param("integer", "5\n", "is not an integer", id="integer with a line break"),
        pytest.param("integer", "1_000", "is not an integer", id="integer with an underscore"),
        pytest.param("integer", "٥", "is not an integer", id="integer in other digits"),
        pytest.param("decimal", "", "is not a decimal number", id="empty decimal"),
        pytest.param("decimal", ".", "is not a decimal number", id="decimal without digits"),
        pytest.param("decimal", "1,5", "is not a decimal number", id="decimal comma"),
        pytest.param("decimal", "1.2.3", "is not a decimal number", id="two points"),
        pytest.param("decimal", "1e5", "is not a decimal number", id="exponent"),
        pytest.param("decimal", "NaN", "is not a decimal number", id="not a number"),
        pytest.param("decimal", "Infinity", "is not a decimal number", id="infinity"),
        pytest.param("boolean", "", "is neither true nor false", id="empty boolean"),
        pytest.param("boolean", "True", "is neither true nor false", id="boolean in capitals"),
        pytest.param("boolean", "1", "is neither true nor false", id="boolean as number"),
        pytest.param("boolean", "yes", "is neither true nor false", id="boolean in words"),
        pytest.param("date", "", "is not an ISO 8601 date", id="empty date"),
        pytest.param("date", "2026-02-29", "is not an ISO 8601 date", id="29 February of a common year"),
        pytest.param("date", "02.01.2026", "is not an ISO 8601 date", id="another order"),
        pytest.param("date", "2026-01-02T03:04:05Z", "is not an ISO 8601 date", id="date with a time"),
        pytest.param("date", "2026-W13", "is not an ISO 8601 date", id="week without a day"),
        pytest.param("datetime", "", NOT_AN_INSTANT, id="empty instant"),
        pytest.param("datetime", "2026-01-02", NOT_AN_INSTANT, id="instant without a time"),
        pytest.param("datetime", "2026-01-02T03:04:05", NOT_AN_INSTANT, id="instant without an offset"),
        pytest.param("datetime", "2026-01-02 03:04:05Z", NOT_AN_INSTANT, id="blank in place of the T"),
        pytest.param("datetime", "2026-01-02T25:00:00Z", NOT_AN_INSTANT, id="hour 25"),
        pytest.param("datetime", "0001-01-01T00:00:00+01:00", NOT_AN_INSTANT, id="before the year 1 in UTC"),
        pytest.param("enumeration", "bronze", "is none of the values of 'tier'", id="value that is not listed"),
        pytest.param("enumeration", "Gold", "is none of the values of 'tier'", id="listed value in capitals"),
        pytest.param("enumeration", "", "is none of the values of 'tier'", id="empty value"),
    ],
)
def test_an_invalid_value_is_refused(data_type: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        canonicalize_value(attribute(DataType(data_type)), text)


@pytest.mark.parametrize("data_type", DataType)
@given(data=st.data())
@settings(deadline=None)
def test_a_canonical_form_is_its_own_canonical_form(data_type: DataType, data: st.DataObject) -> None:
    canonical = canonicalize_value(attribute(data_type), data.draw(VALID[data_type]))
    assert canonicalize_value(attribute(data_type), canonical) == canonical


@pytest.mark.parametrize("data_type", sorted(set(DataType) - {DataType.DATE, DataType.DATETIME}))
@given(data=st.data())
@settings(deadline=None)
def test_values_other_than_dates_and_instants_stay_as_imported(data_type: DataType, data: st.DataObject) -> None:
    text = data.draw(VALID[data_type])
    assert canonicalize_value(attribute(data_type), text) == text


@given(instant=_INSTANTS)
@settings(deadline=None)
def test_the_canonical_form_of_an_instant_keeps_milliseconds_and_uses_utc(instant: datetime) -> None:
    canonical = datetime.fromisoformat(canonicalize_value(attribute(DataType.DATETIME), instant.isoformat()))
    assert canonical == instant.replace(microsecond=instant.microsecond // 1000 * 1000).astimezone(UTC)


@pytest.mark.parametrize("data_type", DataType)
@given(text=st.text(st.characters()))
@settings(deadline=None)
def test_any_text_is_refused_or_has_a_stable_canonical_form(data_type: DataType, text: str) -> None:
    try:
        canonical = canonicalize_value(attribute(data_type), text)
    except ValueError:
        return
    assert canonicalize_value(attribute(data_type), canonical) == canonical

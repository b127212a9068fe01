"""Numbers and enumerations in the format of each locale."""

import pytest

from casemgr.i18n.locales import LOCALES, Locale
from casemgr.i18n.translation import enumerate_quoted, format_number, load_catalogues

BY_TAG = {locale.language_tag: locale for locale in LOCALES}

# CLDR 48, numbers: the symbol "group" and minimumGroupingDigits.
NUMBERS = (999, 4096, 20_000, 1_234_567)
FORMATTED_NUMBERS = [
    ("en-US", ("999", "4,096", "20,000", "1,234,567")),
    ("es-ES", ("999", "4096", "20.000", "1.234.567")),
    ("fr-FR", ("999", "4\u202f096", "20\u202f000", "1\u202f234\u202f567")),
    ("it-IT", ("999", "4096", "20.000", "1.234.567")),
    ("de-DE", ("999", "4.096", "20.000", "1.234.567")),
    ("nl-NL", ("999", "4.096", "20.000", "1.234.567")),
    ("pt-BR", ("999", "4.096", "20.000", "1.234.567")),
    ("pt-PT", ("999", "4096", "20\u00a0000", "1\u00a0234\u00a0567")),
    ("da-DK", ("999", "4.096", "20.000", "1.234.567")),
    ("ru-RU", ("999", "4\u00a0096", "20\u00a0000", "1\u00a0234\u00a0567")),
    ("fr-CA", ("999", "4\u00a0096", "20\u00a0000", "1\u00a0234\u00a0567")),
    ("zh-CN", ("999", "4,096", "20,000", "1,234,567")),
    ("ja-JP", ("999", "4,096", "20,000", "1,234,567")),
    ("ko-KR", ("999", "4,096", "20,000", "1,234,567")),
    ("sv-SE", ("999", "4\u00a0096", "20\u00a0000", "1\u00a0234\u00a0567")),
]


@pytest.fixture(autouse=True, scope="module")
def catalogues() -> None:
    load_catalogues()


@pytest.mark.parametrize(("language_tag", "expected"), FORMATTED_NUMBERS)
def test_numbers_have_the_digit_grouping_of_the_locale(language_tag: str, expected: tuple[str, ...]) -> None:
    assert tuple(format_number(BY_TAG[language_tag], number) for number in NUMBERS) == expected


def test_the_numbers_are_tested_in_every_locale() -> None:
    assert [language_tag for language_tag, _ in FORMATTED_NUMBERS] == [locale.language_tag for locale in LOCALES]


@pytest.mark.parametrize(
    ("number", "expected"), [(9_999, "9999"), (10_000, "10.000")], ids=["four digits", "five digits"]
)
def test_grouping_from_five_digits_begins_at_ten_thousand(number: int, expected: str) -> None:
    assert format_number(BY_TAG["es-ES"], number) == expected


@pytest.mark.parametrize(
    ("language_tag", "expected"),
    [
        ("en-US", "“1”, “2”, and “3”"),
        ("fr-FR", "«\u00a01\u00a0», «\u00a02\u00a0» et «\u00a03\u00a0»"),
        ("de-DE", "„1“, „2“ und „3“"),
        ("ru-RU", "«1», «2» и «3»"),
        ("zh-CN", "“1”、“2”和“3”"),
        ("ja-JP", "「1」、「2」、「3」"),
        ("ko-KR", "“1”, “2” 및 “3”"),
    ],
)
def test_and_precedes_the_last_text(language_tag: str, expected: str) -> None:
    assert enumerate_quoted(BY_TAG[language_tag], ("1", "2", "3")) == expected


@pytest.mark.parametrize(
    ("language_tag", "expected"),
    [
        ("en-US", "“1”, “2”, …"),
        ("fr-FR", "«\u00a01\u00a0», «\u00a02\u00a0», …"),
        ("de-DE", "„1“, „2“, …"),
        ("ru-RU", "«1», «2», …"),
        ("zh-CN", "“1”、“2”、…"),
        ("ja-JP", "「1」、「2」、…"),
        ("ko-KR", "“1”, “2”, …"),
    ],
)
def test_a_separator_precedes_the_ellipsis(language_tag: str, expected: str) -> None:
    assert enumerate_quoted(BY_TAG[language_tag], ("1", "2"), and_more=True) == expected


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: locale.language_tag)
def test_a_single_text_has_neither_separator_nor_and(locale: Locale) -> None:
    enumerated = enumerate_quoted(locale, ("1",))
    assert len(enumerated.replace("\u202f", "").replace("\u00a0", "")) == 3
    assert "1" in enumerated

"""Selection of media type and locale: contract NEG-1 to NEG-5."""

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from casemgr.http.media_types import MediaType
from casemgr.http.negotiation import (
    LanguageNotAcceptableError,
    MediaTypeNotAcceptableError,
    NotAcceptableError,
    select_locale,
    select_media_type,
)
from casemgr.i18n.locales import LOCALES, Locale, look_up

JSON, XML = MediaType.JSON, MediaType.XML


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param(None, JSON, id="absent"),
        pytest.param("", JSON, id="empty"),
        pytest.param(" , ,", JSON, id="only empty elements"),
        pytest.param("*/*", JSON, id="everything"),
        pytest.param("application/*", JSON, id="every subtype"),
        pytest.param("application/xml", XML, id="one"),
        pytest.param("Application/XML", XML, id="any case"),
        pytest.param("application/json, application/xml", JSON, id="equal"),
        pytest.param("application/xml, application/json", JSON, id="equal, the other way round"),
        pytest.param("application/xml, */*;q=0.9", XML, id="type of higher quality"),
        pytest.param("application/xml;q=0.5, */*", JSON, id="range of higher quality"),
        pytest.param("application/json;q=0.2, application/*;q=0.8", XML, id="the more specific range counts"),
        pytest.param("*/*, application/json;q=0", XML, id="forbidden beside everything"),
        pytest.param("application/json;q=0, */*;q=0.1", XML, id="forbidden first"),
        pytest.param("application/*;q=0, application/xml;q=0.001", XML, id="allowed among forbidden"),
        pytest.param("application/json;q=0.3, application/xml;q=0.301", XML, id="three decimals"),
        pytest.param("application/json;charset=utf-8", JSON, id="parameter"),
        pytest.param('application/xml;v="a,b;q=0";q=0.8, text/html', XML, id="quoted parameter"),
        pytest.param("application/xml ; q=0.8 ; ext=1", XML, id="blanks, and a parameter after q"),
        pytest.param("application/xml;Q=1.000", XML, id="capital Q"),
        pytest.param("application/xml;;q=1.", XML, id="empty parameter"),
        pytest.param("text/html,,application/xml;q=0.1", XML, id="empty element"),
        pytest.param("text/html, */json, application/xml", XML, id="tokens may be stars"),
        pytest.param("*", JSON, id="a star alone"),
        pytest.param("application/json;q=0, *", XML, id="a star alone beside a forbidden type"),
        pytest.param("application/json;q=.2, application/xml;q=.3", XML, id="q without a zero"),
        pytest.param("application/json, nonsense", JSON, id="an unreadable element is skipped"),
        pytest.param("application/json;q=2, application/xml;q=0.1", XML, id="an element with a bad q is skipped"),
        pytest.param('application/json;a="b, application/xml', XML, id="an open quotation ends at the comma"),
        pytest.param('text/html;a="b,application/json;q=1", application/xml', XML, id="a comma in a quotation"),
        pytest.param('"\\", application/json", application/xml', XML, id="an escaped quotation mark"),
        pytest.param("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", JSON, id="Java"),
    ],
)
def test_the_media_type_of_the_highest_quality_is_selected(accept: str | None, expected: MediaType) -> None:
    assert select_media_type(accept) is expected


@pytest.mark.parametrize(
    "accept",
    [
        pytest.param("text/html", id="another type"),
        pytest.param("text/xml", id="another type for XML"),
        pytest.param("application/*;q=0", id="forbidden range"),
        pytest.param("*/*;q=0", id="everything forbidden"),
        pytest.param("application/json;q=0, application/json, application/xml;q=0", id="q=0 outweighs a duplicate"),
        pytest.param("application/json;q=abc", id="q is no number"),
        pytest.param("application/json;q=1.001", id="q above 1"),
        pytest.param("application/json;q=0.1234", id="q with four decimals"),
        pytest.param("application/json;q=-1", id="q below 0"),
        pytest.param("application/json;q=.", id="q without a digit"),
        pytest.param("application/json;q=.1234", id="q without a zero and with four decimals"),
        pytest.param("@@", id="nonsense"),
        pytest.param("@@, text/html", id="nonsense and another type"),
        pytest.param("application/json;q=", id="q empty"),
        pytest.param('application/json;q="1"', id="q quoted"),
        pytest.param("application/json;q=1;q=1", id="q twice"),
        pytest.param("application/json;q = 1", id="blanks around the equals sign"),
        pytest.param("application/json q=1", id="no semicolon"),
        pytest.param("application /json", id="blank within the range"),
        pytest.param('application/json;a="b', id="open quotation"),
        pytest.param("application/jsön", id="not a token"),
    ],
)
def test_an_unacceptable_or_invalid_accept_is_refused(accept: str) -> None:
    with pytest.raises(MediaTypeNotAcceptableError):
        select_media_type(accept)


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [
        pytest.param(None, "en-US", id="absent"),
        pytest.param("", "en-US", id="empty"),
        pytest.param(",", "en-US", id="only empty elements"),
        pytest.param("*", "en-US", id="any"),
        *(pytest.param(locale.language_tag, locale.language_tag, id=locale.language_tag) for locale in LOCALES),
        pytest.param("PT-pt", "pt-PT", id="any case"),
        pytest.param("fr", "fr-FR", id="fr"),
        pytest.param("fr-CH", "fr-FR", id="fr-CH"),
        pytest.param("pt", "pt-BR", id="pt"),
        pytest.param("en-GB", "en-US", id="en-GB"),
        pytest.param("zh-TW", "zh-CN", id="zh-TW"),
        pytest.param("zh-Hant-TW", "zh-CN", id="script"),
        pytest.param("pt-PT-1996", "pt-PT", id="truncated"),
        pytest.param("fr-CA-x-quebec", "fr-CA", id="a single subtag goes with the next"),
        pytest.param("pl, de;q=0.1", "de-DE", id="the next range"),
        pytest.param("de;q=0.5, it;q=0.9", "it-IT", id="by quality"),
        pytest.param("de;q=0.5, it;q=0.5", "de-DE", id="equal qualities, in their order"),
        pytest.param("*;q=0.5, ko", "ko-KR", id="star with a lower quality"),
        pytest.param("*, ko;q=0.5", "en-US", id="star first"),
        pytest.param("en-US;q=0, *", "es-ES", id="forbidden beside star"),
        pytest.param("en;q=0, *", "es-ES", id="a forbidden language forbids its locales"),
        pytest.param("pt-BR;q=0, pt", "pt-PT", id="the language without its first locale"),
        pytest.param("fr-FR;q=0, fr-CH", "fr-CA", id="forbidden for a truncation"),
        pytest.param("fr-CH;q=0, fr", "fr-FR", id="forbids nothing that exists"),
        pytest.param("de, *;q=0", "de-DE", id="nothing but German"),
        pytest.param("en-US ; q=0.5 , sv;q=0.6", "sv-SE", id="blanks"),
        pytest.param("da;Q=1", "da-DK", id="capital Q"),
        pytest.param("de_DE", "de-DE", id="underscore"),
        pytest.param("fr_ca;q=.9, de;q=.8", "fr-CA", id="underscore, q without a zero"),
        pytest.param("de-DE, @@", "de-DE", id="an unreadable element is skipped"),
        pytest.param("en-US;q=abc, sv", "sv-SE", id="an element with a bad q is skipped"),
        pytest.param("pt-AO", "pt-PT", id="CLDR parent"),
        pytest.param("pt_mz", "pt-PT", id="CLDR parent, underscore and lower case"),
        pytest.param("pt-AO-x-private", "pt-PT", id="CLDR parent of a truncation"),
        pytest.param("pt-PT;q=0, pt-AO", "pt-BR", id="CLDR parent forbidden"),
        pytest.param("en-GB", "en-US", id="CLDR parent that is no locale here"),
    ],
)
def test_language_ranges_are_looked_up_in_order_of_quality(accept_language: str | None, expected: str) -> None:
    assert select_locale(accept_language).language_tag == expected


@pytest.mark.parametrize(
    "accept_language",
    [
        pytest.param("pl-PL", id="no such language"),
        pytest.param("e", id="prefix of a language"),
        pytest.param("en-US;q=0", id="forbidden"),
        pytest.param("*;q=0", id="everything forbidden"),
        pytest.param("en-US;q=0, en-GB", id="forbidden although another range selects it"),
        pytest.param("en-US;q=abc", id="q is no number"),
        pytest.param("en-US;q=2", id="q above 1"),
        pytest.param("en-US;level=1", id="a parameter other than q"),
        pytest.param("en-US;", id="weight missing"),
        pytest.param("@@", id="nonsense"),
        pytest.param("en-", id="empty subtag"),
        pytest.param("englishlanguage", id="subtag too long"),
        pytest.param("*-CH", id="extended range"),
        pytest.param("en-US;q=2, @@", id="only unreadable elements"),
        pytest.param("pt-PT;q=0, pt-BR;q=0, pt-AO", id="parent and language forbidden"),
        pytest.param("en-US fr-FR", id="no comma"),
    ],
)
def test_an_unacceptable_or_invalid_accept_language_is_refused(accept_language: str) -> None:
    with pytest.raises(LanguageNotAcceptableError):
        select_locale(accept_language)


def outcome(select: Callable[[str], object], value: str) -> object:
    try:
        return select(value)
    except NotAcceptableError as error:
        return type(error)


def elements_of(value: str) -> list[str]:
    """Split a list at the commas that are not in closed quoted strings."""
    elements, start, position = [], 0, 0
    while position < len(value):
        closed = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL).match(value, position)
        if value[position] == '"' and not closed:
            break
        if value[position] == ",":
            elements.append(value[start:position])
            start = position + 1
        position = closed.end() if closed else position + 1
    # After a quotation mark without its counterpart, every comma counts.
    first, *others = value[position:].split(",")
    elements += [value[start:position] + first, *others]
    return [element.strip(" \t") for element in elements if element.strip(" \t")]


def ranges_of(value: str, range_pattern: str) -> list[tuple[str, float]]:
    """Read the elements of a list one by one, and skip those that do not follow the grammar."""
    token = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
    parameter = rf'{token}=(?:{token}|"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*")'
    found = []
    for element in elements_of(value):
        readable = re.fullmatch(rf"({range_pattern})[ \t]*((?:;[ \t]*(?:{parameter}[ \t]*)?)*)", element)
        if readable:
            parameters = re.findall(parameter, readable[2])
            weights = [one[2:] for one in parameters if one[:2].lower() == "q="] or ["1"]
            if len(weights) == 1 and re.fullmatch(r"0(\.[0-9]{0,3})?|\.[0-9]{1,3}|1(\.0{0,3})?", weights[0]):
                found.append((readable[1].lower().replace("_", "-"), float(weights[0])))
    return found


def select_media_type_simply(accept: str) -> MediaType | None:
    ranges = ranges_of(accept, r"[^/;\s]+/[^/;\s]+|\*")
    best, highest = None, 0.0
    for offer in MediaType:
        for names in ({offer}, {"application/*"}, {"*/*", "*"}):
            if qualities := [quality for name, quality in ranges if name in names]:
                quality = max(qualities) if all(qualities) else 0.0
                if quality > highest:
                    best, highest = offer, quality
                break
    return best if elements_of(accept) else JSON


def select_locale_simply(accept_language: str) -> Locale | None:
    # A weight is the only parameter of a language range.
    ranges = [
        weighted
        for element in elements_of(accept_language)
        for weighted in ranges_of(element, r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*|\*")
        if re.fullmatch(r"[^;]*(;[ \t]*[qQ]=[^;]*)?", element)
    ]
    offers = [
        locale
        for locale in LOCALES
        if not any(not quality and f"{locale.language_tag}-".lower().startswith(f"{name}-") for name, quality in ranges)
    ]
    for name, quality in sorted(ranges, key=lambda weighted: -weighted[1]):
        if quality and (locale := look_up(name, offers)):
            return locale
    return None if elements_of(accept_language) else LOCALES[0]


MEDIA_RANGES = ("application/json", "Application/XML", "application/*", "*/*", "*", "text/html", "a/b")
LANGUAGE_RANGES = ("en", "en-US", "fr", "FR_ca", "fr-CH", "pt-AO", "pt", "de", "zh-Hant-TW", "*", "xx", "eng", "en-")
PARAMETERS = (";", "; q=0", ";q=0.5", " ;Q=.5", ";q=1", ";q=2", ';q="1"', ";a=b", ';a="b,c"', ';a="q=0"')
NUMBERS = range(20_000)
OTHERS = (",", ", ", ",,", '"', "\\", '\\"', "=", " ", "\t", "\n", "é", "\u212a")


def lists_of(ranges: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(ranges + PARAMETERS + OTHERS), max_size=12).map("".join)


@given(lists_of(MEDIA_RANGES) | st.text(st.sampled_from('application/jsonxml*;q=0.1, \t"\\'), max_size=60))
@example('application/json;a="b,c"')
@example('application/json;a="b,c", "d,application/xml')
def test_any_accept_is_read_as_if_element_by_element(accept: str) -> None:
    assert outcome(select_media_type, accept) == (select_media_type_simply(accept) or MediaTypeNotAcceptableError)


@given(lists_of(LANGUAGE_RANGES) | st.text(st.sampled_from("enfrUSCAdez*-;q=0.1, \t"), max_size=60))
def test_any_accept_language_is_read_as_if_element_by_element(accept_language: str) -> None:
    expected = select_locale_simply(accept_language) or LanguageNotAcceptableError
    assert outcome(select_locale, accept_language) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("*, " * 80_000 + "application/json;q=0", XML, id="everything"),
        pytest.param("text/html;a=b, " * 16_000 + "application/xml", XML, id="others"),
        pytest.param("".join(f"*/*;a={number}, " for number in NUMBERS) + "*/*;q=0, application/xml", XML, id="any"),
        pytest.param('a/b;a="", ' * 25_000 + "application/xml;q=0.001", XML, id="quoted strings"),
    ],
)
def test_an_accept_of_256_kb_is_read_to_its_end(accept: str, expected: MediaType) -> None:
    assert select_media_type(accept) is expected


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [
        pytest.param("".join(f"en-{number:x};q=0, " for number in NUMBERS) + "en", "en-US", id="forbidden variants"),
        pytest.param("en;q=0, " + "".join(f"en-{number:x}, " for number in NUMBERS) + "sv", "sv-SE", id="variants"),
        pytest.param("fr;q=0, " * 30_000 + "*;q=0.1, fr", "en-US", id="one range forbidden often"),
        pytest.param("xx-a-b-c, " * 25_000 + "de;q=0.001", "de-DE", id="others"),
    ],
)
def test_an_accept_language_of_256_kb_is_read_to_its_end(accept_language: str, expected: str) -> None:
    assert select_locale(accept_language).language_tag == expected


@pytest.mark.parametrize("field", [";" * 8000, "a/b;" + " ;" * 4000 + "=", "a/b;a=" + '"\\' * 4000, "a-" * 4000])
def test_hostile_field_values_are_refused_quickly(field: str) -> None:
    for select in (select_media_type, select_locale):
        with pytest.raises(NotAcceptableError):
            select(field)

"""Content negotiation over HTTP: contract NEG-1 to NEG-7. tests/casemgr/http tests the selection itself."""

import json

import pytest

from casemgr.i18n.locales import LOCALES, Locale
from tests.api.client import CASE, JSON, XML, CheckedClient, child, details, element, error
from tests.api.conftest import GetCases, StoreRecords
from tests.factories import case

pytestmark = pytest.mark.sqlite

STATUS_OPEN = {
    "en-US": "Open",
    "es-ES": "Abierto",
    "fr-FR": "Ouvert",
    "it-IT": "Aperto",
    "de-DE": "Offen",
    "nl-NL": "Open",
    "pt-BR": "Aberto",
    "pt-PT": "Aberto",
    "da-DK": "Åben",
    "ru-RU": "Открыто",
    "fr-CA": "Ouvert",
    "zh-CN": "未关闭",
    "ja-JP": "オープン",
    "ko-KR": "열림",
    "sv-SE": "Öppet",
}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [(None, JSON), ("", JSON), ("application/xml", XML), ("application/json;charset=utf-8", JSON)],
)
def test_the_body_has_exactly_the_negotiated_media_type(
    store_records: StoreRecords, get_cases: GetCases, accept: str | None, media_type: str
) -> None:
    store_records(case(1))
    response = get_cases("1", **({} if accept is None else {"Accept": accept}))
    assert response.headers["Content-Type"] == media_type


def test_both_media_types_have_the_same_values(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1, subject="<b> & ü"))
    in_json = json.loads(get_cases("1").data)["case"][0]
    in_xml = element(get_cases("1", Accept=XML))
    assert child(in_xml, "case").get("id") == in_json["id"]
    assert child(in_xml, "case", "subject").text == in_json["subject"]
    assert child(in_xml, "case", "status", "displayValue").text == in_json["status"]["displayValue"]
    assert child(in_xml, "case", "lastModified").text == in_json["lastModified"]


@pytest.mark.parametrize("accept", ["text/html", "text/xml", "@@", "application/json;q=0, application/xml;q=0"])
def test_an_unacceptable_accept_is_406_in_json(client: CheckedClient, accept: str) -> None:
    response = client.get(f"{CASE}/1", headers={"Accept": accept, "Accept-Language": "it"})
    assert error(response) == (406, "406-101")
    assert details(response, "supported") == [JSON, XML]
    assert response.headers["Content-Language"] == "it-IT"
    assert response.content_type == JSON


@pytest.mark.parametrize("accept_language", ["pl-PL", "@@", "en-US;q=abc", "en-US;q=0"])
def test_an_unacceptable_language_is_406_in_the_negotiated_media_type_and_english(
    client: CheckedClient, accept_language: str
) -> None:
    response = client.get(f"{CASE}/1", headers={"Accept": XML, "Accept-Language": accept_language})
    assert response.status_code == 406
    assert response.content_type == XML
    assert response.headers["Content-Language"] == "en-US"
    assert child(element(response), "code").text == "406-100"
    supported = [detail.get("value") for detail in child(element(response), "details")]
    assert supported == [locale.language_tag for locale in LOCALES]


def test_accept_is_checked_before_accept_language(client: CheckedClient) -> None:
    response = client.get(f"{CASE}/1", headers={"Accept": "text/html", "Accept-Language": "pl"})
    assert error(response) == (406, "406-101")
    assert response.headers["Content-Language"] == "en-US"


def test_the_message_quotes_the_accept_value(client: CheckedClient) -> None:
    message = json.loads(client.get(f"{CASE}/1", headers={"Accept": "text/html"}).data)["developerMessage"]
    assert "“text/html”" in message


@pytest.mark.parametrize("language_tag", STATUS_OPEN)
def test_display_values_are_translated(store_records: StoreRecords, get_cases: GetCases, language_tag: str) -> None:
    store_records(case(1))
    response = get_cases("1", Accept_Language=language_tag)
    assert response.headers["Content-Language"] == language_tag
    assert json.loads(response.data)["case"][0]["status"]["displayValue"] == STATUS_OPEN[language_tag]


@pytest.mark.parametrize("locale", LOCALES[1:], ids=lambda locale: locale.language_tag)
def test_error_messages_are_translated(client: CheckedClient, locale: Locale) -> None:
    def message(language_tag: str) -> str:
        response = client.get(f"{CASE}/1", headers={"Accept-Language": language_tag})
        return str(json.loads(response.data)["developerMessage"])

    assert message(locale.language_tag) != message("en-US")


@pytest.mark.parametrize(
    ("count", "phrase"),
    [
        (1, "1 запрошенное обращение"),
        (3, "3 запрошенных обращения"),
        (5, "5 запрошенных обращений"),
        (21, "21 запрошенное обращение"),
    ],
)
def test_russian_has_three_plural_forms(
    store_records: StoreRecords, get_cases: GetCases, count: int, phrase: str
) -> None:
    store_records()
    response = get_cases(",".join(str(number + 100) for number in range(count)), Accept_Language="ru")
    assert phrase.split()[0] in json.loads(response.data)["developerMessage"]
    assert details(response, "id")[-1] == str(count + 99)


@pytest.mark.parametrize(
    ("language_tag", "written"), [("en-US", "20,000"), ("de-DE", "20.000"), ("fr-FR", "20\u202f000")]
)
def test_numbers_have_the_digit_grouping_of_the_locale(
    store_records: StoreRecords, get_cases: GetCases, language_tag: str, written: str
) -> None:
    store_records()
    response = get_cases("1" * 20_001, Accept_Language=language_tag)
    assert written in json.loads(response.data)["developerMessage"]
    assert details(response, "limit") == ["20000"]

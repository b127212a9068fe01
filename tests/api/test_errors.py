"""Errors: contract REP-7 to REP-9, and the error catalogue."""

import json

import pytest
from flask import Flask, Response
from lxml import etree
from sqlalchemy import URL
from werkzeug.exceptions import NotFound

from app import create_app
from casemgr.config import Config
from casemgr.errors import catalogue
from casemgr.errors.catalogue import CASES_NOT_FOUND
from casemgr.errors.definitions import ApiError, ErrorDef
from casemgr.i18n.locales import LOCALES, Locale
from casemgr.observability.log import add_request_id
from tests.api.client import CASE, XML, CheckedClient, child, credentials, details, element, error
from tests.api.conftest import GetCases, StoreRecords
from tests.factories import CUSTOMER, OTHER, USER, activity, case, customer

pytestmark = pytest.mark.sqlite

DEFINITIONS = [value for value in vars(catalogue).values() if isinstance(value, ErrorDef)]

CATALOGUE = {
    "400-101", "400-102", "400-103", "400-105", "400-108", "400-112", "400-114", "400-115", "400-10424",
    "401-100", "401-101", "401-104", "401-105", "401-106",
    "403-105", "403-112", "403-178",
    "404-001", "404-100", "405-100", "406-100", "406-101", "500-100",
}  # fmt: skip
LOGIN = {
    "400-120", "400-121", "400-122", "400-123", "400-124", "400-125", "400-126", "400-127",
    "401-102", "403-120", "413-100", "415-100", "429-001", "503-100",
}  # fmt: skip


def test_the_catalogue_has_exactly_the_codes_of_the_contract_and_of_login() -> None:
    assert {definition.code for definition in DEFINITIONS} == CATALOGUE | LOGIN


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.code)
def test_a_code_begins_with_its_status(definition: ErrorDef) -> None:
    assert definition.code.split("-")[0] == str(definition.status.value)


@pytest.mark.parametrize("values", [{}, {"id": ["1"], "customer": "2"}, {"customer": "2"}], ids=str)
def test_missing_or_unknown_detail_keys_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(TypeError, match="CASES_NOT_FOUND"):
        ApiError(CASES_NOT_FOUND, **values)


def test_json_members_are_in_the_order_of_the_contract(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records()
    assert list(json.loads(get_cases("7").data)) == ["code", "developerMessage", "details"]
    with_user_message = get_cases("7", X_egain_error_message="yes")
    assert list(json.loads(with_user_message.data)) == ["code", "developerMessage", "userMessage", "details"]


def test_empty_details_are_left_out(client: CheckedClient) -> None:
    response = client.get(f"{CASE}/1")
    assert list(json.loads(response.data)) == ["code", "developerMessage"]


def test_xml_has_the_same_content_as_json(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records()
    in_json = json.loads(get_cases("7,8", X_egain_error_message="yes").data)
    in_xml = element(get_cases("7,8", Accept=XML, X_egain_error_message="yes"))
    assert [etree.QName(member).localname for member in in_xml] == list(in_json)
    for member in ("code", "developerMessage", "userMessage"):
        assert child(in_xml, member).text == in_json[member]
    assert [dict(detail.attrib) for detail in child(in_xml, "details")] == in_json["details"]


@pytest.mark.parametrize(
    ("value", "expected"), [("yes", True), ("YES", True), ("no", False), ("", False), ("true", False)]
)
def test_the_user_message_is_sent_only_on_request(client: CheckedClient, value: str, expected: bool) -> None:
    response = client.get(f"{CASE}/1", headers={"X-egain-error-message": value})
    assert ("userMessage" in json.loads(response.data)) == expected
    assert "X-egain-error-message" in response.vary


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: locale.language_tag)
def test_code_and_details_are_the_same_in_every_locale(
    store_records: StoreRecords, get_cases: GetCases, locale: Locale
) -> None:
    store_records()
    body = json.loads(get_cases("7,%00", Accept_Language=locale.language_tag).data)
    assert body["code"] == "400-108"
    assert body["details"] == [{"key": "id", "value": "\0"}]


@pytest.mark.parametrize(
    ("element_", "quoted"),
    [
        pytest.param("a" * 100, "“" + "a" * 100 + "”", id="100 characters are not cut"),
        pytest.param("a" * 101, "“" + "a" * 100 + "…”", id="101 characters are cut"),
        pytest.param("%00%1B%0A", "“\\u0000\\u001b\\u000a”", id="controls"),
        pytest.param("%E2%80%AE", "“\\u202e”", id="direction of writing"),
        pytest.param("%E2%80%A8", "“\\u2028”", id="line separator"),
        pytest.param("%C2%85", "“\\u0085”", id="C1 control"),
        pytest.param("%25s%25(id)s", "“%s%(id)s”", id="per cent signs"),
    ],
)
def test_quoted_input_is_cut_and_has_visible_control_characters(
    store_records: StoreRecords, get_cases: GetCases, element_: str, quoted: str
) -> None:
    store_records()
    assert quoted in json.loads(get_cases(element_).data)["developerMessage"]


def test_a_sentence_quotes_100_values_and_the_details_list_all(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records()
    response = get_cases(",".join(f"x{number}" for number in range(101)))
    message = json.loads(response.data)["developerMessage"]
    assert "“x100”" not in message
    assert message.endswith("“x99”, ….")
    assert len(details(response, "id")) == 101


def test_details_name_as_much_of_a_query_string_as_ids_may_have(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records()
    names = [f"x{number}" for number in range(20_000)]
    named = details(get_cases(f"1?{'&'.join(names)}"), "parameter")
    assert named == names[: len(named)]
    assert len(",".join(named[:-1])) < 20_000 <= len(",".join(named)) + 1


def test_details_have_the_uncut_input(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records()
    assert details(get_cases("a" * 19_000), "id") == ["a" * 19_000]


def test_details_in_xml_are_well_formed_with_odd_input(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records()
    [detail] = child(element(get_cases("%00%0A%3C", Accept=XML)), "details")
    assert detail.get("value") == "\N{REPLACEMENT CHARACTER}\n<"


@pytest.mark.parametrize(
    ("counted", "phrase"),
    [("7", "1 requested case does not exist: “7”."), ("7,8,9", "3 requested cases do not exist: “7”, “8”, and “9”.")],
)
def test_english_has_two_plural_forms(
    store_records: StoreRecords, get_cases: GetCases, counted: str, phrase: str
) -> None:
    store_records()
    assert json.loads(get_cases(counted).data)["developerMessage"] == phrase


@pytest.mark.parametrize("header", ["X-egain-session", "Authorization"])
def test_an_error_never_quotes_a_credential(client: CheckedClient, header: str) -> None:
    for value in ("secret-value", "Bearer secret-value", "Basic secret-value"):
        assert "secret-value" not in client.get(f"{CASE}/1", headers={header: value}).text


PROVOKED = [
    ("400-101", f"{CASE}/1?x=1", USER),
    ("400-102", f"{CASE}/1?$sort=x", USER),
    ("400-103", f"{CASE}/1?$sort=id&$sort=id", USER),
    ("400-105", f"{CASE}/1?customer=x", CUSTOMER),
    ("400-108", f"{CASE}/x", USER),
    ("400-112", f"{CASE}/1?$order=asc", USER),
    ("400-114", f"{CASE}/1?customer=31", CUSTOMER),
    ("400-10424", f"{CASE}/1,1", CUSTOMER),
    ("401-101", f"{CASE}/1", "nobody"),
    ("401-105", f"{CASE}/1", "unknown-client"),
    ("403-105", f"{CASE}/2", USER),
    ("404-001", "/nowhere", USER),
    ("404-100", f"{CASE}/7", USER),
]


@pytest.mark.parametrize("locale", LOCALES[1:], ids=lambda locale: locale.language_tag)
def test_errors_are_translated_into_the_locale(
    store_records: StoreRecords, client: CheckedClient, locale: Locale
) -> None:
    store_records(customer(31), case(1), case(2, department=OTHER), activity())
    for code, path, session in PROVOKED:
        headers = credentials(session) | {"X-egain-error-message": "yes"}
        in_locale = json.loads(client.get(path, headers=headers | {"Accept-Language": locale.language_tag}).data)
        in_english = json.loads(client.get(path, headers=headers).data)
        assert in_locale["code"] == code
        assert in_locale["developerMessage"] != in_english["developerMessage"]
        assert in_locale["userMessage"] != in_english["userMessage"]


@pytest.fixture
def without_database(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    missing = tmp_path_factory.mktemp("away") / "folder" / "casemgr.db"
    app = create_app(Config(URL.create("sqlite", database=str(missing))))
    app.test_client_class = CheckedClient
    return app


@pytest.mark.parametrize("accept", ["application/json", XML])
def test_an_unreachable_database_gives_500_without_a_stack_trace(
    without_database: Flask, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(add_request_id)
    headers = {"X-egain-session": "secret-session", "Accept": accept, "X-Request-ID": "the-request"}
    response = without_database.test_client().get(f"{CASE}/1", headers=headers)
    assert response.status_code == 500
    assert response.content_type == accept
    for inside in ("Traceback", "SELECT", ".py", ".db", "sqlite"):
        assert inside not in response.text
    assert "Traceback" in caplog.text
    [(logger, _, message)] = caplog.record_tuples
    assert logger == "casemgr.web.errors"
    assert message.startswith("The database cannot be used: there is no file /")
    assert message.endswith("/folder/casemgr.db, which 'casemgr init-db' creates")
    assert {vars(record)["request_id"] for record in caplog.records} == {"the-request"}
    assert "secret-session" not in caplog.text


@pytest.mark.parametrize(
    ("headers", "code"),
    [({}, "401-100"), ({"Authorization": "Basic x"}, "401-104"), ({"X-egain-session": "x"}, "500-100")],
)
def test_an_unreachable_database_fails_only_requests_that_need_it(
    without_database: Flask, headers: dict[str, str], code: str
) -> None:
    assert error(without_database.test_client().get(f"{CASE}/1", headers=headers))[1] == code


def test_an_unexpected_exception_gives_500(app: Flask, client: CheckedClient) -> None:
    def fail() -> None:
        raise ZeroDivisionError("inside")

    app.before_request(fail)
    response = client.get(f"{CASE}/1", headers={"Accept-Language": "sv"})
    assert error(response) == (500, "500-100")
    assert response.headers["Content-Language"] == "sv-SE"
    assert "inside" not in response.text


def test_any_exception_after_the_view_gives_500(
    app: Flask, store_records: StoreRecords, get_cases: GetCases, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Response) -> Response:
        raise NotFound

    store_records(case(1))
    app.after_request(fail)
    assert error(get_cases("1")) == (500, "500-100")
    assert "werkzeug.exceptions.NotFound" in caplog.text

"""Path, method and IDs: contract URL-1 to URL-6."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.client import CASE, CheckedClient, cases, details, error, ids
from tests.api.conftest import GetCases, StoreRecords
from tests.factories import CLIENT, USER, case

pytestmark = pytest.mark.sqlite

METHODS = ["GET", "HEAD", "OPTIONS"]


def test_head_has_the_headers_of_get_and_no_body(client: CheckedClient, store_records: StoreRecords) -> None:
    store_records(case(1))
    headers = {"X-egain-session": USER, "X-Request-ID": "same"}
    got, head = client.get(f"{CASE}/1", headers=headers), client.head(f"{CASE}/1", headers=headers)
    assert head.status_code == 200
    assert head.data == b""
    assert dict(head.headers) == dict(got.headers)


def test_head_of_an_error_has_its_status(client: CheckedClient) -> None:
    response = client.head(f"{CASE}/1")
    assert (response.status_code, response.data) == (401, b"")


def test_options_lists_the_methods_without_credentials(client: CheckedClient) -> None:
    response = client.options(f"{CASE}/1", headers={"Accept": "text/html"})
    assert response.status_code == 204
    assert sorted(response.allow) == METHODS


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "LINK"])
def test_any_other_method_gives_405(client: CheckedClient, method: str) -> None:
    response = client.open(f"{CASE}/1", method=method)
    assert error(response) == (405, "405-100")
    assert sorted(response.allow) == details(response, "method") == METHODS


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/favicon.ico",
        "/core/casemgr/v3",
        "/core/casemgr/v3/case",
        f"{CASE}/",
        f"{CASE}/1/",
        f"{CASE}/1%2F2",
        f"{CASE}/1/note/2",
        "/core/casemgr/v3//case/1",
        "//core/casemgr/v3/case/1",
        "/core/casemgr/v2/case/1",
        "/core/casemgr/V3/case/1",
        "/static/messages.po",
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "DELETE"])
def test_any_other_path_gives_404(client: CheckedClient, path: str, method: str) -> None:
    assert error(client.open(path, method=method)) == (404, "404-001")


def test_the_message_quotes_the_path_as_sent(client: CheckedClient) -> None:
    response = client.open("/", environ_overrides={"PATH_INFO": "//f%C3%BC"})
    assert "“//f" in json.loads(response.data)["developerMessage"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": ".."},
        {"Host": "a" * 64 + ".example"},
        {"Host": "b b"},
        {"Host": "ü"},
        {"Connection": "Upgrade", "Upgrade": "websocket"},
    ],
    ids=str,
)
def test_host_and_upgrade_do_not_change_the_response(
    store_records: StoreRecords, get_cases: GetCases, headers: dict[str, str]
) -> None:
    store_records(case(1))
    assert ids(get_cases("1", **headers)) == ["1"]


def test_errors_of_path_and_method_are_negotiated_and_translated(client: CheckedClient) -> None:
    headers = {"Accept": "application/xml", "Accept-Language": "de"}
    for response in (client.get("/nowhere", headers=headers), client.post(f"{CASE}/1", headers=headers)):
        assert response.content_type == "application/xml"
        assert response.headers["Content-Language"] == "de-DE"


@pytest.mark.parametrize(
    ("accept", "accept_language"), [("text/html", "fr"), ("*/*", "@@"), ("@@", "pl"), ("application/xml", "pl")]
)
def test_path_and_method_are_checked_before_negotiation(
    client: CheckedClient, accept: str, accept_language: str
) -> None:
    headers = {"Accept": accept, "Accept-Language": accept_language}
    assert client.get("/nowhere", headers=headers).status_code == 404
    assert client.post(f"{CASE}/1", headers=headers).status_code == 405


@pytest.mark.parametrize("comma", [",", "%2C", "%2c"])
def test_ids_are_separated_by_commas(store_records: StoreRecords, get_cases: GetCases, comma: str) -> None:
    store_records(case(1), case(2))
    assert ids(get_cases(f"2{comma}1")) == ["2", "1"]


def test_cases_come_in_the_order_first_supplied_and_once(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1), case(2), case(3))
    assert ids(get_cases("3,1,3,2,1")) == ["3", "1", "2"]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        pytest.param("abc", ["abc"], id="letters"),
        pytest.param("-1", ["-1"], id="minus"),
        pytest.param("+1", ["+1"], id="plus"),
        pytest.param("%2B1", ["+1"], id="encoded plus"),
        pytest.param("0", ["0"], id="zero"),
        pytest.param("01", ["01"], id="leading zero"),
        pytest.param("%201", [" 1"], id="leading blank"),
        pytest.param("1%20", ["1 "], id="trailing blank"),
        pytest.param("1%0A", ["1\n"], id="trailing line feed"),
        pytest.param("1.0", ["1.0"], id="fraction"),
        pytest.param("1_0", ["1_0"], id="underscore"),
        pytest.param("%EF%BC%91", ["１"], id="full-width digit"),
        pytest.param("%D9%A1", ["١"], id="arabic digit"),
        pytest.param("%C2%B2", ["²"], id="superscript"),
        pytest.param("%00", ["\0"], id="null"),
        pytest.param("%FF", ["\N{REPLACEMENT CHARACTER}"], id="not UTF-8"),
        pytest.param(",", [""], id="only a comma"),
        pytest.param("1,", [""], id="empty last"),
        pytest.param("1,,2", [""], id="empty between"),
        pytest.param("a,1,b,a", ["a", "b"], id="several, one of them repeated"),
    ],
)
def test_invalid_ids_are_named(store_records: StoreRecords, get_cases: GetCases, path: str, wrong: list[str]) -> None:
    store_records(case(1), case(2))
    response = get_cases(path)
    assert error(response) == (400, "400-108")
    assert details(response, "id") == wrong


@pytest.mark.parametrize("digits", ["9223372036854775807", "9223372036854775808", "1" * 40, "9" * 19_000])
def test_an_id_of_any_length_without_a_case_is_not_found(
    store_records: StoreRecords, get_cases: GetCases, digits: str
) -> None:
    store_records(case(1))
    response = get_cases(f"{digits},1,2")
    assert error(response) == (404, "404-100")
    assert details(response, "id") == [digits, "2"]


def test_the_largest_id_is_found(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(2**63 - 1))
    assert ids(get_cases(str(2**63 - 1))) == [str(2**63 - 1)]


@pytest.mark.parametrize("session", [USER, CLIENT])
@pytest.mark.parametrize(("supplied", "status"), [(75, 200), (76, 400)], ids=["75", "76"])
@pytest.mark.parametrize("repeated", [True, False])
def test_at_most_75_ids_are_allowed(
    store_records: StoreRecords, get_cases: GetCases, session: str, supplied: int, status: int, repeated: bool
) -> None:
    store_records(*(case(number) for number in range(1, 77)))
    response = get_cases(",".join("1" if repeated else str(number + 1) for number in range(supplied)), session)
    assert response.status_code == status
    if status == 200:
        assert len(cases(response)) == (1 if repeated else supplied)
    else:
        assert error(response) == (400, "400-10424")
        assert details(response, "limit") == ["75"]


@pytest.mark.parametrize(
    ("ids_", "code", "limit"),
    [
        pytest.param("1" * 20_001, "400-10424", ["20000"], id="too long"),
        pytest.param("a," * 10_000 + "a", "400-10424", ["20000"], id="too long before form and number"),
        pytest.param(",".join("a" * 76), "400-108", [], id="form before number"),
        pytest.param("１" * 20_000, "400-108", [], id="characters count, not bytes"),
        pytest.param("1," * 9_999 + "11", "400-10424", ["75"], id="20000 characters are not too long"),
    ],
)
def test_length_is_checked_before_form_and_form_before_number(
    get_cases: GetCases, store_records: StoreRecords, ids_: str, code: str, limit: list[str]
) -> None:
    store_records()
    response = get_cases(ids_)
    assert error(response) == (400, code)
    assert details(response, "limit") == limit


@given(element=st.text(st.characters(exclude_categories=["Cs"], exclude_characters=",/"), min_size=1, max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@pytest.mark.usefixtures("session_actors")
def test_any_text_is_a_valid_id_or_refused(get_cases: GetCases, element: str) -> None:
    response = get_cases(quote(element, safe=""))
    if element.isascii() and element.isdigit() and not element.startswith("0"):
        assert error(response) == (404, "404-100")
    else:
        assert error(response) == (400, "400-108")

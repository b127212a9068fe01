"""Request bodies of a login: valid ones, and the errors for invalid ones."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.client import JSON, LOGIN, XML, CheckedClient, details, error
from tests.factories import NAME, PASSWORD

pytestmark = pytest.mark.sqlite

VALID = {"userName": NAME, "password": PASSWORD}
FIELDS = f"<userName>{NAME}</userName><password>{PASSWORD}</password>"


def in_json(**fields: Any) -> bytes:
    return json.dumps(VALID | fields).encode()


def in_xml(fields: str = FIELDS, before: str = "", namespace: str = "urn:casemgr:v3", name: str = "login") -> bytes:
    return f'{before}<{name} xmlns="{namespace}">{fields}</{name}>'.encode()


@pytest.mark.usefixtures("stored_accounts")
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        pytest.param(JSON, b" \n" + in_json() + b"\n", id="blanks around"),
        pytest.param("application/json; charset=utf-8", in_json(), id="with a parameter"),
        pytest.param("Application/JSON", in_json(), id="in other case"),
        pytest.param(JSON, b"\xef\xbb\xbf" + in_json(), id="byte order mark"),
        pytest.param(JSON, in_json() + b" " * (4096 - len(in_json())), id="4096 bytes"),
        pytest.param(XML, in_xml(before='<?xml version="1.0" encoding="UTF-8"?>\n'), id="declaration"),
        pytest.param(XML, in_xml().decode().encode("utf-16"), id="UTF-16"),
        pytest.param("application/xml;charset=utf-8", in_xml(), id="XML with a parameter"),
        pytest.param(
            XML,
            f'<l:login xmlns:l="urn:casemgr:v3"><l:password>{PASSWORD}</l:password>'
            f"<l:userName>{NAME}</l:userName></l:login>".encode(),
            id="prefix, other order",
        ),
        pytest.param(XML, f"<login>{FIELDS}</login>".encode(), id="no namespace"),
        pytest.param(
            XML, in_xml(namespace="http://bindings.egain.com/ws/model/v12/gen/platform"), id="another namespace"
        ),
        pytest.param(
            XML,
            f'<a:login xmlns:a="urn:a"><userName>{NAME}</userName>'
            f'<b:password xmlns:b="urn:b">{PASSWORD}</b:password></a:login>'.encode(),
            id="several namespaces",
        ),
        pytest.param(XML, in_xml(f"\n  {FIELDS}<!-- -->\n<?x?>"), id="blanks and comments"),
        pytest.param(XML, in_xml(FIELDS.replace(NAME, "<![CDATA[a]]>&#100;a<!-- -->")), id="the name in pieces"),
    ],
)
def test_every_spelling_of_a_valid_body_logs_in(client: CheckedClient, media_type: str, body: bytes) -> None:
    assert client.post(LOGIN["user"], data=body, content_type=media_type).status_code == 204


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        pytest.param(None, in_json(), "415-100", id="no Content-Type"),
        pytest.param("", in_json(), "415-100", id="empty Content-Type"),
        pytest.param("text/xml", in_xml(), "415-100", id="text/xml"),
        pytest.param("application/x-www-form-urlencoded", b"userName=a&password=b", "415-100", id="form"),
        pytest.param("application/problem+json", in_json(), "415-100", id="another JSON"),
        pytest.param("application/*", in_json(), "415-100", id="range"),
        pytest.param(JSON, in_json(password="x" * 4096), "413-100", id="too long"),
        pytest.param(JSON, in_json() + b" " * (4097 - len(in_json())), "413-100", id="4097 bytes"),
        pytest.param(XML, in_xml(FIELDS + " " * 4096), "413-100", id="XML too long"),
        pytest.param(JSON, b"", "400-120", id="nothing"),
        pytest.param(JSON, b"userName", "400-120", id="not JSON"),
        pytest.param(JSON, in_xml(), "400-120", id="XML as JSON"),
        pytest.param(JSON, in_json()[:-1], "400-120", id="cut off"),
        pytest.param(JSON, in_json() + b"{}", "400-120", id="two values"),
        pytest.param(JSON, b"\xff", "400-120", id="not UTF-8"),
        pytest.param(JSON, in_json().decode().encode("utf-16"), "400-120", id="UTF-16"),
        pytest.param(JSON, b'{"userName": NaN, "password": ""}', "400-120", id="NaN"),
        pytest.param(JSON, b"[" * 16 + b"]" * 15, "400-120", id="a bracket missing"),
        pytest.param(JSON, b"[" * 17 + b"]" * 17, "400-122", id="17 levels"),
        pytest.param(JSON, b"[" * 1000 + b"]" * 1000, "400-122", id="1000 levels"),
        pytest.param(JSON, b'{"a":' * 700, "400-122", id="700 objects"),
        pytest.param(JSON, b"[" * 16 + b"]" * 16, "400-123", id="16 levels"),
        pytest.param(JSON, b"[]", "400-123", id="list"),
        pytest.param(JSON, b"null", "400-123", id="null"),
        pytest.param(JSON, b'"userName"', "400-123", id="string"),
        pytest.param(JSON, b"9" * 4000, "400-123", id="long number"),
        pytest.param(JSON, in_json(**{"[" * 20: 1}), "400-124", id="brackets in a name"),
        pytest.param(XML, b"", "400-120", id="no XML"),
        pytest.param(XML, in_json(), "400-120", id="JSON as XML"),
        pytest.param(XML, in_xml()[:-1], "400-120", id="XML cut off"),
        pytest.param(XML, in_xml() + in_xml(), "400-120", id="two roots"),
        pytest.param(XML, in_xml("&nbsp;"), "400-120", id="undeclared entity"),
        pytest.param(XML, in_xml("\0"), "400-120", id="control character"),
        pytest.param(XML, b'<?xml version="1.0" encoding="nosuch"?>' + in_xml(), "400-120", id="encoding"),
        pytest.param(XML, in_xml(before="<!DOCTYPE login>"), "400-121", id="document type"),
        pytest.param(XML, in_xml(before='<!DOCTYPE login SYSTEM "file:///etc/passwd">'), "400-121", id="external"),
        pytest.param(
            XML,
            in_xml("<userName>&x;</userName>", '<!DOCTYPE login [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
            "400-121",
            id="external entity",
        ),
        pytest.param(
            XML,
            in_xml(
                "<userName>&c;</userName>",
                '<!DOCTYPE l [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>',
            ),
            "400-121",
            id="entities of entities",
        ),
        pytest.param(XML, in_xml("<a>" * 16 + "</a>" * 16), "400-122", id="XML of 17 levels"),
        pytest.param(XML, in_xml("<a>" * 500 + "</a>" * 500), "400-122", id="XML of 500 levels"),
        pytest.param(XML, b"<a>" * 1000, "400-122", id="XML of 1000 levels"),
        pytest.param(XML, in_xml("<a>" * 15 + "</a>" * 15), "400-124", id="XML of 16 levels"),
        pytest.param(XML, in_xml(name="logout"), "400-123", id="another element"),
    ],
)
def test_an_invalid_body_gives_the_error_for_its_fault(
    client: CheckedClient, media_type: str | None, body: bytes, expected: str
) -> None:
    response = client.post(LOGIN["user"], data=body, content_type=media_type)
    assert error(response) == (int(expected[:3]), expected)


@pytest.mark.parametrize(
    ("media_type", "body", "expected", "fields"),
    [
        pytest.param(JSON, b"{}", "400-126", ["userName", "password"], id="all missing"),
        pytest.param(JSON, b'{"password": 1}', "400-126", ["userName"], id="one missing, the other not a text"),
        pytest.param(JSON, in_json(b=1, a=[]), "400-124", ["b", "a"], id="extra"),
        pytest.param(JSON, b'{"username": "", "x": 1, "x": 2}', "400-124", ["username", "x"], id="extra and missing"),
        pytest.param(JSON, b'{"\\ud800": 1, "\\ud83d\\ude00": 1}', "400-124", ["\ufffd", "😀"], id="surrogates"),
        pytest.param(JSON, b'{"password": 1, "password": ""}', "400-125", ["password"], id="repeated"),
        pytest.param(JSON, in_json(userName=None), "400-127", ["userName"], id="null"),
        pytest.param(
            JSON, in_json(userName=["ada"], password=1.5), "400-127", ["userName", "password"], id="not texts"
        ),
        pytest.param(JSON, in_json(password=True), "400-127", ["password"], id="boolean"),
        pytest.param(JSON, in_json(userName={"a": 1}), "400-127", ["userName"], id="object"),
        pytest.param(XML, in_xml(""), "400-126", ["userName", "password"], id="XML, all missing"),
        pytest.param(XML, in_xml(FIELDS + "<x/>"), "400-124", ["x"], id="XML, extra"),
        pytest.param(XML, in_xml(FIELDS + '<x xmlns=""/>'), "400-124", ["x"], id="XML, extra without a namespace"),
        pytest.param(
            XML,
            in_xml(FIELDS + '<password xmlns="">again</password>'),
            "400-125",
            ["password"],
            id="XML, a field in two namespaces",
        ),
        pytest.param(XML, in_xml(FIELDS * 2), "400-125", ["userName", "password"], id="XML, repeated"),
        pytest.param(
            XML, in_xml(FIELDS.replace(NAME, "a<b/>da")), "400-127", ["userName"], id="XML, an element in the name"
        ),
    ],
)
def test_wrong_fields_are_named(
    client: CheckedClient, media_type: str, body: bytes, expected: str, fields: list[str]
) -> None:
    response = client.post(LOGIN["customer"], data=body, content_type=media_type)
    assert error(response) == (400, expected)
    assert details(response, "field") == fields


def test_an_unsupported_media_type_is_answered_with_the_supported_ones(client: CheckedClient) -> None:
    response = client.post(LOGIN["user"], data=b"x", content_type="text/plain")
    assert details(response, "supported") == [JSON, XML]
    assert "“text/plain”" in json.loads(response.data)["developerMessage"]


def test_the_details_state_the_limit(client: CheckedClient) -> None:
    assert details(client.post(LOGIN["user"], data=b" " * 5000, content_type=JSON), "limit") == ["4096"]
    assert details(client.post(LOGIN["user"], data=b"[" * 100, content_type=JSON), "limit") == ["16"]


def test_a_response_never_repeats_a_password(client: CheckedClient) -> None:
    for body in (in_json(x=1), in_json(userName=1), in_json()[:-1]):
        response = client.post(LOGIN["user"], data=body, content_type=JSON)
        assert response.status_code == 400
        assert PASSWORD not in response.text


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values, max_size=3),
    max_leaves=6,
)
_texts = st.text(st.characters(exclude_categories=[]), max_size=4)
_json_bodies = st.dictionaries(st.sampled_from(["userName", "password"]) | _texts, _json_values).map(
    lambda fields: json.dumps(fields).encode()
)
_xml_bodies = st.lists(
    st.sampled_from(["<userName>", "</userName>", "<password/>", "<x>", "</x>", "&amp;", "&x;", "text", "<!--", "-->"]),
    max_size=6,
).map(lambda pieces: in_xml("".join(pieces)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(media_type=st.sampled_from([JSON, XML]), body=st.binary(max_size=200) | _json_bodies | _xml_bodies)
def test_no_body_gives_500(client: CheckedClient, media_type: str, body: bytes) -> None:
    response = client.post(LOGIN["user"], data=body, content_type=media_type)
    assert response.status_code in {400, 401, 429}

"""The query string: contract QRY-1 to QRY-5."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.client import cases, details, error, ids
from tests.api.conftest import GetCases, StoreRecords
from tests.factories import (
    CLIENT,
    CUSTOMER,
    HOME,
    OTHER,
    USER,
    activity,
    attribute,
    case,
    customer,
    enumeration,
    note,
    sharing,
)

SUMMARY = {"link", "activities", "department", "status", "lastModified", "severity", "subject", "id"}
OF_STAFF = [
    "all", "created", "createdBy", "custom.<name>", "originatingChannel", "description", "solution",
    "userLastWorked", "relatedCases", "notes", "lastClosed",
]  # fmt: skip
OF_CUSTOMER = [
    "all", "created", "custom.<name>", "originatingChannel", "recentActivityDate", "unreadActivityCount", "lastClosed",
]  # fmt: skip
FULL = case(
    1,
    createdBy=20,
    originatingChannel="email",
    description="Long",
    solution="Short",
    userLastWorked=20,
    relatedCases=[2],
    notes=[note()],
    lastClosed="2026-01-04T00:00:00Z",
    custom={"tier": ["gold"], "a.b c": ["x"]},
)


@pytest.fixture
def full_case(store_records: StoreRecords) -> None:
    store_records(enumeration("tier", "silver", "gold"), attribute("a.b c"), FULL, case(2), activity())


@pytest.mark.parametrize(
    ("session", "query", "wrong"),
    [
        pytest.param(USER, "customer=30", ["customer"], id="customer, of a user"),
        pytest.param(CLIENT, "customer=30", ["customer"], id="customer, of a client application"),
        pytest.param(CUSTOMER, "$sort=id&$order=asc", ["$sort", "$order"], id="sorting, of a customer"),
        pytest.param(USER, "$pagenum=1&$pagesize=2", ["$pagenum", "$pagesize"], id="pages"),
        pytest.param(USER, "$rangestart=1&$rangesize=2", ["$rangestart", "$rangesize"], id="ranges"),
        pytest.param(USER, "attribute=all", ["attribute"], id="without dollar"),
        pytest.param(USER, "$Attribute=all", ["$Attribute"], id="other case"),
        pytest.param(USER, "x", ["x"], id="without value"),
        pytest.param(USER, "=1", [""], id="without name"),
        pytest.param(USER, "a=1&a=2&b=3&$sort=nonsense", ["a", "b"], id="before other errors, repeated ones once"),
        pytest.param(USER, "%00%FF=1", ["\0\N{REPLACEMENT CHARACTER}"], id="nonsense"),
    ],
)
def test_unknown_parameters_are_named(
    store_records: StoreRecords, get_cases: GetCases, session: str, query: str, wrong: list[str]
) -> None:
    store_records()
    response = get_cases(f"1?{query}", session)
    assert error(response) == (400, "400-101")
    assert details(response, "parameter") == wrong


@pytest.mark.parametrize(
    ("query", "code", "parameter"),
    [
        pytest.param("$sort=x&$sort=id", "400-103", ["$sort"], id="repeated before values"),
        pytest.param("$order=x&$order=x", "400-103", ["$order"], id="repeated before order without sort"),
        pytest.param("$order=x", "400-112", ["$sort"], id="order without sort before values"),
        pytest.param("$order=x&$attribute=x", "400-112", ["$sort"], id="order without sort before $attribute"),
        pytest.param("$attribute=x&$sort=x", "400-102", ["$attribute"], id="$attribute before $sort"),
        pytest.param("$sort=x&$order=x", "400-102", ["$sort"], id="$sort before $order"),
        pytest.param("$sort=id&$order=x", "400-102", ["$order"], id="$order last"),
    ],
)
def test_query_parameters_are_checked_in_order(
    store_records: StoreRecords, get_cases: GetCases, query: str, code: str, parameter: list[str]
) -> None:
    store_records()
    response = get_cases(f"nonsense?{query}")
    assert error(response) == (400, code)
    assert details(response, "parameter") == parameter


def test_the_query_is_checked_before_the_ids(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records()
    assert error(get_cases("nonsense?$attribute=nonsense")) == (400, "400-102")


@pytest.mark.parametrize("name", ["%24attribute", "$attribute"])
@pytest.mark.parametrize("session", [USER, CLIENT, CUSTOMER])
@pytest.mark.usefixtures("full_case")
def test_the_summary_is_returned_without_attributes(get_cases: GetCases, session: str, name: str) -> None:
    hidden = {"department"} if session == CUSTOMER else set()
    assert set(cases(get_cases("1", session))[0]) == SUMMARY - hidden
    assert set(cases(get_cases(f"1?{name}=created", session))[0]) == SUMMARY - hidden | {"created"}


@pytest.mark.parametrize(
    ("session", "element", "member"),
    [
        *(pytest.param(USER, name, name, id=name) for name in OF_STAFF[1:] if name != "custom.<name>"),
        *(pytest.param(CUSTOMER, name, name, id=f"customer {name}") for name in OF_CUSTOMER[3:]),
        pytest.param(USER, "custom.tier", "customAttributes", id="custom.<name>"),
    ],
)
@pytest.mark.usefixtures("full_case")
def test_each_element_adds_only_its_attribute(get_cases: GetCases, session: str, element: str, member: str) -> None:
    assert set(cases(get_cases(f"1?$attribute={element}", session))[0]) - SUMMARY == {member}


@pytest.mark.usefixtures("full_case")
@pytest.mark.parametrize(
    ("query", "attributes"),
    [
        pytest.param("$attribute=created&$attribute=lastClosed", {"created", "lastClosed"}, id="one each"),
        pytest.param(
            "$attribute=created,description&$attribute=solution", {"created", "description", "solution"}, id="lists"
        ),
        pytest.param("$attribute=created&$sort=id&$attribute=created", {"created"}, id="apart, the same again"),
    ],
)
def test_attribute_may_be_given_several_times(get_cases: GetCases, query: str, attributes: set[str]) -> None:
    assert set(cases(get_cases(f"1?{query}"))[0]) - SUMMARY == attributes


def test_an_unsupported_value_of_a_repeated_attribute_is_named(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records()
    response = get_cases("1?$attribute=created&$attribute=&$attribute=colour")
    assert error(response) == (400, "400-102")
    assert details(response, "value") == ["", "colour"]


@pytest.mark.usefixtures("full_case")
def test_elements_are_combined_and_may_be_repeated(get_cases: GetCases) -> None:
    [found] = cases(get_cases("1?$attribute=created,notes,created"))
    assert set(found) - SUMMARY == {"created", "notes"}


@pytest.mark.parametrize(("session", "members"), [(USER, OF_STAFF), (CLIENT, OF_STAFF), (CUSTOMER, OF_CUSTOMER)])
@pytest.mark.usefixtures("full_case")
def test_all_adds_every_attribute_of_the_actor(get_cases: GetCases, session: str, members: list[str]) -> None:
    [found] = cases(get_cases("1?$attribute=all", session))
    assert set(found) - SUMMARY == {*members[1:], "customAttributes"} - {"custom.<name>"}
    assert len(found["customAttributes"]["customAttribute"]) == 2


@pytest.mark.parametrize(("session", "supported"), [(USER, OF_STAFF), (CLIENT, OF_STAFF), (CUSTOMER, OF_CUSTOMER)])
@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        pytest.param("", [""], id="empty"),
        pytest.param("created,", [""], id="empty element"),
        pytest.param("Created", ["Created"], id="other case"),
        pytest.param("created, lastClosed", [" lastClosed"], id="blank"),
        pytest.param("department", ["department"], id="of the summary"),
        pytest.param("x,created,y,x", ["x", "y"], id="several, one of them repeated"),
        pytest.param("custom.nothing", ["custom.nothing"], id="undefined custom attribute"),
        pytest.param("custom.", ["custom."], id="custom attribute without a name"),
        pytest.param("custom.TIER", ["custom.TIER"], id="custom attribute in other case"),
        pytest.param("custom.<name>", ["custom.<name>"], id="the placeholder"),
        pytest.param("all,x", ["x"], id="beside all"),
    ],
)
@pytest.mark.usefixtures("full_case")
def test_unknown_elements_are_named_with_the_supported_ones(
    get_cases: GetCases, session: str, value: str, wrong: list[str], supported: list[str]
) -> None:
    response = get_cases(f"1?$attribute={value}", session)
    assert error(response) == (400, "400-102")
    assert details(response, "parameter") == ["$attribute"]
    assert details(response, "value") == wrong
    assert details(response, "supported") == supported


@pytest.mark.parametrize(("session", "element"), [(USER, "unreadActivityCount"), (CUSTOMER, "notes")])
@pytest.mark.usefixtures("full_case")
def test_elements_of_other_actors_are_unknown(get_cases: GetCases, session: str, element: str) -> None:
    assert error(get_cases(f"1?$attribute={element}", session)) == (400, "400-102")


@given(name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters=","), min_size=1, max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@pytest.mark.usefixtures("full_case")
def test_any_custom_name_is_defined_or_unknown(get_cases: GetCases, name: str) -> None:
    response = get_cases(f"1?$attribute={quote('custom.' + name, safe='')}")
    if name in {"tier", "a.b c"}:
        assert cases(response)
    else:
        assert details(response, "value") == [f"custom.{name}"]


@pytest.mark.usefixtures("full_case")
def test_only_the_requested_custom_attribute_is_returned(get_cases: GetCases) -> None:
    [found] = cases(get_cases("1?$attribute=custom.a.b+c&$sort=custom.tier"))
    assert found["customAttributes"]["customAttribute"] == [
        {"attribName": "a.b c", "attribValues": {"attribValue": [{"value": "x"}]}}
    ]


@pytest.mark.parametrize("value", ["", "ID", "created", "id,status", "custom.nothing", "custom.<name>"])
@pytest.mark.usefixtures("full_case")
def test_an_unknown_sort_key_is_named_with_the_supported_ones(get_cases: GetCases, value: str) -> None:
    response = get_cases(f"1?$sort={value}")
    assert error(response) == (400, "400-102")
    assert details(response, "value") == [value]
    assert details(response, "supported") == ["id", "department", "status", "customer", "custom.<name>"]


@pytest.mark.parametrize("value", ["", "ASC", "descending"])
def test_an_unknown_order_is_named_with_the_supported_ones(
    store_records: StoreRecords, get_cases: GetCases, value: str
) -> None:
    store_records()
    response = get_cases(f"1?$sort=id&$order={value}")
    assert error(response) == (400, "400-102")
    assert details(response, "supported") == ["asc", "desc"]


@pytest.mark.parametrize("session", [USER, CLIENT])
@pytest.mark.parametrize(
    ("sort", "ascending", "descending"),
    [
        pytest.param("id", "2 3 10 20", "20 10 3 2", id="as a number"),
        pytest.param("department", "3 20 2 10", "2 10 3 20", id="by name, ties by ID"),
        pytest.param("status", "10 20 2 3", "2 3 10 20", id="by value"),
        pytest.param("customer", "20 3 2 10", "2 3 20 10", id="by name in any case, absent last"),
        pytest.param("custom.rating", "20 3 2 10", "2 3 20 10", id="integers as numbers"),
        pytest.param("custom.amount", "20 3 2 10", "2 3 20 10", id="decimals as numbers"),
        pytest.param("custom.day", "20 3 2 10", "2 3 20 10", id="dates as dates"),
        pytest.param("custom.at", "20 3 2 10", "2 3 20 10", id="instants as instants"),
        pytest.param("custom.flag", "20 2 3 10", "2 3 20 10", id="booleans, ties by ID"),
        pytest.param("custom.tier", "20 3 2 10", "2 3 20 10", id="enumerations by definition"),
        pytest.param("custom.topic", "20 3 2 10", "2 3 20 10", id="first of several, in any case"),
        pytest.param("custom.empty", "2 3 10 20", "2 3 10 20", id="no values at all"),
    ],
)
def test_cases_are_sorted_in_both_orders(
    store_records: StoreRecords, get_cases: GetCases, session: str, sort: str, ascending: str, descending: str
) -> None:
    store_records(
        sharing(OTHER, HOME),
        attribute("rating", "integer"),
        attribute("amount", "decimal"),
        attribute("day", "date"),
        attribute("at", "datetime"),
        attribute("flag", "boolean"),
        enumeration("tier", "silver", "gold", "bronze"),
        attribute("topic", multiple=True),
        attribute("empty"),
        customer(31, "émile"),
        customer(32, "ada"),
        customer(33, "Bob"),
        case(10, department=10, status="closed"),
        case(2, department=10, customer=31, custom={
            "rating": ["9" * 5000], "amount": ["100"], "day": ["2026-10-01"], "at": ["2026-01-01T00:30:00Z"],
            "flag": ["true"], "tier": ["bronze"], "topic": ["z", "a"],
        }),
        case(3, department=OTHER, customer=33, custom={
            "rating": ["+9"], "amount": ["20.5"], "day": ["2026-02-01"], "at": ["2026-01-01T01:00:00+01:00"],
            "flag": ["true"], "tier": ["gold"], "topic": ["b"],
        }),
        case(20, department=OTHER, status="closed", customer=32, custom={
            "rating": ["-10"], "amount": [".7"], "day": ["2025-12-31"], "at": ["2025-12-31T23:59:59.9Z"],
            "flag": ["false"], "tier": ["silver"], "topic": ["A", "zz"],
        }),
    )  # fmt: skip
    for query, expected in (("", ascending), ("&$order=asc", ascending), ("&$order=desc", descending)):
        assert " ".join(ids(get_cases(f"10,20,3,2?$sort={sort}{query}", session))) == expected


@pytest.mark.parametrize("value", ["", "0", "01", "-1", "abc", "1.0", "１", "30,31"])
def test_an_invalid_customer_id_is_named(store_records: StoreRecords, get_cases: GetCases, value: str) -> None:
    store_records(case(1), activity())
    response = get_cases(f"nonsense?customer={value}", CUSTOMER)
    assert error(response) == (400, "400-105")
    assert details(response, "parameter") == ["customer"]
    assert details(response, "value") == [value]


def test_values_are_decoded_before_they_are_split(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1))
    found = json.loads(get_cases("1?$attribute=created%2ClastClosed").data)
    assert "created" in found["case"][0]

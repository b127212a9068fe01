"""Representations of cases: contract REP-1 to REP-6."""

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import Engine

from casemgr.http.media_types import XML_NAMESPACE
from casemgr.i18n.display_values import BUILT_IN_VALUES, ValueKind
from tests.api.client import CASE, XML, cases, child, element
from tests.api.conftest import GetCases, StoreRecords
from tests.factories import CLIENT, CUSTOMER, activity, attribute, case, customer, enumeration, folder, note, store

ADA = {"user": {"firstName": "Ada", "lastName": "Byron", "id": "20"}}
WHOLE = case(
    1,
    status="closed",
    severity="medium",
    lastModifiedBy=20,
    dueDate="2026-02-01T08:00:00+01:00",
    owner=20,
    folder=60,
    customer=30,
    createdBy=20,
    originatingChannel="email",
    description="What happened",
    solution="What helped",
    userLastWorked=20,
    relatedCases=[3, 2],
    notes=[note(71, created="2026-01-05T00:00:00Z"), note(70, content="First", created="2026-01-04T00:00:00Z")],
    lastClosed="2026-01-06T00:00:00.0009Z",
    custom={"topics": ["b", "a"], "tier": ["gold"], "rating": ["05"], "day": ["20260131"]},
)


@pytest.fixture
def whole_case(store_records: StoreRecords) -> None:
    store_records(
        attribute("rating", "integer"),
        enumeration("tier", "silver", "gold"),
        attribute("topics", multiple=True),
        attribute("day", "date"),
        attribute("unused"),
        folder(60, "cases_closed"),
        WHOLE,
        case(2),
        case(3),
        activity(),
    )


@pytest.mark.usefixtures("whole_case")
def test_a_case_with_all_attributes_in_json(get_cases: GetCases) -> None:
    expected = {
        "link": [{"rel": "self", "href": f"{CASE}/1"}],
        "activities": {"link": [{"rel": "activity", "href": "/core/casemgr/v3/activity?case=1"}]},
        "department": {"name": "Service", "id": "10"},
        "status": {"value": "closed", "displayValue": "Closed"},
        "lastModified": "2026-01-03T03:04:05.000Z",
        "lastModifiedBy": ADA,
        "dueDate": "2026-02-01T07:00:00.000Z",
        "owner": ADA | {"folder": {"name": {"value": "cases_closed", "displayValue": "Closed"}, "id": "60"}},
        "customer": {
            "link": [{"rel": "customer", "href": "/core/customermgr/v3/customer/30"}],
            "customerName": "Grace Hopper",
            "id": "30",
        },
        "severity": {"value": "medium", "displayValue": "Medium"},
        "subject": "Subject of 1",
        "created": "2026-01-02T03:04:05.000Z",
        "createdBy": ADA,
        "originatingChannel": {"value": "email", "displayValue": "Email"},
        "description": "What happened",
        "solution": "What helped",
        "userLastWorked": ADA,
        "relatedCases": {"link": [{"rel": "case", "href": f"{CASE}/2"}, {"rel": "case", "href": f"{CASE}/3"}]},
        "notes": {
            "note": [
                {
                    "link": [{"rel": "self", "href": f"{CASE}/1/note/70"}],
                    "created": "2026-01-04T00:00:00.000Z",
                    "createdBy": ADA,
                    "content": "First",
                    "id": "70",
                },
                {
                    "link": [{"rel": "self", "href": f"{CASE}/1/note/71"}],
                    "created": "2026-01-05T00:00:00.000Z",
                    "createdBy": ADA,
                    "content": "Called back.",
                    "id": "71",
                },
            ]
        },
        "lastClosed": "2026-01-06T00:00:00.000Z",
        "customAttributes": {
            "customAttribute": [
                {"attribName": "rating", "attribValues": {"attribValue": [{"value": "05"}]}},
                {
                    "attribName": "tier",
                    "attribValues": {"attribValue": [{"value": "gold", "displayValue": "Gold"}]},
                },
                {"attribName": "topics", "attribValues": {"attribValue": [{"value": "b"}, {"value": "a"}]}},
                {"attribName": "day", "attribValues": {"attribValue": [{"value": "2026-01-31"}]}},
            ]
        },
        "id": "1",
    }
    body = get_cases("1?$attribute=all", CLIENT).text
    assert body == json.dumps({"case": [expected]}, separators=(",", ":"))


def to_plain(parent: etree._Element) -> object:
    """Convert an element to the corresponding JSON (contract REP-4)."""
    if not len(parent) and not parent.attrib:
        return parent.text or ""
    data: dict[str, object] = dict(parent.attrib)
    for below in parent:
        name = etree.QName(below).localname
        if name in {"link", "note", "customAttribute", "attribValue", "case"}:
            listed = data.setdefault(name, [])
            assert isinstance(listed, list)
            listed.append(to_plain(below))
        else:
            data[name] = to_plain(below)
    return data


@pytest.mark.parametrize("session", [CLIENT, CUSTOMER])
@pytest.mark.usefixtures("whole_case")
def test_xml_has_the_content_and_order_of_json(get_cases: GetCases, session: str) -> None:
    in_json = cases(get_cases("1?$attribute=all", session))[0]
    [in_xml] = element(get_cases("1?$attribute=all", session, Accept=XML))
    read = to_plain(in_xml)
    assert isinstance(read, dict)
    if "unreadActivityCount" in read:
        read["unreadActivityCount"] = int(read["unreadActivityCount"])
    assert read == in_json
    assert [etree.QName(below).localname for below in in_xml] == [name for name in in_json if name != "id"]


@pytest.mark.usefixtures("whole_case")
def test_xml_has_the_namespace_of_the_contract(get_cases: GetCases) -> None:
    body = get_cases("1", CLIENT, Accept=XML).text
    assert f'<cases xmlns="{XML_NAMESPACE}"><case id="1"><link rel="self" href="{CASE}/1"/>' in body


def test_members_without_a_value_are_left_out(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1))
    assert list(cases(get_cases("1?$attribute=all"))[0]) == [
        "link", "activities", "department", "status", "lastModified", "severity", "subject",
        "created", "relatedCases", "notes", "customAttributes", "id",
    ]  # fmt: skip


def test_a_requested_list_is_present_even_if_empty(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(attribute("rating", "integer"), case(1))
    [found] = cases(get_cases("1?$attribute=relatedCases,notes,custom.rating"))
    assert found["relatedCases"] == {"link": []}
    assert found["notes"] == {"note": []}
    assert found["customAttributes"] == {"customAttribute": []}
    in_xml = get_cases("1?$attribute=relatedCases,notes,custom.rating", Accept=XML).text
    assert "<relatedCases/><notes/><customAttributes/>" in in_xml


@pytest.mark.parametrize(
    ("fields", "members"),
    [({"owner": 20}, ["user"]), ({"folder": 60}, ["folder"]), ({"owner": 20, "folder": 60}, ["user", "folder"])],
)
def test_owner_has_a_user_or_a_folder_or_both(
    store_records: StoreRecords, get_cases: GetCases, fields: dict[str, int], members: list[str]
) -> None:
    store_records(folder(), case(1, **fields))
    assert list(cases(get_cases("1"))[0]["owner"]) == members
    assert get_cases("1", Accept=XML).status_code == 200


def test_empty_texts_are_kept(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1, subject="", description="", solution=""))
    [found] = cases(get_cases("1?$attribute=all"))
    assert (found["subject"], found["description"], found["solution"]) == ("", "", "")
    assert child(element(get_cases("1", Accept=XML)), "case", "subject").text is None


@pytest.mark.parametrize(
    ("imported", "expected"),
    [
        ("2016-04-01T01:52:54Z", "2016-04-01T01:52:54.000Z"),
        ("2016-04-01T01:52:54.9999Z", "2016-04-01T01:52:54.999Z"),
        ("2016-04-01T01:52:54.0019+05:30", "2016-03-31T20:22:54.001Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_instants_are_in_utc_with_milliseconds(
    store_records: StoreRecords, get_cases: GetCases, imported: str, expected: str
) -> None:
    store_records(attribute("at", "datetime"), case(1, created=imported, custom={"at": [imported]}))
    [found] = cases(get_cases("1?$attribute=all"))
    assert found["created"] == expected
    [custom] = found["customAttributes"]["customAttribute"]
    assert custom["attribValues"]["attribValue"] == [{"value": expected}]


MEMBERS = {ValueKind.STATUS: "status", ValueKind.SEVERITY: "severity", ValueKind.CHANNEL: "originatingChannel"}


@pytest.mark.parametrize("language_tag", ["en-US", "ru-RU"])
@pytest.mark.parametrize(("kind", "member"), MEMBERS.items())
def test_every_built_in_value_has_a_display_value(
    store_records: StoreRecords, get_cases: GetCases, kind: ValueKind, member: str, language_tag: str
) -> None:
    values = list(BUILT_IN_VALUES[kind])
    store_records(*(case(number, **{member: value}) for number, value in enumerate(values, start=1)))
    path = ",".join(str(number + 1) for number in range(len(values)))
    named = [found[member] for found in cases(get_cases(f"{path}?$attribute=all", Accept_Language=language_tag))]
    assert [each["value"] for each in named] == values
    assert not [each for each in named if each["displayValue"] == each["value"]]


@pytest.mark.parametrize("name", BUILT_IN_VALUES[ValueKind.FOLDER])
def test_every_built_in_folder_has_a_display_value(store_records: StoreRecords, get_cases: GetCases, name: str) -> None:
    store_records(folder(60, name), case(1, folder=60))
    named = cases(get_cases("1", Accept_Language="nl"))[0]["owner"]["folder"]["name"]
    assert named["value"] == name
    assert named["displayValue"] != name


def test_a_folder_that_is_not_built_in_displays_as_itself(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(folder(60, "Refunds"), case(1, folder=60))
    named = cases(get_cases("1", Accept_Language="ja"))[0]["owner"]["folder"]["name"]
    assert named == {"value": "Refunds", "displayValue": "Refunds"}


def in_xml_1_0(character: str) -> bool:
    return (
        character in "\t\n\r"
        or " " <= character <= "\ud7ff"
        or "\ue000" <= character <= "\ufffd"
        or character > "\uffff"
    )


# PostgreSQL cannot store U+0000.
@given(text=st.text(st.characters(exclude_categories=[], exclude_characters="\0")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@pytest.mark.usefixtures("session_actors")
def test_any_text_survives_as_far_as_the_media_type_allows(engine: Engine, get_cases: GetCases, text: str) -> None:
    store(engine, customer(), case(1, subject=text), replace=True)
    in_json = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert cases(get_cases("1"))[0]["subject"] == in_json
    in_xml = child(element(get_cases("1", Accept=XML)), "case", "subject").text or ""
    assert in_xml == "".join(character if in_xml_1_0(character) else "\ufffd" for character in in_json)


@pytest.mark.parametrize(
    "text", ["  leading\n\ttab\r\nand \r", "]]>", "<!-- & \"'", "\v\ufffe\uffff", "\ud83d\ude00\ud800"]
)
def test_texts_with_markup_and_control_characters_survive(
    store_records: StoreRecords, get_cases: GetCases, text: str
) -> None:
    store_records(case(1, notes=[note(content=text)]))
    assert get_cases("1?$attribute=notes", Accept=XML).status_code == 200
    [found] = cases(get_cases("1?$attribute=notes"))
    assert found["notes"]["note"][0]["content"] == text.replace("\ud83d\ude00", "😀").replace("\ud800", "\ufffd")


@pytest.mark.sqlite
def test_null_survives_in_json_and_is_replaced_in_xml(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1, subject="a\0b"))
    assert cases(get_cases("1"))[0]["subject"] == "a\0b"
    assert child(element(get_cases("1", Accept=XML)), "case", "subject").text == "a\ufffdb"


def test_notes_created_at_the_same_instant_are_ordered_by_id(store_records: StoreRecords, get_cases: GetCases) -> None:
    store_records(case(1, notes=[note(9), note(7), note(8)]))
    listed = [int(found["id"]) for found in cases(get_cases("1?$attribute=notes"))[0]["notes"]["note"]]
    assert all(one < other for one, other in pairwise(listed))


def test_notes_are_ordered_by_microseconds(store_records: StoreRecords, get_cases: GetCases) -> None:
    instants = ["00.5", "00.4999999", "00", "00.5000001", "00.500001", "00.49", "01"]
    notes = [note(number, created=f"2026-01-02T03:04:{instant}Z") for number, instant in enumerate(instants, 1)]
    store_records(case(1, notes=notes))
    listed = [int(found["id"]) for found in cases(get_cases("1?$attribute=notes"))[0]["notes"]["note"]]
    # Both databases keep microseconds.
    assert listed == [3, 6, 2, 1, 4, 5, 7]


def test_related_cases_have_one_direction_and_need_no_permission(
    store_records: StoreRecords, get_cases: GetCases
) -> None:
    store_records(case(1, relatedCases=[2]), case(2, department=11))
    assert cases(get_cases("1?$attribute=relatedCases"))[0]["relatedCases"]["link"][0]["href"] == f"{CASE}/2"
    assert cases(get_cases("2?$attribute=relatedCases", CLIENT))[0]["relatedCases"] == {"link": []}

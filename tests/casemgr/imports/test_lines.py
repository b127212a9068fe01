import io
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from casemgr.database import models
from casemgr.imports.importer import DatasetError, import_dataset
from casemgr.imports.lines import MAX_LINE
from casemgr.imports.record_types import RECORD_TYPES
from tests.casemgr.imports.lines import (
    BYTE_ORDER_MARK,
    LONE_SURROGATE,
    NO_ID,
    NO_INSTANT,
    REPLACEMENT,
    TYPES,
    WHOLE_CASE,
    Line,
    column,
    contents,
    import_bytes,
    problems,
    row,
    rows,
    without,
)
from tests.factories import (
    HOME,
    NEVER,
    OTHER,
    SESSION,
    Record,
    activity,
    actors,
    as_lines,
    attribute,
    case,
    client_application,
    customer,
    department,
    enumeration,
    folder,
    grant,
    note,
    role,
    session,
    sharing,
    store,
    user,
)

pytestmark = pytest.mark.sqlite

# DAT-1: lines


@pytest.mark.parametrize(
    ("data", "folders"),
    [
        pytest.param(b"", [], id="empty file"),
        pytest.param(b"\n \r\n\t\n", [], id="only blank lines"),
        pytest.param(as_lines([folder(1), folder(2)]), [1, 2], id="two lines"),
        pytest.param(
            b"\n" + as_lines([folder(1)]) + b"  \n\n" + as_lines([folder(2)]), [1, 2], id="blank lines between"
        ),
        pytest.param(as_lines([folder(1), folder(2)]).rstrip(), [1, 2], id="no line feed at the end"),
        pytest.param(as_lines([folder(1), folder(2)]).replace(b"\n", b"\r\n"), [1, 2], id="CRLF"),
        pytest.param(BYTE_ORDER_MARK + as_lines([folder(1)]), [1], id="byte order mark"),
        pytest.param(BYTE_ORDER_MARK + b"\r\n" + as_lines([folder(1)]), [1], id="byte order mark on a blank line"),
        pytest.param(b"\t" + as_lines([folder(1)]).rstrip() + b" \n", [1], id="blanks around a record"),
    ],
)
def test_every_line_that_is_not_blank_is_a_record(engine: Engine, data: bytes, folders: list[int]) -> None:
    assert import_bytes(engine, data) == len(folders)
    assert column(engine, models.Folder, "id") == folders


@pytest.mark.parametrize(
    ("before", "number"),
    [
        pytest.param(b"", 1, id="first"),
        pytest.param(b"\n\r\n  \n", 4, id="after blank lines"),
        pytest.param(BYTE_ORDER_MARK + b"\n", 2, id="after a byte order mark"),
        pytest.param(as_lines([folder(1), folder(2)]).replace(b"\n", b"\r\n"), 3, id="after CRLF"),
        pytest.param(as_lines([folder(number) for number in range(1, 2501)]), 2501, id="after thousands"),
    ],
)
def test_lines_are_counted_from_1_with_the_blank_ones(engine: Engine, before: bytes, number: int) -> None:
    with pytest.raises(DatasetError) as caught:
        import_bytes(engine, before + b"{}")
    assert caught.value.problems == {number: "type: is missing"}


def test_the_progress_is_reported_in_bytes(engine: Engine) -> None:
    data, reported = as_lines([folder(1), folder(2), folder(3)]), list[int]()
    import_dataset(engine, io.BytesIO(data), progress=reported.append)
    assert sum(reported) == len(data)


@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_every_type_of_record_is_stored(engine: Engine, record_type: str) -> None:
    others = [folder(), customer(31), attribute("topics", multiple=True), sharing(OTHER, HOME), grant(30, 31)]
    store(engine, *actors(), *others, WHOLE_CASE, activity())
    assert rows(engine, RECORD_TYPES[record_type].model)


def test_every_field_of_a_case_is_stored(stocked: Engine) -> None:
    store(stocked, WHOLE_CASE)
    assert row(stocked, models.Case, 1) == {
        "id": 1,
        "department_id": HOME,
        "status": "open",
        "severity": "low",
        "subject": "Subject of 1",
        "created": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "created_by_id": 20,
        "last_modified": datetime(2026, 1, 3, 3, 4, 5, tzinfo=UTC),
        "last_modified_by_id": 20,
        "owner_id": 20,
        "user_last_worked_id": 20,
        "folder_id": 60,
        "customer_id": 30,
        "due_date": datetime(2099, 1, 1, tzinfo=UTC),
        "last_closed": datetime(2099, 1, 1, tzinfo=UTC),
        "originating_channel": "web",
        "description": "Long",
        "solution": "Short",
    }


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("status", ["open", "closed"]),
        ("severity", ["urgent", "high", "medium", "low"]),
        ("originatingChannel", ["email", "chat", "phone", "social", "web", "sms"]),
    ],
)
def test_a_case_takes_the_built_in_values(stocked: Engine, field: str, values: list[str]) -> None:
    store(stocked, *(case(number, **{field: value}) for number, value in enumerate(values, 1)))
    assert len(rows(stocked, models.Case)) == len(values)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("activityType", ["email", "chat", "calltrack", "social", "task", "generic", "web"]),
        ("mode", ["inbound", "outbound"]),
    ],
)
def test_an_activity_takes_the_listed_choices(stocked: Engine, field: str, values: list[str]) -> None:
    store(stocked, case(), *(activity(number, **{field: value}) for number, value in enumerate(values, 1)))
    assert len(rows(stocked, models.Activity)) == len(values)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        pytest.param("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), id="Z"),
        pytest.param("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC), id="offset"),
        pytest.param("2026-01-01T22:30:00-05:30", datetime(2026, 1, 2, 4, tzinfo=UTC), id="offset into another day"),
        pytest.param("2026-01-02T03:04:05.125Z", datetime(2026, 1, 2, 3, 4, 5, 125000, UTC), id="fraction"),
    ],
)
def test_an_instant_is_stored_in_utc(stocked: Engine, text: str, instant: datetime) -> None:
    store(stocked, case(created=text))
    assert row(stocked, models.Case, 1)["created"] == instant


@pytest.mark.parametrize("record_id", [1, 2**63 - 1])
def test_ids_reach_from_1_to_the_largest_of_64_bits(engine: Engine, record_id: int) -> None:
    store(engine, folder(record_id))
    assert column(engine, models.Folder, "id") == [record_id]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(case(subject=""), id="subject"),
        pytest.param(case(description=""), id="description"),
        pytest.param(case(solution=""), id="solution"),
        pytest.param(case(notes=[note(content="")]), id="content of a note"),
        pytest.param(case(custom={"topics": [""]}), id="custom value"),
        pytest.param(role(2, resource="", action=""), id="action and resource"),
    ],
)
def test_a_text_may_be_empty(stocked: Engine, record: Record) -> None:
    assert import_bytes(stocked, as_lines([record])) == 1


def test_an_empty_text_is_not_an_absent_one(stocked: Engine) -> None:
    store(stocked, case(description=""))
    assert row(stocked, models.Case, 1)["description"] == ""


@pytest.mark.parametrize(
    ("record", "model", "names"),
    [
        pytest.param(
            user(21, foreignDepartments=None, roles=None, password=None, disabled=None),
            models.User,
            ["foreignDepartments", "roles", "password", "disabled"],
            id="user",
        ),
        pytest.param(
            customer(31, loginId=None, password=None, disabled=None),
            models.Customer,
            ["loginId", "password", "disabled"],
            id="customer",
        ),
        pytest.param(
            client_application(41, clientId=None, clientSecret=None, disabled=None),
            models.ClientApplication,
            ["clientId", "clientSecret", "disabled"],
            id="client application",
        ),
        pytest.param(
            attribute("x", multiple=None, values=None), models.CustomAttribute, ["multiple", "values"], id="attribute"
        ),
        pytest.param(
            WHOLE_CASE | dict.fromkeys(WHOLE_CASE.keys() - case().keys()),
            models.Case,
            sorted(WHOLE_CASE.keys() - case().keys()),
            id="case",
        ),
        pytest.param(activity(case=9, sent=None, read=None), models.Activity, ["sent", "read"], id="activity"),
        pytest.param(
            session(SESSION, user=20) | {"customer": None, "clientApplication": None},
            models.Session,
            ["customer", "clientApplication"],
            id="session",
        ),
    ],
)
def test_null_in_an_optional_field_is_the_same_as_leaving_it_out(
    stocked: Engine, record: Record, model: type[models.Base], names: list[str]
) -> None:
    store(stocked, case(9), record)
    with_null = contents(stocked)
    store(stocked, {key: value for key, value in record.items() if key not in names}, replace=True)
    assert contents(stocked) == with_null
    assert rows(stocked, model)


# DAT-2: problems of a line


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(b'{"type": "\xff"}', "line: is not UTF-8 (byte 11)", id="not UTF-8"),
        pytest.param('{"type": "folder"}'.encode("utf-16"), "line: is not UTF-8 (byte 1)", id="UTF-16"),
        pytest.param(b'{"type": "\xed\xa0\x80"}', "line: is not UTF-8 (byte 11)", id="surrogate in UTF-8"),
        pytest.param(b'{"type": "fol', "line: is not JSON (Invalid control character at, column 14)", id="cut off"),
        pytest.param(b'{"type": }', "line: is not JSON (Expecting value, column 10)", id="no value"),
        pytest.param(b"{} {}", "line: is not JSON (Extra data, column 4)", id="two objects"),
        pytest.param(b"nonsense", "line: is not JSON (Expecting value, column 1)", id="a word"),
        pytest.param(
            b'{"id": NaN}',
            "line: is not JSON (NaN, Infinity or too many digits)",
            id="NaN",
        ),
        pytest.param(
            b'{"id": -Infinity}',
            "line: is not JSON (NaN, Infinity or too many digits)",
            id="infinity",
        ),
        pytest.param(
            b'{"id": ' + b"1" * 5000 + b"}",
            "line: is not JSON (NaN, Infinity or too many digits)",
            id="a long number",
        ),
        pytest.param(b"[" * 100_000, "line: is not JSON (nested too deeply)", id="deeply nested"),
        pytest.param(b"[]", "line: is not a JSON object", id="list"),
        pytest.param(b'"case"', "line: is not a JSON object", id="text"),
        pytest.param(b"null", "line: is not a JSON object", id="null"),
        pytest.param(b"{}", "type: is missing", id="empty object"),
        pytest.param(b'{"type": null}', "type: is missing", id="type is null"),
        pytest.param({"type": "cases"}, f'type: must be one of {TYPES}, not "cases"', id="unknown type"),
        pytest.param({"type": "Case"}, f'type: must be one of {TYPES}, not "Case"', id="type in capitals"),
        pytest.param({"type": 5}, f"type: must be one of {TYPES}, not 5", id="type is a number"),
        pytest.param({"type": ["case"]}, f'type: must be one of {TYPES}, not ["case"]', id="type is a list"),
    ],
)
def test_a_line_that_is_no_record_is_reported(stocked: Engine, line: Line, problem: str) -> None:
    assert problems(stocked, folder(1), line, folder(2)) == {2: problem}


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param(folder(1) | {"colour": "red"}, "colour: is not a field of this record", id="top"),
        pytest.param(folder(1) | {"colour": None}, "colour: is not a field of this record", id="null"),
        pytest.param(folder(1) | {"Name": "x"}, "Name: is not a field of this record", id="capitals"),
        pytest.param(user(21, login_id="x"), "login_id: is not a field of this record", id="snake case"),
        pytest.param(folder(1) | {"a\nb": 1}, "a\\nb: is not a field of this record", id="with a line break"),
        pytest.param(folder(1) | {"_schema": 1}, "_schema: is not a field of this record", id="a name of marshmallow"),
        pytest.param(customer(31, loginID="x"), "loginID: is not a field of this record", id="nearly a field"),
        pytest.param(case(sent=NEVER), "sent: is not a field of this record", id="field of another type"),
        pytest.param(case(notes=[note(colour=1)]), "notes.0.colour: is not a field of this record", id="of a note"),
        pytest.param(
            enumeration("x", "a") | {"values": [{"value": "a", "label": "A", "colour": 1}]},
            "values.0.colour: is not a field of this record",
            id="of a value",
        ),
    ],
)
def test_an_unknown_field_is_reported(stocked: Engine, record: Record, problem: str) -> None:
    assert problems(stocked, record) == {1: problem}


REQUIRED = {
    "department": (department(12), ["id", "name"]),
    "departmentSharing": (sharing(HOME, OTHER), ["from", "to", "activities"]),
    "role": (role(2), ["id", "name", "actions"]),
    "user": (user(21), ["id", "loginId", "firstName", "lastName", "department"]),
    "folder": (folder(61), ["id", "name"]),
    "customer": (customer(31), ["id", "name"]),
    "customerGrant": (grant(30, 30), ["customer", "on"]),
    "clientApplication": (client_application(41), ["id", "name", "clientType"]),
    "customAttribute": (attribute("x"), ["name", "dataType"]),
    "case": (case(), ["id", "department", "status", "severity", "subject", "created", "lastModified"]),
    "activity": (activity(case=8), ["id", "case", "customer", "activityType", "mode", "created"]),
    "session": (session(SESSION, user=20), ["sessionId", "expires"]),
}


@pytest.mark.parametrize(
    ("record", "name"),
    [
        pytest.param(record, name, id=f"{record_type} {name}")
        for record_type, (record, names) in REQUIRED.items()
        for name in names
    ],
)
def test_a_missing_field_is_reported(stocked: Engine, record: Record, name: str) -> None:
    assert problems(stocked, without(record, name)) == {1: f"{name}: is missing"}


@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_optional_fields_may_be_missing(stocked: Engine, record_type: str) -> None:
    record, names = REQUIRED[record_type]
    owner = ["user"] if record_type == "session" else []
    store(stocked, case(8))
    assert import_bytes(stocked, as_lines([{name: record[name] for name in ["type", *names, *owner]}])) == 1


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param(folder(1) | {"name": None}, "name: is missing", id="null"),
        pytest.param(case(notes=[without(note(), "content")]), "notes.0.content: is missing", id="in a note"),
        pytest.param(case(notes=[note(created=None)]), "notes.0.created: is missing", id="null in a note"),
        pytest.param(role(2) | {"actions": [{"resource": "x"}]}, "actions.0.action: is missing", id="in an action"),
        pytest.param(
            enumeration("x", "a") | {"values": [{"value": "a"}]}, "values.0.label: is missing", id="in a value"
        ),
        pytest.param(user(21, roles=[1, None]), "roles.1: is missing", id="null in a list"),
    ],
)
def test_null_in_a_required_field_counts_as_missing(stocked: Engine, record: Record, problem: str) -> None:
    assert problems(stocked, record) == {1: problem}


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param(folder(1) | {"id": "1"}, f"id: {NO_ID}", id="ID as text"),
        pytest.param(folder(1) | {"id": 1.0}, f"id: {NO_ID}", id="ID with a fraction"),
        pytest.param(folder(1) | {"id": True}, f"id: {NO_ID}", id="ID as boolean"),
        pytest.param(folder(0), f"id: {NO_ID}", id="ID 0"),
        pytest.param(folder(-1), f"id: {NO_ID}", id="negative ID"),
        pytest.param(folder(2**63), f"id: {NO_ID}", id="ID that is too large"),
        pytest.param(case(owner="20"), f"owner: {NO_ID}", id="reference as text"),
        pytest.param(case(owner={"id": 20}), f"owner: {NO_ID}", id="reference as object"),
        pytest.param(case(relatedCases=["1"]), f"relatedCases.0: {NO_ID}", id="related case as text"),
        pytest.param(case(notes=[note(0)]), f"notes.0.id: {NO_ID}", id="ID of a note"),
        pytest.param(case(subject=5), "subject: must be a string", id="number for a text"),
        pytest.param(case(subject=["x"]), "subject: must be a string", id="list for a text"),
        pytest.param(case(status=1), "status: must be a string", id="number for a choice"),
        pytest.param(case(created=0), "created: must be a string", id="number for a date"),
        pytest.param(user(21, password=7), "password: must be a string", id="number for a password"),
        pytest.param(
            session(SESSION, user=20) | {"sessionId": 7}, "sessionId: must be a string", id="number for a session"
        ),
        pytest.param(user(21, disabled="true"), "disabled: must be true or false", id="text for a boolean"),
        pytest.param(user(21, disabled=1), "disabled: must be true or false", id="number for a boolean"),
        pytest.param(activity(case=8, read="no"), "read: must be true or false", id="text for read"),
        pytest.param(user(21, roles=1), "roles: must be a list", id="number for a list"),
        pytest.param(case(notes={}), "notes: must be a list", id="object for a list"),
        pytest.param(case(relatedCases="1"), "relatedCases: must be a list", id="text for a list"),
        pytest.param(case(notes=["x"]), "notes.0: must be an object", id="text for a note"),
        pytest.param(role(2) | {"actions": [[]]}, "actions.0: must be an object", id="list for an action"),
        pytest.param(case(custom=[]), "custom: must be an object", id="list for custom values"),
        pytest.param(case(custom={"topics": "a"}), "custom.topics: must be a list", id="text for custom values"),
        pytest.param(case(custom={"topics": ["1", 5]}), "custom.topics.1: must be a string", id="number for a value"),
    ],
)
def test_a_wrong_type_is_reported(stocked: Engine, record: Record, problem: str) -> None:
    assert problems(stocked, case(8), record) == {2: problem}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("yesterday", id="words"),
        pytest.param("2026-01-02", id="without a time"),
        pytest.param("2026-01-02T03:04:05", id="without an offset"),
        pytest.param("2026-01-02 03:04:05Z", id="blank in place of the T"),
        pytest.param("2026-01-02T03:04:05 Z", id="blank before the offset"),
        pytest.param("2026-01-02T03:04:05.Z", id="point without a fraction"),
        pytest.param("2026-01-02T03:04:05+02:00:30", id="offset with seconds"),
        pytest.param("2026-02-30T00:00:00Z", id="no such day"),
        pytest.param("2026-01-02T24:01:00Z", id="no such hour"),
        pytest.param("2026-01-02T03:04:05+25:00", id="no such offset"),
        pytest.param("0001-01-01T00:00:00+01:00", id="before the year 1 in UTC"),
        pytest.param("9999-12-31T23:59:59-01:00", id="after the year 9999 in UTC"),
        pytest.param("1767323045", id="seconds"),
    ],
)
def test_an_invalid_date_is_reported(stocked: Engine, text: str) -> None:
    assert problems(stocked, case(created=text)) == {1: f"created: {text!r} {NO_INSTANT}"}


@pytest.mark.parametrize(
    ("record", "field"),
    [
        pytest.param(case(lastModified="x"), "lastModified", id="last modification"),
        pytest.param(case(dueDate="x"), "dueDate", id="due date"),
        pytest.param(case(lastClosed="x"), "lastClosed", id="last closed"),
        pytest.param(case(notes=[note(created="x")]), "notes.0.created", id="note"),
        pytest.param(activity(case=8, created="x"), "created", id="activity"),
        pytest.param(activity(case=8, sent="x"), "sent", id="sent"),
        pytest.param(session(SESSION, user=20, expires="x"), "expires", id="expiry"),
    ],
)
def test_every_date_is_checked(stocked: Engine, record: Record, field: str) -> None:
    assert problems(stocked, case(8), record) == {2: f"{field}: 'x' {NO_INSTANT}"}


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param(case(status="new"), "status: must be one of open, closed, not new", id="status"),
        pytest.param(
            case(severity="Low"), "severity: must be one of urgent, high, medium, low, not Low", id="severity"
        ),
        pytest.param(
            case(originatingChannel="fax"),
            "originatingChannel: must be one of email, chat, phone, social, web, sms, not fax",
            id="channel",
        ),
        pytest.param(
            activity(case=8, activityType="letter"),
            "activityType: must be one of email, chat, calltrack, social, task, generic, web, not letter",
            id="type of an activity",
        ),
        pytest.param(activity(case=8, mode="in"), "mode: must be one of inbound, outbound, not in", id="mode"),
        pytest.param(
            attribute("x", "text"),
            "dataType: must be one of string, integer, decimal, date, datetime, boolean, enumeration, not text",
            id="data type",
        ),
    ],
)
def test_a_choice_that_is_not_listed_is_reported(stocked: Engine, record: Record, problem: str) -> None:
    assert problems(stocked, case(8), record) == {2: problem}


@pytest.mark.parametrize(
    ("record", "field"),
    [
        pytest.param(department(12, ""), "name", id="department"),
        pytest.param(role(2) | {"name": ""}, "name", id="role"),
        pytest.param(user(21, loginId=""), "loginId", id="login ID of a user"),
        pytest.param(user(21, firstName=""), "firstName", id="first name"),
        pytest.param(user(21, lastName=""), "lastName", id="last name"),
        pytest.param(folder(61, ""), "name", id="folder"),
        pytest.param(customer(31, ""), "name", id="customer"),
        pytest.param(customer(31, loginId=""), "loginId", id="login ID of a customer"),
        pytest.param(client_application(41, name=""), "name", id="client application"),
        pytest.param(attribute(""), "name", id="custom attribute"),
    ],
)
def test_a_name_may_not_be_empty(stocked: Engine, record: Record, field: str) -> None:
    assert problems(stocked, record) == {1: f"{field}: may not be empty"}


@pytest.mark.parametrize(
    ("record", "field"),
    [
        pytest.param(user(21, password=""), "password", id="user"),
        pytest.param(customer(31, password=""), "password", id="customer"),
        pytest.param(client_application(41, clientSecret=""), "clientSecret", id="client application"),
    ],
)
@pytest.mark.parametrize("replace", [False, True])
def test_a_password_may_not_be_empty(stocked: Engine, record: Record, field: str, replace: bool) -> None:
    assert problems(stocked, record, replace=replace) == {1: f"{field}: may not be empty"}


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param(
            enumeration("x"),
            "values: are required for an enumeration and not allowed otherwise",
            id="no values",
        ),
        pytest.param(
            attribute("x", values=[{"value": "a", "label": "A"}]),
            "values: are required for an enumeration and not allowed otherwise",
            id="values of a string",
        ),
        pytest.param(enumeration("x", "a", "b", "a"), "values: must be distinct", id="same values"),
        pytest.param(
            attribute("x,y"), "name: may not contain a comma, which separates names in requests", id="comma in the name"
        ),
        pytest.param(case(notes=[note(70), note(70)]), "notes: must have distinct IDs", id="same notes"),
        pytest.param(
            session(SESSION), "user: exactly one of user, customer and clientApplication must be given", id="no owner"
        ),
        pytest.param(
            session(SESSION, user=20, customer=30),
            "user: exactly one of user, customer and clientApplication must be given",
            id="two owners",
        ),
    ],
)
def test_an_inconsistent_record_is_reported(stocked: Engine, record: Record, problem: str) -> None:
    assert problems(stocked, record) == {1: problem}


@pytest.mark.parametrize("session_id", ["two words", "a,b", "line\nbreak", "é", "\x7f"])
def test_a_session_id_that_no_header_can_carry_is_not_quoted(stocked: Engine, session_id: str) -> None:
    problem = "sessionId: must consist of visible ASCII characters other than the comma"
    assert problems(stocked, session(session_id, user=20)) == {1: problem}


@pytest.mark.parametrize("session_id", ["", "s", "x" * 21])
def test_a_short_session_id_is_reported(stocked: Engine, session_id: str) -> None:
    problem = "sessionId: must have at least 22 characters"
    assert problems(stocked, session(session_id, user=20)) == {1: problem}


def test_a_session_id_may_have_22_characters(stocked: Engine) -> None:
    assert import_bytes(stocked, as_lines([session("x" * 22, user=20)])) == 1


@pytest.mark.parametrize(
    ("definition", "values", "problem"),
    [
        pytest.param(attribute("x", "integer"), ["five"], "custom.x.0: 'five' is not an integer", id="integer"),
        pytest.param(attribute("x", "decimal"), ["1,5"], "custom.x.0: '1,5' is not a decimal number", id="decimal"),
        pytest.param(attribute("x", "boolean"), ["yes"], "custom.x.0: 'yes' is neither true nor false", id="boolean"),
        pytest.param(attribute("x", "date"), ["x"], "custom.x.0: 'x' is not an ISO 8601 date", id="date"),
        pytest.param(attribute("x", "datetime"), ["x"], f"custom.x.0: 'x' {NO_INSTANT}", id="date and time"),
        pytest.param(
            enumeration("x", "a"), ["b"], "custom.x.0: 'b' is none of the values of 'x'", id="value that is not listed"
        ),
        pytest.param(
            attribute("x", "integer", multiple=True), ["1", "b"], "custom.x.1: 'b' is not an integer", id="second value"
        ),
        pytest.param(attribute("x"), ["a", "b"], "custom.x: takes one value, not 2", id="several values"),
    ],
)
def test_a_custom_value_that_does_not_fit_is_reported(
    stocked: Engine, definition: Record, values: list[str], problem: str
) -> None:
    assert problems(stocked, definition, case(custom={"x": values})) == {2: problem}


def test_custom_values_are_stored_in_order_and_in_canonical_form(stocked: Engine) -> None:
    values = ["2026-01-02T03:04:05+02:00", "2025-01-01T00:00:00Z"]
    store(stocked, attribute("seen", "datetime", multiple=True), case(custom={"seen": values, "topics": ["b", "a"]}))
    stored = column(stocked, models.CustomValue, "value")
    assert stored == ["b", "a", "2026-01-02T01:04:05.000Z", "2025-01-01T00:00:00.000Z"]


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param(department(12), "id: already exists", id="department"),
        pytest.param(sharing(OTHER, HOME, activities=False), "from, to: already exists", id="departmentSharing"),
        pytest.param(role(2), "id: already exists", id="role"),
        pytest.param(user(21), "id: already exists", id="user"),
        pytest.param(folder(61), "id: already exists", id="folder"),
        pytest.param(customer(31), "id: already exists", id="customer"),
        pytest.param(grant(30, 30), "customer, on: already exists", id="customerGrant"),
        pytest.param(client_application(41), "id: already exists", id="clientApplication"),
        pytest.param(attribute("x"), "name: already exists", id="customAttribute"),
        pytest.param(case(1), "id: already exists", id="case"),
        pytest.param(activity(50, case=8), "id: already exists", id="activity"),
        pytest.param(session(SESSION, user=20), "sessionId: already exists", id="session"),
    ],
)
@pytest.mark.parametrize("earlier", ["in the file", "in the database"])
def test_a_repeated_id_is_reported(stocked: Engine, record: Record, problem: str, earlier: str) -> None:
    store(stocked, case(8))
    if earlier == "in the file":
        assert problems(stocked, record, record) == {2: problem}
    else:
        store(stocked, record)
        assert problems(stocked, record) == {1: problem}


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        pytest.param([user(21, loginId="a"), user(22, loginId="a")], "loginId: 'a' is taken", id="user"),
        pytest.param([customer(31, loginId="a"), customer(32, loginId="a")], "loginId: 'a' is taken", id="customer"),
        pytest.param(
            [client_application(41, clientId="a"), client_application(42, clientId="a")],
            "clientId: 'a' is taken",
            id="client application",
        ),
    ],
)
@pytest.mark.parametrize("earlier", ["in the file", "in the database"])
def test_login_ids_and_client_ids_are_unique(
    stocked: Engine, records: list[Record], problem: str, earlier: str
) -> None:
    if earlier == "in the file":
        assert problems(stocked, *records) == {2: problem}
    else:
        store(stocked, records[0])
        assert problems(stocked, records[1]) == {1: problem}


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([customer(31), customer(32)], id="no login ID"),
        pytest.param([client_application(41), client_application(42)], id="no client ID"),
        pytest.param([sharing(HOME, OTHER), sharing(OTHER, HOME)], id="sharing in both directions"),
        pytest.param([customer(31), grant(30, 31), grant(31, 30)], id="grants in both directions"),
        pytest.param([user(21, loginId="a"), user(22, loginId="A")], id="capitals"),
        pytest.param([folder(30), department(30), case(30)], id="same ID of another type"),
        pytest.param([case(1, notes=[note()]), case(2, notes=[note()])], id="same note of another case"),
    ],
)
def test_records_that_differ_in_their_keys_may_coexist(stocked: Engine, records: list[Record]) -> None:
    assert import_bytes(stocked, as_lines(records)) == len(records)


def test_several_problems_of_a_line_are_reported_together(stocked: Engine) -> None:
    record = folder(0, "") | {"colour": 1}
    expected = f"id: {NO_ID}; name: may not be empty; colour: is not a field of this record"
    assert problems(stocked, record) == {1: expected}


def test_several_problems_with_other_records_are_reported_together(stocked: Engine) -> None:
    store(stocked, case(1))
    record = case(1, owner=98, folder=99, custom={"x": ["1"]})
    expected = [
        "id: already exists",
        "owner: there is no user 98",
        "folder: there is no folder 99",
        "custom.x: there is no such custom attribute",
    ]
    assert problems(stocked, record) == {1: "; ".join(expected)}


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(folder(1) | {"a\nb\u2028c": 1}, id="field"),
        pytest.param({"type": "a\nb"}, id="type"),
        pytest.param(case(status="a\nb"), id="choice"),
        pytest.param(case(created="a\nb"), id="date"),
        pytest.param(case(custom={"topics": "x", "a\nb": "x"}), id="custom attribute of a wrong type"),
        pytest.param(case(custom={"a\nb": ["x"]}), id="custom attribute"),
        pytest.param(case(custom={"number": ["a\nb"]}), id="custom value"),
        pytest.param(user(21, loginId="a\nb"), id="login ID"),
    ],
)
def test_a_problem_is_one_line(stocked: Engine, record: Record) -> None:
    store(stocked, attribute("number", "integer"), user(22, loginId="a\nb"))
    [problem] = problems(stocked, record).values()
    assert problem.isprintable()


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(folder(1) | {"x" * 100_000: 1}, id="field"),
        pytest.param({"type": "x" * 100_000}, id="type"),
        pytest.param(case(status="x" * 100_000), id="choice"),
        pytest.param(case(created="x" * 100_000), id="date"),
        pytest.param(case(custom={"number": ["x" * 100_000]}), id="custom value"),
        pytest.param(case(custom={"x" * 100_000: ["1"]}), id="custom attribute"),
        pytest.param(user(21, loginId="x" * 100_000), id="login ID"),
    ],
)
def test_a_problem_does_not_repeat_a_long_text(stocked: Engine, record: Record) -> None:
    store(stocked, attribute("number", "integer"), user(22, loginId="x" * 100_000))
    [problem] = problems(stocked, record).values()
    assert len(problem) < 1000


def test_a_line_that_is_too_long_is_one_bad_line(engine: Engine) -> None:
    too_long = b'"' + b"x" * MAX_LINE + b'"'
    assert problems(engine, too_long, b"{}") == {
        1: f"line: is longer than {MAX_LINE} bytes",
        2: "type: is missing",
    }


# Text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(LONE_SURROGATE, REPLACEMENT, id="high"),
        pytest.param("\udfff", REPLACEMENT, id="low"),
        pytest.param("a\udc00\ud800b", f"a{REPLACEMENT}{REPLACEMENT}b", id="in the wrong order"),
        pytest.param("\N{GRINNING FACE}", "\N{GRINNING FACE}", id="pair"),
        pytest.param("\v\ufffe\t\r\n ", "\v\ufffe\t\r\n ", id="all else stays"),
    ],
)
def test_only_lone_surrogates_are_replaced(stocked: Engine, text: str, expected: str) -> None:
    store(stocked, case(subject=text))
    assert row(stocked, models.Case, 1)["subject"] == expected


@pytest.mark.parametrize(
    ("record", "model", "name"),
    [
        pytest.param(folder(61, LONE_SURROGATE), models.Folder, "name", id="name"),
        pytest.param(user(21, loginId=LONE_SURROGATE), models.User, "login_id", id="login ID"),
        pytest.param(case(notes=[note(content=LONE_SURROGATE)]), models.Note, "content", id="note"),
        pytest.param(case(custom={"topics": [LONE_SURROGATE]}), models.CustomValue, "value", id="custom value"),
        pytest.param(enumeration("x", LONE_SURROGATE), models.EnumerationValue, "label", id="label"),
        pytest.param(role(2, action=LONE_SURROGATE), models.RoleAction, "action", id="action"),
    ],
)
def test_lone_surrogates_are_replaced_in_every_text(
    stocked: Engine, record: Record, model: type[models.Base], name: str
) -> None:
    store(stocked, record)
    assert REPLACEMENT in column(stocked, model, name)


def test_a_custom_attribute_is_found_by_a_name_with_a_lone_surrogate(stocked: Engine) -> None:
    store(stocked, attribute(LONE_SURROGATE), case(custom={LONE_SURROGATE: ["a"]}))
    assert column(stocked, models.CustomValue, "value") == ["a"]


def test_text_may_be_written_with_and_without_escapes(engine: Engine) -> None:
    for record_id, ascii_only in ((1, True), (2, False)):
        import_bytes(engine, json.dumps(folder(record_id, "Légal 伟"), ensure_ascii=ascii_only).encode())
    assert column(engine, models.Folder, "name") == ["Légal 伟"] * 2

"""Deletions: which lines are bad, what goes with a record, what keeps it."""

from typing import Any

import pytest
from sqlalchemy import Engine

from casemgr.database import models
from casemgr.imports.record_types import RECORD_TYPES
from tests.casemgr.imports.conftest import CountSteps
from tests.casemgr.imports.lines import (
    NO_ID,
    WHOLE_CASE,
    Line,
    column,
    contents,
    import_lines,
    problems,
    rows,
)
from tests.factories import (
    CLIENT,
    CUSTOMER,
    HOME,
    OTHER,
    SESSION,
    USER,
    Record,
    activity,
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

pytestmark = pytest.mark.slow

KEYS = {
    "departmentSharing": ("from", "to"),
    "customerGrant": ("customer", "on"),
    "customAttribute": ("name",),
    "session": ("sessionId",),
}


def deletion(record: Record, **fields: Any) -> Record:
    """Make a deletion of a record."""
    key = KEYS.get(record["type"], ("id",))
    return {"type": record["type"], "deleted": True, **{name: record[name] for name in key}, **fields}


WHOLE_RECORDS = [
    department(12),
    sharing(HOME, OTHER),
    role(2),
    user(21, foreignDepartments=[OTHER, HOME], roles=[1], password="a"),
    folder(61),
    customer(31, loginId="b", password="b"),
    grant(30, 30),
    client_application(41, clientId="c", clientSecret="c"),
    enumeration("x", "a", "b", multiple=True),
    WHOLE_CASE,
    activity(51, case=8),
    session(SESSION, user=20),
]
"""A record of every type, which the records of `stocked` and case 8 do not mention."""

OF_EVERY_TYPE = [pytest.param(record, id=record["type"]) for record in WHOLE_RECORDS]


def test_every_type_of_record_is_in_the_table() -> None:
    assert [record["type"] for record in WHOLE_RECORDS] == list(RECORD_TYPES)


# The lines


@pytest.mark.parametrize("record", OF_EVERY_TYPE)
def test_a_deleted_record_leaves_no_trace(stocked: Engine, record: Record) -> None:
    store(stocked, case(8))
    before = contents(stocked)
    store(stocked, record)
    assert contents(stocked) != before
    store(stocked, deletion(record))
    assert contents(stocked) == before


@pytest.mark.parametrize("replace", [False, True], ids=["without --replace", "with --replace"])
@pytest.mark.parametrize("record", OF_EVERY_TYPE)
def test_a_record_is_created_and_deleted_and_created_in_a_file(stocked: Engine, record: Record, replace: bool) -> None:
    store(stocked, case(8))
    lines = record, deletion(record), record, deletion(record), record
    changes = import_lines(stocked, *lines, replace=replace)
    assert list(changes.describe()) == [f"{record['type']}: 3 created, 2 deleted"]
    assert len(rows(stocked, RECORD_TYPES[record["type"]].model)) > 0


@pytest.mark.parametrize("record", OF_EVERY_TYPE)
def test_deleting_what_does_not_exist_is_a_bad_line(stocked: Engine, record: Record) -> None:
    store(stocked, case(8))
    key = ", ".join(KEYS.get(record["type"], ("id",)))
    assert problems(stocked, deletion(record)) == {1: f"{key}: does not exist"}
    assert problems(stocked, record, deletion(record), deletion(record)) == {3: f"{key}: does not exist"}


@pytest.mark.parametrize("record", OF_EVERY_TYPE)
def test_replacing_ignores_and_does_not_count_deletions_of_what_does_not_exist(stocked: Engine, record: Record) -> None:
    store(stocked, case(8))
    before = contents(stocked)
    changes = import_lines(stocked, *[deletion(record)] * 2, replace=True)
    assert list(changes.describe()) == []
    assert changes.records == 2
    assert contents(stocked) == before


@pytest.mark.parametrize("record", OF_EVERY_TYPE)
def test_a_deletion_has_no_field_but_the_key(stocked: Engine, record: Record) -> None:
    store(stocked, case(8), record)
    further = [name for name in record if name not in deletion(record)] or ["unknown"]
    for name in further:
        problem = f"{name}: is not allowed in a deletion, which has only its key"
        assert problems(stocked, deletion(record, **{name: record.get(name, 1)})) == {1: problem}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(folder(61) | {"deleted": False}, "deleted: must be true, or left out", id="false"),
        pytest.param(
            deletion(folder(61), deleted=False), "deleted: must be true, or left out", id="false with the key"
        ),
        pytest.param(deletion(folder(61), deleted=1), "deleted: must be true, or left out", id="number"),
        pytest.param(deletion(folder(61), deleted="true"), "deleted: must be true, or left out", id="string"),
        pytest.param({"type": "case", "deleted": True}, "id: is missing", id="no ID"),
        pytest.param({"type": "case", "deleted": True, "id": None}, "id: is missing", id="ID that is null"),
        pytest.param({"type": "case", "deleted": True, "id": "1"}, f"id: {NO_ID}", id="ID of a wrong type"),
        pytest.param({"type": "customAttribute", "deleted": True}, "name: is missing", id="no name"),
        pytest.param({"type": "session", "deleted": True}, "sessionId: is missing", id="no session ID"),
        pytest.param(
            {"type": "departmentSharing", "deleted": True, "from": HOME}, "to: is missing", id="one department"
        ),
        pytest.param({"type": "customerGrant", "deleted": True, "on": 30}, "customer: is missing", id="one customer"),
        pytest.param({"type": "note", "deleted": True, "id": 1}, None, id="unknown type"),
        pytest.param(
            deletion(folder(61), colour="x"),
            "colour: is not allowed in a deletion, which has only its key",
            id="unknown field",
        ),
    ],
)
def test_a_bad_deletion_is_reported(stocked: Engine, line: Record, problem: str | None) -> None:
    reported = problems(stocked, line, replace=True)
    assert reported == {1: problem} if problem else list(reported) == [1]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(folder(60) | {"deleted": None}, id="deleted"),
        pytest.param(deletion(folder(60), name=None), id="another field"),
    ],
)
def test_null_is_the_same_as_leaving_a_field_out(stocked: Engine, line: Record) -> None:
    assert import_lines(stocked, line, replace=True).records == 1
    assert column(stocked, models.Folder, "id") == ([] if line["deleted"] else [60])


# What goes with a record


@pytest.mark.parametrize(
    ("stored", "deleted"),
    [
        pytest.param(
            [case(1, relatedCases=[8], notes=[note(1), note(2)], custom={"topics": ["a"]}), activity(), activity(51)],
            case(1),
            id="notes, custom values, related cases and activities of a case",
        ),
        pytest.param([case(1), case(8, relatedCases=[1])], case(1), id="entries of other cases"),
        pytest.param([case(1, relatedCases=[1])], case(1), id="entry of a case with itself"),
        pytest.param([customer(31), grant(31, 30)], customer(31), id="grant to a customer"),
        pytest.param([customer(31), grant(30, 31)], customer(31), id="grant on a customer"),
        pytest.param([customer(31), grant(31, 31)], customer(31), id="grant of a customer to itself"),
        pytest.param([customer(31), session(SESSION, customer=31)], customer(31), id="session of a customer"),
        pytest.param(
            [user(21, foreignDepartments=[OTHER]), session(SESSION, user=21)],
            user(21),
            id="session, roles and foreign departments of a user",
        ),
        pytest.param(
            [client_application(41), session(SESSION, clientApplication=41)],
            client_application(41),
            id="session of a client application",
        ),
        pytest.param([role(2)], role(2), id="actions of a role"),
        pytest.param([enumeration("x", "a", "b")], enumeration("x"), id="values of an enumeration"),
    ],
)
def test_what_belongs_to_a_record_is_deleted_with_it(stocked: Engine, stored: list[Record], deleted: Record) -> None:
    store(stocked, case(8))
    before = contents(stocked)
    store(stocked, *stored, replace=True)
    changes = import_lines(stocked, deletion(deleted))
    assert contents(stocked) == before
    assert list(changes.describe()) == [f"{deleted['type']}: 1 deleted"]


def test_what_belongs_to_others_stays(stocked: Engine) -> None:
    def of(number: int) -> list[Record]:
        return [
            customer(100 + number),
            user(100 + number, foreignDepartments=[OTHER]),
            case(number, notes=[note()], custom={"topics": ["a"]}, relatedCases=[number]),
            activity(number, case=number),
            grant(100 + number, 30),
            session(f"session-of-the-customer-{number}", customer=100 + number),
            session(f"session-of-the-user-number-{number}", user=100 + number),
        ]

    store(stocked, *of(1))
    before = contents(stocked)
    store(stocked, *of(2))
    store(stocked, deletion(case(2)), deletion(customer(102)), deletion(user(102)))
    assert contents(stocked) == before


@pytest.mark.parametrize(
    ("account", "session_id"),
    [
        pytest.param(user(20), USER, id="user"),
        pytest.param(customer(30), CUSTOMER, id="customer"),
        pytest.param(client_application(40), CLIENT, id="clientApplication"),
    ],
)
def test_an_account_that_is_created_again_has_no_session(stocked: Engine, account: Record, session_id: str) -> None:
    store(stocked, deletion(account), account)
    owner = {"user": "user", "customer": "customer", "clientApplication": "clientApplication"}[account["type"]]
    assert len(rows(stocked, models.Session)) == 2
    store(stocked, session(session_id, **{owner: account["id"]}))


# What keeps a record


ENTRIES = case(1, notes=[note(1), note(2)], createdBy=20, owner=20, userLastWorked=20, lastModifiedBy=20)


@pytest.mark.parametrize(
    ("stored", "deleted", "mentions"),
    [
        pytest.param([case(1)], department(HOME), "2 records (user: 1, case: 1)", id="department of cases and users"),
        pytest.param([case(1, department=OTHER)], department(OTHER), "1 record (case: 1)", id="department of a case"),
        pytest.param(
            [user(21, department=OTHER)], department(OTHER), "1 record (user: 1)", id="home department of a user"
        ),
        pytest.param(
            [user(21, foreignDepartments=[OTHER])],
            department(OTHER),
            "1 record (user: 1)",
            id="foreign department of a user",
        ),
        pytest.param(
            [user(21, department=OTHER, foreignDepartments=[OTHER])],
            department(OTHER),
            "1 record (user: 1)",
            id="home and foreign department of a user",
        ),
        pytest.param(
            [sharing(OTHER, HOME), sharing(HOME, OTHER), sharing(OTHER, OTHER)],
            department(OTHER),
            "3 records (departmentSharing: 3)",
            id="department of sharings",
        ),
        pytest.param([user(21)], role(1), "2 records (user: 2)", id="role of users"),
        pytest.param([case(1, createdBy=20)], user(20), "1 record (case: 1)", id="user who created a case"),
        pytest.param([case(1, owner=20)], user(20), "1 record (case: 1)", id="user who owns a case"),
        pytest.param([case(1, lastModifiedBy=20)], user(20), "1 record (case: 1)", id="user who modified a case"),
        pytest.param([case(1, userLastWorked=20)], user(20), "1 record (case: 1)", id="user who worked on a case"),
        pytest.param([case(1, notes=[note(1), note(2)])], user(20), "1 record (case: 1)", id="writer of notes"),
        pytest.param([ENTRIES, case(2, owner=20)], user(20), "2 records (case: 2)", id="user of two cases"),
        pytest.param([case(1, folder=60), case(2, folder=60)], folder(60), "2 records (case: 2)", id="folder of cases"),
        pytest.param([case(1, customer=30)], customer(30), "1 record (case: 1)", id="customer of a case"),
        pytest.param([case(1), activity()], customer(30), "1 record (activity: 1)", id="customer of an activity"),
        pytest.param(
            [case(1, customer=30), activity(50), activity(51)],
            customer(30),
            "3 records (case: 1, activity: 2)",
            id="customer of a case and of activities",
        ),
        pytest.param(
            [case(1, custom={"topics": ["a", "b"]}), case(2, custom={"topics": ["a"]})],
            attribute("topics"),
            "2 records (case: 2)",
            id="custom attribute of cases",
        ),
    ],
)
def test_what_others_mention_is_not_deleted(
    stocked: Engine, stored: list[Record], deleted: Record, mentions: str
) -> None:
    key = KEYS.get(deleted["type"], ("id",))[0]
    problem = f"{key}: is still mentioned by {mentions}"
    assert problems(stocked, *stored, deletion(deleted)) == {len(stored) + 1: problem}
    store(stocked, *stored)
    assert problems(stocked, deletion(deleted)) == {1: problem}
    assert problems(stocked, deletion(deleted), replace=True) == {1: problem}


def test_what_nobody_mentions_any_more_is_deleted(stocked: Engine) -> None:
    used = {"department": OTHER, "owner": 21, "folder": 60, "customer": 31, "custom": {"topics": ["a"]}}
    stored = [role(2), user(21, department=OTHER, roles=[2]), customer(31), case(1, **used), activity(customer=31)]
    store(stocked, *stored, sharing(OTHER, HOME))
    free = [case(1), sharing(OTHER, HOME), user(21), role(2), folder(60), customer(31), attribute("topics")]
    store(stocked, *map(deletion, [*free, department(OTHER)]))
    assert column(stocked, models.Department, "id") == [HOME]


# As of the line


DELETE_CASE, DELETE_CUSTOMER = deletion(case(1)), deletion(customer(31))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([case(1), DELETE_CASE, DELETE_CASE], {3: "id: does not exist"}, id="deleted twice"),
        pytest.param([DELETE_CASE, case(1)], {1: "id: does not exist"}, id="deleted before it is created"),
        pytest.param(
            [case(1), activity(), DELETE_CASE, deletion(activity())], {4: "id: does not exist"}, id="went along"
        ),
        pytest.param(
            [case(1), case(2), activity(50), activity(51, case=2), DELETE_CASE, deletion(activity(51))],
            {},
            id="another case's activity",
        ),
        pytest.param(
            [case(1), activity(), deletion(activity()), DELETE_CASE, deletion(activity())],
            {5: "id: does not exist"},
            id="deleted before its case",
        ),
        pytest.param(
            [
                client_application(41),
                session(SESSION, clientApplication=41),
                deletion(client_application(41)),
                deletion(session(SESSION)),
            ],
            {4: "sessionId: does not exist"},
            id="session of a deleted client application",
        ),
        pytest.param(
            [case(1), DELETE_CASE, activity()], {3: "case: there is no case 1"}, id="reference to a deleted record"
        ),
        pytest.param(
            [customer(31), DELETE_CUSTOMER, case(1, customer=31)],
            {3: "customer: there is no customer 31"},
            id="customer deleted before a case",
        ),
        pytest.param(
            [customer(31), case(1, customer=31), DELETE_CUSTOMER, DELETE_CASE],
            {3: "id: is still mentioned by 1 record (case: 1)"},
            id="mentioned until the next line",
        ),
        pytest.param(
            [customer(31), case(1, customer=31), DELETE_CASE, DELETE_CUSTOMER], {}, id="mentioned until before"
        ),
        pytest.param(
            [case(1), activity(), deletion(activity()), deletion(customer(30)), activity(51)],
            {5: "customer: there is no customer 30"},
            id="activity deleted first",
        ),
        pytest.param(
            [deletion(attribute("topics")), case(1, custom={"topics": ["a"]})],
            {2: "custom.topics: there is no such custom attribute"},
            id="value of a deleted attribute",
        ),
        pytest.param(
            [user(21, loginId="a"), user(22, loginId="a"), deletion(user(21)), user(22, loginId="a")],
            {2: "loginId: 'a' is taken"},
            id="login ID of a deleted user",
        ),
        pytest.param([folder(60), deletion(folder(60)), folder(60)], {1: "id: already exists"}, id="exists again"),
        pytest.param([case(1, status="new"), DELETE_CASE], {1: "status"}, id="deletion of a bad line"),
        pytest.param([folder(61) | {"deleted": True}, folder(61)], {1: "name"}, id="created after a bad deletion"),
    ],
)
def test_a_line_is_judged_by_the_lines_before(stocked: Engine, lines: list[Line], expected: dict[int, str]) -> None:
    if not expected:
        assert import_lines(stocked, *lines).records == len(lines)
        return
    reported = problems(stocked, *lines)
    assert reported.keys() == expected.keys()
    assert all(problem.startswith(expected[line]) for line, problem in reported.items())


def test_a_deletion_sees_an_earlier_batch(stocked: Engine) -> None:
    lines = [*(case(number, owner=20) for number in range(1, 1501)), deletion(user(20))]
    assert problems(stocked, *lines) == {1501: "id: is still mentioned by 1500 records (case: 1500)"}


@pytest.mark.parametrize(
    ("stored", "lines", "related"),
    [
        pytest.param([], [case(1, relatedCases=[2]), case(2), deletion(case(2))], [], id="to a deleted case"),
        pytest.param([], [case(1, relatedCases=[2]), case(2), deletion(case(1))], [], id="from a deleted case"),
        pytest.param(
            [], [case(1, relatedCases=[2]), deletion(case(1)), case(1), case(2)], [], id="from a case that is back"
        ),
        pytest.param(
            [], [case(1, relatedCases=[2]), case(2), deletion(case(2)), case(2)], [], id="to a case that is back"
        ),
        pytest.param(
            [case(2)], [case(1, relatedCases=[2]), deletion(case(2)), case(2)], [], id="to a stored case that is back"
        ),
        pytest.param(
            [case(2)], [deletion(case(2)), case(1, relatedCases=[2]), case(2)], [(1, 2)], id="after a deletion"
        ),
        pytest.param([], [case(1, relatedCases=[2]), deletion(case(3)), case(2)], [(1, 2)], id="of others"),
    ],
)
def test_related_cases_point_forward_between_deletions(
    stocked: Engine, stored: list[Record], lines: list[Record], related: list[tuple[int, int]]
) -> None:
    store(stocked, case(3), *stored)
    store(stocked, *lines)
    assert [tuple(row.values()) for row in rows(stocked, models.RelatedCase)] == related


def test_a_related_case_that_was_deleted_before_is_missing(stocked: Engine) -> None:
    store(stocked, case(2))
    assert problems(stocked, deletion(case(2)), case(1, relatedCases=[2])) == {2: "relatedCases: there is no case 2"}


@pytest.mark.parametrize("stored", [pytest.param([], id="a new case"), pytest.param([case(2)], id="a stored case")])
def test_repeating_an_import_changes_no_related_case(stocked: Engine, stored: list[Record]) -> None:
    store(stocked, *stored)
    for _ in range(2):
        store(stocked, case(1, relatedCases=[2]), deletion(case(2)), case(2), replace=True)
        assert rows(stocked, models.RelatedCase) == []


def test_an_import_whose_last_word_on_a_related_case_is_its_deletion_can_be_repeated(stocked: Engine) -> None:
    store(stocked, case(2))
    for _ in range(2):
        store(stocked, case(1, relatedCases=[2]), deletion(case(2)), replace=True)
        assert column(stocked, models.Case, "id") == [1]


def test_an_attribute_that_is_created_again_keeps_its_place(stocked: Engine) -> None:
    store(stocked, attribute("a"), attribute("b"))
    store(stocked, deletion(attribute("a")), deletion(attribute("topics")), attribute("c"), attribute("a"))
    in_order = sorted(rows(stocked, models.CustomAttribute), key=lambda row: row["id"])
    assert [row["name"] for row in in_order] == ["a", "b", "c"]


# The import


def test_a_bad_line_deletes_nothing(stocked: Engine) -> None:
    before = contents(stocked)
    assert list(problems(stocked, deletion(folder(60)), deletion(customer(30)), b"{}")) == [3]
    assert contents(stocked) == before


def test_a_dry_run_deletes_nothing(stocked: Engine) -> None:
    before = contents(stocked), rows(stocked, models.Dataset)
    changes = import_lines(stocked, deletion(folder(60)), folder(61), dry_run=True)
    assert list(changes.describe()) == ["folder: 1 created, 1 deleted"]
    assert (contents(stocked), rows(stocked, models.Dataset)) == before


def test_deletions_count_as_an_import(stocked: Engine) -> None:
    [before] = rows(stocked, models.Dataset)
    store(stocked, deletion(folder(60)))
    [after] = rows(stocked, models.Dataset)
    assert (after["version"], after["records"]) == (before["version"] + 1, 1)
    assert after["imported"] > before["imported"]


@pytest.mark.sqlite
def test_the_work_of_deletions_grows_linearly(count_steps: CountSteps) -> None:
    few, many = (
        count_steps(
            [
                *(customer(1000 + i) for i in range(1, number + 1)),
                *(case(i, customer=1000 + i, relatedCases=[max(i - 1, 1)]) for i in range(1, number + 1)),
                *(activity(i, case=i, customer=1000 + i) for i in range(1, number + 1)),
            ],
            [
                *(deletion(case(i)) for i in range(1, number + 1)),
                *(deletion(customer(1000 + i)) for i in range(1, number + 1)),
            ],
        )
        for number in (1000, 4000)
    )
    assert many < 6 * few

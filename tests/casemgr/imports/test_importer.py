import hashlib
import io
from pathlib import Path
from typing import Any

import argon2
import pytest
from sqlalchemy import Engine

from casemgr.database import models
from casemgr.imports.importer import DatasetError, import_dataset
from tests.casemgr.imports.conftest import CountSteps
from tests.casemgr.imports.lines import (
    PLAIN,
    WHOLE_CASE,
    Line,
    column,
    contents,
    import_bytes,
    problems,
    row,
    rows,
)
from tests.factories import (
    CUSTOMER,
    HOME,
    OTHER,
    SESSION,
    USER,
    Record,
    activity,
    actors,
    as_lines,
    attribute,
    case,
    client_application,
    customer,
    department,
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

# DAT-1: references


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([case(), activity()], id="to an earlier line"),
        pytest.param([case(), case(2, relatedCases=[1])], id="related case on an earlier line"),
        pytest.param([case(relatedCases=[2]), case(2)], id="related case on a later line"),
        pytest.param([case(relatedCases=[2]), case(2, relatedCases=[1])], id="related cases in a circle"),
        pytest.param([case(relatedCases=[1])], id="related to itself"),
        pytest.param([case(relatedCases=[2, 2]), case(2)], id="related twice"),
        pytest.param([case(), *map(folder, range(1, 1500)), activity()], id="to an earlier batch"),
        pytest.param([case(relatedCases=[2]), *map(folder, range(1, 1500)), case(2)], id="into a later batch"),
        pytest.param([attribute("x"), case(custom={"x": ["1"]})], id="to a custom attribute on an earlier line"),
    ],
)
def test_a_reference_within_the_file_is_good(engine: Engine, lines: list[Record]) -> None:
    store(engine, *actors())
    assert import_bytes(engine, as_lines(lines)) == len(lines)


def test_a_reference_into_the_database_is_good(stocked: Engine) -> None:
    store(stocked, case())
    store(stocked, activity(), case(2, relatedCases=[1]))
    assert rows(stocked, models.RelatedCase) == [{"case_id": 2, "related_case_id": 1}]


def test_every_related_case_is_stored_once(stocked: Engine) -> None:
    store(stocked, case(relatedCases=[3, 2, 3]), case(2), case(3))
    assert column(stocked, models.RelatedCase, "related_case_id") == [2, 3]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([activity(), case()], {1: "case: there is no case 1"}, id="case of an activity"),
        pytest.param(
            [case(department=12), department(12)], {1: "department: there is no department 12"}, id="department"
        ),
        pytest.param(
            [case(custom={"x": ["1"]}), attribute("x")],
            {1: "custom.x: there is no such custom attribute"},
            id="custom attribute",
        ),
    ],
)
def test_a_reference_to_a_later_line_is_unknown(stocked: Engine, lines: list[Line], expected: dict[int, str]) -> None:
    assert problems(stocked, *lines) == expected


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param(sharing(99, HOME), "from: there is no department 99", id="from"),
        pytest.param(sharing(HOME, 99), "to: there is no department 99", id="to"),
        pytest.param(user(21, department=99), "department: there is no department 99", id="home department"),
        pytest.param(
            user(21, foreignDepartments=[OTHER, 99]),
            "foreignDepartments.1: there is no department 99",
            id="foreign department",
        ),
        pytest.param(user(21, roles=[99]), "roles.0: there is no role 99", id="role"),
        pytest.param(grant(99, 30), "customer: there is no customer 99", id="acting customer"),
        pytest.param(grant(30, 99), "on: there is no customer 99", id="represented customer"),
        pytest.param(case(department=99), "department: there is no department 99", id="department of a case"),
        pytest.param(case(createdBy=99), "createdBy: there is no user 99", id="creator"),
        pytest.param(case(lastModifiedBy=99), "lastModifiedBy: there is no user 99", id="last modifier"),
        pytest.param(case(owner=99), "owner: there is no user 99", id="owner"),
        pytest.param(case(userLastWorked=99), "userLastWorked: there is no user 99", id="last worker"),
        pytest.param(case(folder=99), "folder: there is no folder 99", id="folder"),
        pytest.param(case(customer=99), "customer: there is no customer 99", id="customer of a case"),
        pytest.param(
            case(notes=[note(1), note(2, createdBy=99)]),
            "notes.1.createdBy: there is no user 99",
            id="writer of a note",
        ),
        pytest.param(case(relatedCases=[99]), "relatedCases: there is no case 99", id="related case"),
        pytest.param(case(custom={"x": ["1"]}), "custom.x: there is no such custom attribute", id="custom attribute"),
        pytest.param(activity(case=99), "case: there is no case 99", id="case of an activity"),
        pytest.param(activity(case=8, customer=99), "customer: there is no customer 99", id="customer of an activity"),
        pytest.param(session(SESSION, user=99), "user: there is no user 99", id="user of a session"),
        pytest.param(session(SESSION, customer=99), "customer: there is no customer 99", id="customer of a session"),
        pytest.param(
            session(SESSION, clientApplication=99),
            "clientApplication: there is no clientApplication 99",
            id="client application of a session",
        ),
    ],
)
def test_an_unknown_reference_is_named(stocked: Engine, record: Record, problem: str) -> None:
    assert problems(stocked, case(8), record) == {2: problem}


def test_a_reference_does_not_match_a_record_of_another_type(stocked: Engine) -> None:
    assert problems(stocked, folder(99), case(customer=99)) == {2: "customer: there is no customer 99"}


def test_every_line_with_a_dangling_related_case_is_reported(stocked: Engine) -> None:
    many = case(1, relatedCases=list(range(101, 131)))
    assert list(problems(stocked, many, case(2, relatedCases=[200]))) == [1, 2]


# DAT-3: effort


@pytest.mark.sqlite
def test_the_work_of_an_import_grows_linearly(count_steps: CountSteps) -> None:
    few, many = (
        count_steps(
            [],
            [
                record
                for record_id in range(1, number + 1)
                for record in (
                    customer(1000 + record_id, loginId=f"customer-{record_id}"),
                    case(record_id, customer=1000 + record_id, relatedCases=[max(record_id - 1, 1), number]),
                    activity(record_id, case=record_id, customer=1000 + record_id),
                )
            ],
        )
        for number in (1000, 4000)
    )
    assert many < 6 * few


# DAT-2: which lines are reported


@pytest.mark.parametrize(
    ("bad", "reported"),
    [
        pytest.param([1], [1], id="one"),
        pytest.param([2, 5, 9], [2, 5, 9], id="some"),
        pytest.param(range(1, 21), range(1, 21), id="20"),
        pytest.param(range(1, 31), range(1, 21), id="30"),
        pytest.param(range(5, 3000, 2), range(5, 45, 2), id="many"),
    ],
)
@pytest.mark.parametrize("line", [b"{}", activity(50)], ids=["invalid by itself", "unknown reference"])
def test_the_first_20_bad_lines_are_reported(stocked: Engine, line: Line, bad: Any, reported: Any) -> None:
    lines: list[Line] = [folder(number) for number in range(1000, 1001 + max(bad))]
    for number in bad:
        lines[number - 1] = line
    assert list(problems(stocked, *lines)) == list(reported)


def test_reading_stops_after_20_bad_lines(engine: Engine) -> None:
    stream = io.BytesIO(b"{}\n" * 30)
    with pytest.raises(DatasetError):
        import_dataset(engine, stream)
    assert stream.tell() == len(b"{}\n" * 20)


def test_problems_are_in_the_order_of_the_lines(stocked: Engine) -> None:
    lines: list[Line] = [case(1, relatedCases=[99]), case(2, owner=99), b"{}", case(3, relatedCases=[99])]
    assert list(problems(stocked, *lines)) == [1, 2, 3, 4]


def test_at_most_20_lines_with_dangling_related_cases_are_reported(stocked: Engine) -> None:
    lines = [case(number, relatedCases=[99]) for number in range(100, 130)]
    assert list(problems(stocked, *lines)) == list(range(1, 21))


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([department(12, ""), case(department=12)], id="department"),
        pytest.param([user(21, department=99), case(owner=21)], id="user with an unknown reference"),
        pytest.param([user(21, loginId=""), session(SESSION, user=21)], id="user of a session"),
        pytest.param([user(21, loginId=""), case(notes=[note(createdBy=21)])], id="writer of a note"),
        pytest.param([role(2) | {"actions": 1}, user(21, roles=[2])], id="role"),
        pytest.param([folder(61, ""), case(folder=61)], id="folder"),
        pytest.param([customer(31, ""), grant(31, 30)], id="customer"),
        pytest.param(
            [client_application(41, name=""), session(SESSION, clientApplication=41)], id="client application"
        ),
        pytest.param([attribute("x", "text"), case(custom={"x": ["1"]})], id="custom attribute"),
        pytest.param([case(status="new"), activity()], id="case"),
        pytest.param([case(owner=99), *map(folder, range(100, 1600)), activity()], id="case of an earlier batch"),
        pytest.param([case(status="new"), case(2, relatedCases=[1])], id="related case on an earlier line"),
        pytest.param(
            [department(12, ""), user(21, department=12), case(owner=21), activity(), case(2, relatedCases=[1])],
            id="chain",
        ),
        pytest.param(
            [department(12, ""), case(department=12), *map(folder, range(100, 1600)), activity()],
            id="chain into another batch",
        ),
    ],
)
def test_a_reference_to_a_bad_line_is_not_reported(stocked: Engine, lines: list[Record]) -> None:
    assert list(problems(stocked, *lines)) == [1]


def test_a_related_case_on_a_later_bad_line_is_not_reported(stocked: Engine) -> None:
    assert list(problems(stocked, case(1, relatedCases=[2]), case(2, status="new"))) == [2]


def test_related_cases_on_bad_lines_do_not_hide_dangling_ones(stocked: Engine) -> None:
    many = [case(number, relatedCases=[1]) for number in range(2, 32)]
    assert list(problems(stocked, case(1, status="new"), *many, case(50, relatedCases=[99]))) == [1, 32]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            [user(21, loginId="a"), user(21, loginId="b"), user(22, loginId="a")],
            {2: "id: already exists", 3: "loginId: 'a' is taken"},
            id="in the file",
        ),
        pytest.param(
            [user(20, loginId="b"), user(21, loginId="user-20")],
            {1: "id: already exists", 2: "loginId: 'user-20' is taken"},
            id="in the database",
        ),
    ],
)
def test_a_repeated_record_does_not_free_the_login_id(
    stocked: Engine, lines: list[Line], expected: dict[int, str]
) -> None:
    assert problems(stocked, *lines) == expected


def test_a_bad_line_that_would_free_a_login_id_is_reported(stocked: Engine) -> None:
    lines = [user(20, loginId="a", department=99), user(21, loginId="user-20")]
    assert problems(stocked, *lines, replace=True)[1] == "department: there is no department 99"


# DAT-2: all or nothing


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([b"{}", folder(61)], id="before a good one"),
        pytest.param([folder(61), b"{}"], id="after a good one"),
        pytest.param([*map(folder, range(100, 2600)), b"{}"], id="after batches of good ones"),
        pytest.param([b"{}", *map(folder, range(100, 2600))], id="before batches of good ones"),
        pytest.param([WHOLE_CASE, activity(), activity(case=99)], id="with an unknown reference"),
        pytest.param([WHOLE_CASE, case(2, relatedCases=[99])], id="with a dangling related case"),
        pytest.param([folder(61), *[b"{}"] * 30], id="many"),
    ],
)
@pytest.mark.parametrize("replace", [False, True])
def test_a_bad_line_stores_nothing(stocked: Engine, lines: list[Line], replace: bool) -> None:
    before = contents(stocked)
    problems(stocked, *lines, replace=replace)
    assert contents(stocked) == before


def test_a_bad_line_replaces_nothing(stocked: Engine) -> None:
    store(stocked, WHOLE_CASE)
    before = contents(stocked)
    problems(stocked, case(1), user(20, loginId="new"), attribute("topics"), b"{}", replace=True)
    assert contents(stocked) == before


def test_an_import_after_a_failed_one_succeeds(stocked: Engine) -> None:
    problems(stocked, case(1, relatedCases=[99]))
    store(stocked, case(1, relatedCases=[2]), case(2))
    assert column(stocked, models.Case, "id") == [1, 2]


# Secrets are not stored


@pytest.mark.parametrize(
    ("record", "model", "name"),
    [
        pytest.param(user(21, password=PLAIN), models.User, "password_hash", id="user"),
        pytest.param(customer(31, password=PLAIN), models.Customer, "password_hash", id="customer"),
        pytest.param(
            client_application(41, clientSecret=PLAIN),
            models.ClientApplication,
            "client_secret_hash",
            id="client application",
        ),
    ],
)
def test_a_password_is_stored_as_a_hash(stocked: Engine, record: Record, model: type[models.Base], name: str) -> None:
    store(stocked, record)
    assert argon2.PasswordHasher().verify(row(stocked, model, record["id"])[name], PLAIN)


def test_hashes_are_salted(stocked: Engine) -> None:
    store(stocked, user(21, password=PLAIN), user(22, password=PLAIN))
    assert row(stocked, models.User, 21)["password_hash"] != row(stocked, models.User, 22)["password_hash"]


def test_sessions_are_stored_as_digests(stocked: Engine) -> None:
    digests = {hashlib.sha256(name.encode()).digest() for name in (USER, CUSTOMER)}
    assert digests < set(column(stocked, models.Session, "digest"))


@pytest.mark.sqlite
def test_no_password_and_no_session_id_is_in_the_files(stocked: Engine, tmp_path: Path) -> None:
    store(
        stocked,
        user(21, password=PLAIN, loginId="visible"),
        customer(31, password=PLAIN),
        client_application(41, clientSecret=PLAIN),
        session("plain-text-of-a-session", user=21),
    )
    stocked.dispose()
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"visible" in data
    assert b"plain-" not in data

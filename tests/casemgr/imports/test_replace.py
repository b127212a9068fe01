import hashlib
from collections.abc import Callable

import argon2
import pytest
from sqlalchemy import Engine, delete

from casemgr.database import models
from tests.casemgr.imports.lines import PLAIN, WHOLE_CASE, column, contents, problems, row, rows, without
from tests.factories import (
    HOME,
    NEVER,
    OTHER,
    SESSION,
    USER,
    Record,
    activity,
    actors,
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

# --replace


REPLACED = [
    pytest.param(department(12), department(12, "New"), id="department"),
    pytest.param(sharing(HOME, OTHER), sharing(HOME, OTHER, activities=False), id="departmentSharing"),
    pytest.param(role(2), role(2, action="New"), id="role"),
    pytest.param(role(2), role(2) | {"actions": []}, id="role without actions"),
    pytest.param(
        user(21, foreignDepartments=[OTHER], roles=[1], disabled=True),
        without(user(21, loginId="new", lastName="New"), "roles"),
        id="user",
    ),
    pytest.param(folder(61), folder(61, "New"), id="folder"),
    pytest.param(customer(31, loginId="old", disabled=True), customer(31, "New"), id="customer"),
    pytest.param(grant(30, 30), grant(30, 30), id="customerGrant"),
    pytest.param(
        client_application(41, clientId="old", disabled=True),
        client_application(41, clientType="UI"),
        id="clientApplication",
    ),
    pytest.param(enumeration("x", "a", "b", multiple=True), enumeration("x", "c", "a"), id="customAttribute"),
    pytest.param(enumeration("x", "a", "b"), attribute("x", "date"), id="customAttribute of another type"),
    pytest.param(WHOLE_CASE, case(subject="New", status="closed"), id="case"),
    pytest.param(
        case(notes=[note(70), note(71)], custom={"topics": ["a"]}, relatedCases=[8]),
        case(notes=[note(71, content="New"), note(72)], custom={"topics": ["b", "a"]}, relatedCases=[1]),
        id="case with other notes and values",
    ),
    pytest.param(
        activity(case=8, sent=NEVER, read=True), activity(case=8, activityType="email", mode="outbound"), id="activity"
    ),
    pytest.param(session(SESSION, user=20), session(SESSION, "2098-01-01T00:00:00Z", customer=30), id="session"),
]


@pytest.mark.parametrize(("old", "new"), REPLACED)
def test_a_replaced_record_leaves_no_trace(stocked: Engine, old: Record, new: Record) -> None:
    store(stocked, case(8), old)
    store(stocked, new, replace=True)
    replaced = contents(stocked)
    with stocked.begin() as connection:
        for table in reversed(models.Base.metadata.sorted_tables):
            connection.execute(delete(table))
    store(stocked, *actors(), folder(), attribute("topics", multiple=True), case(8), new)
    assert replaced == contents(stocked)


@pytest.mark.parametrize(("old", "new"), REPLACED)
def test_a_record_is_replaced_within_a_file(stocked: Engine, old: Record, new: Record) -> None:
    store(stocked, case(8), old)
    store(stocked, new, replace=True)
    replaced = contents(stocked)
    store(stocked, old, new, replace=True)
    assert contents(stocked) == replaced


@pytest.mark.parametrize(
    ("record", "model", "name"),
    [
        pytest.param(user(21, password=PLAIN), models.User, "password_hash", id="user"),
        pytest.param(customer(31, password=PLAIN), models.Customer, "password_hash", id="customer"),
        pytest.param(
            client_application(41, clientSecret=PLAIN), models.ClientApplication, "client_secret_hash", id="client"
        ),
    ],
)
def test_a_password_that_is_left_out_or_the_same_stays_as_it_is(
    stocked: Engine, record: Record, model: type[models.Base], name: str
) -> None:
    store(stocked, record)
    secret_hash = row(stocked, model, record["id"])[name]
    for again in (without(without(record, "password"), "clientSecret"), record):
        store(stocked, again, replace=True)
        assert row(stocked, model, record["id"])[name] == secret_hash


ACCOUNTS = {
    "user": (user(21, password=PLAIN), "password", session(SESSION, user=21)),
    "customer": (customer(31, password=PLAIN), "password", session(SESSION, customer=31)),
    "client": (client_application(41, clientSecret=PLAIN), "clientSecret", session(SESSION, clientApplication=41)),
}


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [
        pytest.param({}, {}, False, id="nothing new"),
        pytest.param({}, {"name": "New"}, False, id="another name"),
        pytest.param({}, {"secret": None}, False, id="no password"),
        pytest.param({}, {"secret": "another"}, True, id="another password"),
        pytest.param({"secret": None}, {"secret": "another"}, True, id="a first password"),
        pytest.param({}, {"disabled": True}, True, id="disabled"),
        pytest.param({"disabled": True}, {"disabled": False}, True, id="enabled"),
        pytest.param({"disabled": True}, {}, True, id="enabled by leaving it out"),
        pytest.param({"disabled": True}, {"disabled": True}, False, id="still disabled"),
    ],
)
def test_a_change_of_an_account_ends_all_its_sessions(
    stocked: Engine, account: str, before: Record, after: Record, ends: bool
) -> None:
    record, secret, session_record = ACCOUNTS[account]

    def with_values(values: Record) -> Record:
        values = {"firstName" if (name, account) == ("name", "user") else name: values[name] for name in values}
        return record | {secret if name == "secret" else name: value for name, value in values.items()}

    store(stocked, with_values(before), session_record)
    sessions = set(column(stocked, models.Session, "digest"))
    store(stocked, with_values(after), replace=True)
    ended = sessions - set(column(stocked, models.Session, "digest"))
    assert ended == ({hashlib.sha256(SESSION.encode()).digest()} if ends else set())


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([user(password="another"), session(USER, user=20)], id="after the account"),
        pytest.param([session(USER, user=20), user(password="another")], id="before the account"),
        pytest.param(
            [session(USER, user=20), *map(folder, range(1000, 2500)), user(password="another")], id="in another batch"
        ),
    ],
)
def test_a_session_of_the_dataset_survives_a_change_by_the_dataset(stocked: Engine, lines: list[Record]) -> None:
    store(stocked, session(SESSION, user=20))
    store(stocked, *lines, replace=True)
    assert {row["user_id"] for row in rows(stocked, models.Session)} == {20, None}
    once = contents(stocked)
    store(stocked, *lines, replace=True)
    assert contents(stocked) == once


def test_a_bad_line_ends_no_session(stocked: Engine) -> None:
    problems(stocked, user(password="another"), b"{}", replace=True)
    assert len(rows(stocked, models.Session)) == 3


def test_only_stored_accounts_with_a_password_are_verified(stocked: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    store(stocked, user(21, password=PLAIN), user(22, password=PLAIN))
    computed: list[str] = []
    for method in ("hash", "verify"):
        original = getattr(argon2.PasswordHasher, method)

        def count(*arguments: str, original: Callable[..., object] = original, method: str = method) -> object:
            computed.append(method)
            return original(*arguments)

        monkeypatch.setattr(argon2.PasswordHasher, method, count)
    store(stocked, user(21, password=PLAIN), user(22), user(23, password=PLAIN), user(24), replace=True)
    assert sorted(computed) == ["hash", "verify"]


def test_replacing_adds_new_records(stocked: Engine) -> None:
    store(stocked, folder(60, "New"), folder(61), replace=True)
    assert column(stocked, models.Folder, "id") == [60, 61]


def test_replacing_touches_no_other_record(stocked: Engine) -> None:
    store(stocked, WHOLE_CASE, WHOLE_CASE | {"id": 2}, activity())
    before = contents(stocked)
    store(stocked, case(1), replace=True)
    after = contents(stocked)
    assert row(stocked, models.Case, 2) == before["cases"][1]
    assert after["activities"] == before["activities"]
    assert after["notes"] == [note for note in before["notes"] if note["case_id"] == 2]


def test_a_record_that_others_refer_to_may_be_replaced(stocked: Engine) -> None:
    store(stocked, case(), activity())
    store(stocked, department(HOME, "New"), user(), customer(), case(), replace=True)
    assert row(stocked, models.Department, HOME)["name"] == "New"


def test_the_last_of_several_replacements_stays(stocked: Engine) -> None:
    store(stocked, folder(60, "First"), folder(60, "Second"), folder(60, "Third"), replace=True)
    assert row(stocked, models.Folder, 60)["name"] == "Third"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([user(20, loginId="new"), user(21, loginId="user-20")], id="to a new user"),
        pytest.param([user(20, loginId="new"), user(22, loginId="user-20")], id="to one that exists"),
        pytest.param([user(20, loginId="user-20"), user(22, loginId="user-22")], id="to nobody"),
        pytest.param(
            [user(20, loginId="new"), user(22, loginId="user-20"), user(20, loginId="user-22")], id="in exchange"
        ),
    ],
)
def test_a_login_id_may_move_to_another_user(stocked: Engine, lines: list[Record]) -> None:
    store(stocked, user(22))
    store(stocked, *lines, replace=True)
    last = {line["id"]: line["loginId"] for line in lines}
    assert {number: row(stocked, models.User, number)["login_id"] for number in last} == last


def test_the_login_id_of_another_user_is_taken_when_replacing_too(stocked: Engine) -> None:
    store(stocked, user(21))
    assert problems(stocked, user(21, loginId="user-20"), replace=True) == {1: "loginId: 'user-20' is taken"}


def test_a_later_case_is_read_by_the_new_definition(stocked: Engine) -> None:
    lines = [attribute("x", "integer"), attribute("x", "boolean"), case(custom={"x": ["1"]})]
    assert problems(stocked, *lines, replace=True) == {3: "custom.x.0: '1' is neither true nor false"}


@pytest.mark.parametrize(
    ("old", "values", "new", "problem"),
    [
        pytest.param(
            attribute("x"),
            ["five"],
            attribute("x", "integer"),
            "name: cases have the value 'five', which is not an integer",
            id="another type",
        ),
        pytest.param(
            enumeration("x", "a", "b"),
            ["b"],
            enumeration("x", "a"),
            "name: cases have the value 'b', which is none of the values of 'x'",
            id="a value less",
        ),
        pytest.param(
            attribute("x", multiple=True),
            ["a", "b"],
            attribute("x"),
            "name: cases have several values, which the new definition does not allow",
            id="no longer multiple",
        ),
    ],
)
def test_a_definition_that_stored_values_do_not_fit_is_refused(
    stocked: Engine, old: Record, values: list[str], new: Record, problem: str
) -> None:
    store(stocked, old, case(custom={"x": values}))
    assert problems(stocked, new, replace=True) == {1: problem}


@pytest.mark.parametrize(
    ("old", "values", "new", "expected"),
    [
        pytest.param(attribute("x"), ["5"], attribute("x", "integer"), ["5"], id="readable as another type"),
        pytest.param(attribute("x", "integer"), ["5"], attribute("x"), ["5"], id="a text after all"),
        pytest.param(attribute("x"), ["a"], attribute("x", multiple=True), ["a"], id="multiple from now on"),
        pytest.param(attribute("x", multiple=True), ["a"], attribute("x"), ["a"], id="one value is one value"),
        pytest.param(enumeration("x", "a"), ["a"], enumeration("x", "b", "a"), ["a"], id="a value more"),
        pytest.param(attribute("x"), [], attribute("x", "date"), [], id="no values"),
        pytest.param(attribute("x"), ["20260102"], attribute("x", "date"), ["2026-01-02"], id="date in basic form"),
        pytest.param(
            attribute("x"),
            ["2026-01-02T03:04:05+02:00"],
            attribute("x", "datetime"),
            ["2026-01-02T01:04:05.000Z"],
            id="instant with an offset",
        ),
    ],
)
def test_a_definition_that_stored_values_fit_keeps_them_in_its_canonical_form(
    stocked: Engine, old: Record, values: list[str], new: Record, expected: list[str]
) -> None:
    store(stocked, old, case(custom={"x": values}))
    store(stocked, new, replace=True)
    assert column(stocked, models.CustomValue, "value") == expected


def test_a_new_definition_keeps_its_place(stocked: Engine) -> None:
    store(stocked, attribute("a"), attribute("b"))
    store(stocked, attribute("a", "date"), attribute("c"), replace=True)
    in_order = sorted(rows(stocked, models.CustomAttribute), key=lambda row: row["id"])
    assert [row["name"] for row in in_order] == ["topics", "a", "b", "c"]

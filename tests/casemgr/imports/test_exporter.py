"""What was exported imports again, and gives the same records."""

import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, Engine

from casemgr.database.engine import create_engine, snapshot
from casemgr.database.schema import migrate
from casemgr.domain.cases import ActivityMode, ActivityType, DataType
from casemgr.domain.ids import MAX_ID
from casemgr.domain.texts import replace_lone_surrogates
from casemgr.imports.exporter import count_records, export_dataset
from tests.casemgr.imports.lines import WHOLE_CASE, clear, contents, import_bytes
from tests.factories import (
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
    store_accounts,
    user,
)

pytestmark = pytest.mark.slow

Drawn = st.SearchStrategy[Any]

# Lone surrogates, too. PostgreSQL cannot store U+0000.
text = st.text(st.characters(exclude_categories=(), exclude_characters="\0") | st.sampled_from('\x01\x7f\ud800"\\'))
name = text.filter(bool)
ids = st.integers(1, 9) | st.integers(1, MAX_ID)
instant = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | st.just("9999-12-31T23:59:59.999999Z")

VALUES: dict[str, Drawn] = {
    DataType.STRING: text,
    DataType.INTEGER: st.integers().map(str),
    DataType.DECIMAL: st.decimals(-1000, 1000, places=3).map("{:f}".format),
    DataType.DATE: st.dates().map(str),
    DataType.DATETIME: instant,
    DataType.BOOLEAN: st.sampled_from(["true", "false"]),
}


def maybe(drawn: Drawn) -> Drawn:
    return st.none() | drawn


def some(drawn: Drawn, least: int = 0) -> st.SearchStrategy[list[Any]]:
    """Draw up to three values that differ also after the import has replaced lone surrogates."""
    seen = lambda value: replace_lone_surrogates(value) if isinstance(value, str) else value  # noqa: E731
    return st.lists(drawn, min_size=least, max_size=3, unique_by=seen)


@st.composite
def datasets(draw: st.DrawFn) -> list[Record]:
    """Draw a dataset with records of all types; related cases may point forward."""
    departments, roles, users, folders, customers, clients, cases, activities = (
        draw(some(ids, least)) for least in (1, 0, 1, 0, 1, 0, 1, 0)
    )
    a_department, a_user, a_customer, a_case = map(st.sampled_from, (departments, users, customers, cases))
    login_ids = draw(st.permutations([f"{number}{draw(text)}" for number in range(3)]))
    definitions = [
        attribute(
            attribute_name,
            kind := draw(st.sampled_from(list(DataType))),
            multiple=draw(st.booleans()),
            values=[{"value": value, "label": draw(text)} for value in draw(some(text, 1))]
            if kind is DataType.ENUMERATION
            else None,
        )
        for attribute_name in draw(some(name.filter(lambda drawn: "," not in drawn)))
    ]
    custom = st.fixed_dictionaries(
        {},
        optional={
            definition["name"]: st.lists(
                st.sampled_from([item["value"] for item in definition["values"]])
                if definition["values"]
                else VALUES[definition["dataType"]],
                max_size=3 if definition["multiple"] else 1,
            )
            for definition in definitions
        },
    )
    notes = st.builds(note, ids, content=text, created=instant, createdBy=a_user)
    return [
        *(department(record_id, draw(name)) for record_id in departments),
        *(sharing(draw(a_department), to, activities=draw(st.booleans())) for to in departments),
        *(role(record_id, resource=draw(text), action=draw(text)) for record_id in roles),
        *(
            user(
                record_id,
                loginId=login_id,
                firstName=draw(name),
                lastName=draw(name),
                department=draw(a_department),
                foreignDepartments=draw(some(a_department)),
                roles=draw(some(st.sampled_from(roles))) if roles else [],
                disabled=draw(st.booleans()),
            )
            for record_id, login_id in zip(users, login_ids, strict=False)
        ),
        *(folder(record_id, draw(name)) for record_id in folders),
        *(
            customer(record_id, draw(name), loginId=draw(maybe(st.just(login_id))), disabled=draw(st.booleans()))
            for record_id, login_id in zip(customers, login_ids, strict=False)
        ),
        *(grant(record_id, draw(a_customer)) for record_id in customers),
        *(
            client_application(record_id, clientType=draw(name), clientId=draw(maybe(st.just(login_id))))
            for record_id, login_id in zip(clients, login_ids, strict=False)
        ),
        *definitions,
        *(
            case(
                record_id,
                department=draw(a_department),
                status=draw(st.sampled_from(["open", "closed"])),
                subject=draw(text),
                created=draw(instant),
                lastModified=draw(instant),
                owner=draw(maybe(a_user)),
                folder=draw(maybe(st.sampled_from(folders))) if folders else None,
                customer=draw(maybe(a_customer)),
                dueDate=draw(maybe(instant)),
                description=draw(maybe(text)),
                relatedCases=draw(some(a_case)),
                custom=draw(custom),
                notes=draw(st.lists(notes, max_size=3, unique_by=lambda drawn: drawn["id"])),
            )
            for record_id in cases
        ),
        *(
            activity(
                record_id,
                case=draw(a_case),
                customer=draw(a_customer),
                activityType=draw(st.sampled_from(list(ActivityType))),
                mode=draw(st.sampled_from(list(ActivityMode))),
                created=draw(instant),
                sent=draw(maybe(instant)),
                read=draw(st.booleans()),
            )
            for record_id in activities
        ),
        session("a-session-that-does-not-travel", user=users[0]),
    ]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Provide an SQLite database, also when the tests run on PostgreSQL."""
    path = tmp_path_factory.mktemp("source") / "casemgr.db"
    engine = create_engine(URL.create("sqlite", database=str(path)))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def target(database_url: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Provide the database that the tests run on; PostgreSQL has another time zone than UTC."""
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def export(engine: Engine) -> bytes:
    with snapshot(engine) as connection:
        lines = list(export_dataset(connection))
        assert len(lines) == count_records(connection)
    return b"".join(lines)


def records(exported: bytes) -> list[Record]:
    return [orjson.loads(line) for line in exported.splitlines()]


def travelling(engine: Engine) -> Mapping[str, list[Record]]:
    """Return the rows of all tables, except what an export leaves out."""
    tables = contents(engine)
    del tables["sessions"]
    for name, column in [
        ("users", "password_hash"),
        ("customers", "password_hash"),
        ("client_applications", "client_secret_hash"),
    ]:
        tables[name] = [row | {column: None} for row in tables[name]]
    return tables


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=12)
@given(dataset=datasets())
def test_an_export_gives_another_database_the_same_records(
    source: Engine, target: Engine, dataset: list[Record]
) -> None:
    clear(source)
    clear(target)
    import_bytes(source, as_lines(dataset))
    exported = export(source)
    import_bytes(target, exported)
    assert travelling(target) == travelling(source)
    assert export(target) == exported


def test_passwords_secrets_and_sessions_are_left_out(engine: Engine) -> None:
    store(engine, *actors())
    store_accounts(engine)
    exported = export(engine)
    assert {record["type"] for record in records(exported)} == {
        "department",
        "role",
        "user",
        "customer",
        "clientApplication",
    }
    assert all(word not in exported.lower() for word in (b"argon2", b"password", b"secret", b"hash"))


def test_a_record_has_the_fields_of_the_dataset_without_their_defaults(stocked: Engine) -> None:
    store(stocked, case(1, dueDate="1969-12-31T23:59:59.5Z"), WHOLE_CASE | {"id": 2})
    plain, whole = (record for record in records(export(stocked)) if record["type"] == "case")
    dates = {"created": "2026-01-02T03:04:05.000Z", "lastModified": "2026-01-03T03:04:05.000Z"}
    assert plain == case(1, **dates, dueDate="1969-12-31T23:59:59.500Z")
    assert whole.keys() == WHOLE_CASE.keys()
    assert (whole["custom"], whole["relatedCases"]) == ({"topics": ["a", "b"]}, [1])


def test_an_export_shows_one_state_of_the_database(stocked: Engine) -> None:
    with snapshot(stocked) as connection:
        lines = export_dataset(connection)
        first = next(lines)
        store(stocked, case(1))
        exported = [first, *lines]
    assert [line for line in exported if b'"case"' in line] == []


@pytest.mark.sqlite
def test_memory_holds_some_rows_at_a_time(stocked: Engine) -> None:
    size, number = 10_000, 500
    store(stocked, *(case(i, notes=[note(1, content="x" * size)]) for i in range(1, number)))
    tracemalloc.start()
    with snapshot(stocked) as connection:
        assert sum(map(len, export_dataset(connection))) > size * (number - 1)
        peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < size * number / 2


@pytest.mark.postgresql
def test_postgresql_sends_some_rows_at_a_time(stocked: Engine) -> None:
    store(stocked, *(folder(number) for number in range(1000, 1200)))
    with snapshot(stocked) as connection:
        cursors = [
            connection.exec_driver_sql("SELECT count(*) FROM pg_cursors WHERE name <> ''").scalar_one()
            for line in export_dataset(connection)
            if b'"folder"' in line
        ]
    assert cursors[:100] == [1] * 100

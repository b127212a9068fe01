"""Importing a dataset again, with --replace, changes nothing (contract DAT-5)."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from casemgr.imports.importer import DatasetError
from tests.casemgr.imports.lines import clear, contents, import_bytes
from tests.factories import (
    Record,
    activity,
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
    user,
)

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]

ids = st.integers(1, 3)
names = st.sampled_from(["x", "y", "z"])
sessions = st.sampled_from([f"session-of-somebody-number-{number}" for number in range(3)])
DELETED = {"deleted": True}


def some(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, max_size=2, unique=True)


def maybe(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | items


cases = st.builds(
    case,
    ids,
    department=st.just(1),
    owner=maybe(st.just(1)),
    customer=maybe(ids),
    folder=maybe(ids),
    relatedCases=some(ids),
    notes=st.lists(st.builds(note, ids, createdBy=st.just(1)), max_size=2, unique_by=lambda item: item["id"]),
    custom=st.dictionaries(names, st.just(["1"]), max_size=2),
)
records = st.one_of(
    st.builds(department, ids, st.sampled_from(["a", "b"])),
    st.builds(sharing, ids, ids, activities=st.booleans()),
    st.builds(role, ids),
    st.builds(
        user,
        ids,
        department=st.just(1),
        foreignDepartments=some(ids),
        roles=some(ids),
        loginId=names,
        disabled=st.booleans(),
    ),
    st.builds(folder, ids),
    st.builds(customer, ids, loginId=maybe(names), disabled=st.booleans()),
    st.builds(grant, ids, ids),
    st.builds(client_application, ids, clientId=maybe(names), disabled=st.booleans()),
    st.builds(attribute, names, st.sampled_from(["string", "integer"])),
    st.builds(enumeration, names, st.just("1"), multiple=st.booleans()),
    cases,
    cases,
    st.builds(activity, ids, case=ids, customer=ids),
    st.builds(
        lambda session_id, owner, owner_id: session(session_id, **{owner: owner_id}),
        sessions,
        st.sampled_from(["user", "customer", "clientApplication"]),
        ids,
    ),
)
deletions = st.one_of(
    st.builds(
        lambda name, record_id: {"type": name, "id": record_id, **DELETED},
        st.sampled_from(["department", "role", "user", "folder", "customer", "clientApplication", "case", "activity"]),
        ids,
    ),
    st.builds(lambda name: {"type": "customAttribute", "name": name, **DELETED}, names),
    st.builds(lambda session_id: {"type": "session", "sessionId": session_id, **DELETED}, sessions),
    st.builds(lambda one, other: {"type": "departmentSharing", "from": one, "to": other, **DELETED}, ids, ids),
    st.builds(lambda one, other: {"type": "customerGrant", "customer": one, "on": other, **DELETED}, ids, ids),
)
datasets = st.lists(records | deletions, max_size=12)

PRESENT: list[Record] = [
    *(department(number) for number in (1, 2, 3)),
    *(role(number) for number in (1, 2)),
    user(1, department=1),
    folder(1),
    *(customer(number) for number in (1, 2)),
    client_application(1),
    attribute("x"),
    case(1, department=1),
    case(2, department=1),
]


def import_good_lines(engine: Engine, dataset: list[Record]) -> list[Record]:
    """Import a dataset without its bad lines, and return the others."""
    while True:
        try:
            import_bytes(engine, as_lines(dataset), replace=True)
        except DatasetError as error:
            dataset = [record for number, record in enumerate(dataset, 1) if number not in error.problems]
        else:
            return dataset


def stored(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all tables; custom attributes have their position in place of their ID."""
    tables = contents(engine)
    position = {row["id"]: place for place, row in enumerate(tables["custom_attributes"])}
    tables["custom_attributes"] = [row | {"id": position[row["id"]]} for row in tables["custom_attributes"]]
    for name in ("custom_values", "enumeration_values"):
        tables[name] = [row | {"attribute_id": position[row["attribute_id"]]} for row in tables[name]]
    return tables


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(before=datasets, dataset=datasets)
def test_repeating_an_import_leaves_the_same_database(
    engine: Engine, before: list[Record], dataset: list[Record]
) -> None:
    clear(engine)
    import_good_lines(engine, [*PRESENT, *before])
    repeated = import_good_lines(engine, dataset)
    once = stored(engine)
    # The second time, a line may mention what a later line has deleted; then the import stores nothing.
    with suppress(DatasetError):
        import_bytes(engine, as_lines(repeated), replace=True)
    assert stored(engine) == once

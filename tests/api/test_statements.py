"""The number of SQL statements is that of the kind of request, not of the IDs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.api.client import cases
from tests.api.conftest import Get, Have
from tests.factories import CLIENT, CUSTOMER, USER, activity, attribute, case, customer, enumeration, grant, note


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collect the statements of every engine, but for BEGIN."""
    statements: list[str] = []

    def collect(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", collect)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", collect)


@pytest.fixture
def many_cases(have: Have) -> None:
    have(
        enumeration("tier", "silver", "gold"),
        attribute("topics", multiple=True),
        customer(31),
        grant(30, 31),
        *(
            case(
                number,
                owner=20,
                customer=30,
                custom={"tier": ["gold"], "topics": ["a", "b"]},
                notes=[note()],
                relatedCases=[1],
            )
            for number in range(1, 76)
        ),
        activity(),
        activity(51, customer=31),
    )


@pytest.mark.parametrize(
    ("session", "query", "at_most"),
    [
        pytest.param(USER, "", 3, id="user, summary"),
        pytest.param(USER, "?$sort=department", 3, id="user, sorted"),
        pytest.param(USER, "?$attribute=all", 6, id="user, all"),
        pytest.param(USER, "?$attribute=all&$sort=custom.tier", 8, id="user, all, sorted by a custom attribute"),
        pytest.param(CLIENT, "", 2, id="client application, summary"),
        pytest.param(CLIENT, "?$attribute=all", 5, id="client application, all"),
    ],
)
@pytest.mark.usefixtures("many_cases")
def test_75_cases_take_as_many_statements_as_one(get: Get, session: str, query: str, at_most: int) -> None:
    counts = []
    for ids in ("1", ",".join(str(number) for number in range(1, 76))):
        with counted_statements() as statements:
            assert cases(get(ids + query, session))
        counts.append(len(statements))
    assert counts == [at_most, at_most]


@pytest.mark.parametrize(
    ("query", "at_most"),
    [("", 3), ("?customer=31", 4), ("?$attribute=all", 4), ("?customer=31&$attribute=all", 5)],
)
@pytest.mark.usefixtures("many_cases")
def test_a_customer_takes_few_statements(get: Get, query: str, at_most: int) -> None:
    with counted_statements() as statements:
        assert cases(get(f"1{query}", CUSTOMER))
    assert len(statements) == at_most


@pytest.mark.parametrize(
    ("path", "at_most"),
    [
        pytest.param("nonsense?nonsense", 2, id="no case is loaded for a request that is not valid"),
        pytest.param("99?$attribute=all", 3, id="nothing else is loaded for a case that does not exist"),
    ],
)
@pytest.mark.usefixtures("many_cases")
def test_an_error_loads_no_more_than_it_needs(get: Get, path: str, at_most: int) -> None:
    with counted_statements() as statements:
        assert get(path).status_code >= 400
    assert len(statements) == at_most

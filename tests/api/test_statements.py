"""The number of SQL statements is that of the kind of request, not of the IDs."""

from collections.abc import Callable

import pytest

from tests.api.client import cases, logged
from tests.api.conftest import Get, Have
from tests.factories import CLIENT, CUSTOMER, USER, activity, attribute, case, customer, enumeration, grant, note

Count = Callable[[], int]


@pytest.fixture
def count(capfd: pytest.CaptureFixture[str]) -> Count:
    """Tell how many statements the last request took."""

    def count() -> int:
        statements = logged(capfd)["statements"]
        assert isinstance(statements, int)
        return statements

    return count


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
        pytest.param(USER, "", 2, id="user, summary"),
        pytest.param(USER, "?$sort=department", 2, id="user, sorted"),
        pytest.param(USER, "?$attribute=all", 2, id="user, all"),
        pytest.param(USER, "?$attribute=all&$sort=custom.tier", 3, id="user, all, sorted by a custom attribute"),
        pytest.param(CLIENT, "", 2, id="client application, summary"),
        pytest.param(CLIENT, "?$attribute=all", 2, id="client application, all"),
    ],
)
@pytest.mark.usefixtures("many_cases")
def test_75_cases_take_as_many_statements_as_one(
    get: Get, session: str, query: str, at_most: int, count: Count
) -> None:
    counts = []
    for ids in ("1", ",".join(str(number) for number in range(1, 76))):
        assert cases(get(ids + query, session))
        counts.append(count())
    assert counts == [at_most, at_most]


@pytest.mark.parametrize(
    ("query", "at_most"),
    [("", 3), ("?customer=31", 4), ("?$attribute=all", 3), ("?customer=31&$attribute=all", 4)],
)
@pytest.mark.usefixtures("many_cases")
def test_a_customer_takes_few_statements(get: Get, query: str, at_most: int, count: Count) -> None:
    assert cases(get(f"1{query}", CUSTOMER))
    assert count() == at_most


@pytest.mark.parametrize(
    ("path", "at_most"),
    [
        pytest.param("nonsense?nonsense", 1, id="no case is loaded for a request that is not valid"),
        pytest.param("99?$attribute=all", 2, id="nothing else is loaded for a case that does not exist"),
    ],
)
@pytest.mark.usefixtures("many_cases")
def test_an_error_loads_no_more_than_it_needs(get: Get, path: str, at_most: int, count: Count) -> None:
    assert get(path).status_code >= 400
    assert count() == at_most

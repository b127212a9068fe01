"""The number of SQL statements depends on the kind of request, not on the number of IDs."""

from collections.abc import Callable

import pytest

from tests.api.client import cases, logged
from tests.api.conftest import GetCases, StoreRecords
from tests.factories import CLIENT, CUSTOMER, USER, activity, attribute, case, customer, enumeration, grant, note

Count = Callable[[], int]


@pytest.fixture
def count(capfd: pytest.CaptureFixture[str]) -> Count:
    """Return a function that returns the number of statements of the last request."""

    def count() -> int:
        statements = logged(capfd)["statements"]
        assert isinstance(statements, int)
        return statements

    return count


@pytest.fixture
def many_cases(store_records: StoreRecords) -> None:
    store_records(
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
    ("session", "query", "expected"),
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
    get_cases: GetCases, session: str, query: str, expected: int, count: Count
) -> None:
    counts = []
    for ids in ("1", ",".join(str(number) for number in range(1, 76))):
        assert cases(get_cases(ids + query, session))
        counts.append(count())
    assert counts == [expected, expected]


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", 2), ("?customer=31", 3), ("?$attribute=all", 2), ("?customer=31&$attribute=all", 3)],
)
@pytest.mark.usefixtures("many_cases")
def test_a_request_of_a_customer_takes_one_statement_more_for_another_customer(
    get_cases: GetCases, query: str, expected: int, count: Count
) -> None:
    assert cases(get_cases(f"1{query}", CUSTOMER))
    assert count() == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("nonsense?nonsense", 1, id="an invalid request loads no case"),
        pytest.param("99?$attribute=all", 2, id="a missing case needs one statement"),
    ],
)
@pytest.mark.usefixtures("many_cases")
def test_an_error_loads_no_more_than_it_needs(get_cases: GetCases, path: str, expected: int, count: Count) -> None:
    assert get_cases(path).status_code >= 400
    assert count() == expected

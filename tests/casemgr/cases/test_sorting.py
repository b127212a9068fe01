"""Sorting while an import changes a definition; tests/api/test_query.py has the rest of contract QRY-3."""

import pytest

from casemgr.cases.query import Order, Sort, SortKey
from casemgr.cases.sorting import sort_cases
from casemgr.domain.cases import Case, CustomAttribute, CustomAttributeDefinition, DataType, NamedValue


def case(case_id: int, value: str) -> Case:
    custom = (CustomAttribute("tier", (NamedValue(value),)),)
    return Case(case_id, 1, "Service", "open", "low", "", "", custom_attributes=custom)


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize(
    ("data_type", "odd", "values"),
    [(DataType.ENUMERATION, "platinum", ("silver", "gold")), (DataType.INTEGER, "many", ("1", "2"))],
)
def test_a_value_that_does_not_match_its_definition_comes_last(
    data_type: DataType, odd: str, values: tuple[str, str], order: Order
) -> None:
    definition = CustomAttributeDefinition(1, "tier", data_type, multiple=False, values=values)
    cases = [case(1, odd), case(2, values[0]), case(3, values[1])]
    in_order = sort_cases(cases, Sort(SortKey.CUSTOM, order, definition))
    assert [found.id for found in in_order] == ([2, 3, 1] if order is Order.ASCENDING else [3, 2, 1])

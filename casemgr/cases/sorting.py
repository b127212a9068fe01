"""The order of cases in a response."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from casemgr.cases.query import Order, Sort, SortKey
from casemgr.domain.cases import Case, CustomAttributeDefinition, DataType

Key = Callable[[Case], Any]
"""Returns the value to sort a case by, which has the same comparable type for all cases, or None."""

_KEYS: Mapping[SortKey, Key] = {
    SortKey.ID: lambda case: case.id,
    SortKey.DEPARTMENT: lambda case: case.department_name.casefold(),
    SortKey.STATUS: lambda case: case.status,
    SortKey.CUSTOMER: lambda case: None if case.customer_name is None else case.customer_name.casefold(),
}


def sort_cases(cases: Iterable[Case], sort: Sort) -> list[Case]:
    """Sort cases. Cases without the value come last in both orders, ties in ascending order of ID.

    Source: contract QRY-3.
    """
    key = _custom_key(sort.definition) if sort.definition else _KEYS[sort.key]
    keyed = [(key(case), case) for case in sorted(cases, key=lambda case: case.id)]
    # The sort is stable, so that ties stay ascending even when it is reversed.
    present = sorted(
        (pair for pair in keyed if pair[0] is not None),
        key=lambda pair: pair[0],
        reverse=sort.order is Order.DESCENDING,
    )
    return [case for _, case in present] + [case for value, case in keyed if value is None]


def _custom_key(definition: CustomAttributeDefinition) -> Key:
    convert = _conversion_of(definition)

    def key(case: Case) -> Any:
        for attribute in case.custom_attributes or ():
            if attribute.name == definition.name:
                try:
                    return convert(attribute.values[0].value)
                except (ValueError, ArithmeticError):
                    # An import has changed the definition since it was loaded.
                    return None
        return None

    return key


def _conversion_of(definition: CustomAttributeDefinition) -> Callable[[str], Decimal | int | str]:
    """Choose the conversion to comparable values; canonical dates compare as text."""
    match definition.data_type:
        case DataType.INTEGER | DataType.DECIMAL:
            # int() refuses more than 4300 digits.
            return Decimal
        case DataType.ENUMERATION:
            return definition.values.index
        case _:
            return str.casefold

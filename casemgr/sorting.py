"""The order of cases in a response."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from casemgr.cases import Case, CustomAttributeDefinition, DataType
from casemgr.parameters import Order, Sort, SortKey

Key = Callable[[Case], Any]
"""Gives what a case is sorted by, of one comparable type for all cases, or None."""

_KEYS: Mapping[SortKey, Key] = {
    SortKey.ID: lambda case: case.id,
    SortKey.DEPARTMENT: lambda case: case.department_name.casefold(),
    SortKey.STATUS: lambda case: case.status,
    SortKey.CUSTOMER: lambda case: None if case.customer_name is None else case.customer_name.casefold(),
}


def sort_cases(cases: Iterable[Case], sort: Sort) -> list[Case]:
    """Sort cases; those without the value come last in both orders, ties are in ascending order of ID.

    Source: contract QRY-3.
    """
    key = _custom_key(sort.definition) if sort.definition else _KEYS[sort.key]
    keyed = [(key(case), case) for case in sorted(cases, key=lambda case: case.id)]
    # A stable sort keeps ties ascending, reversed or not.
    present = sorted(
        (pair for pair in keyed if pair[0] is not None),
        key=lambda pair: pair[0],
        reverse=sort.order is Order.DESCENDING,
    )
    return [case for _, case in present] + [case for value, case in keyed if value is None]


def _custom_key(definition: CustomAttributeDefinition) -> Key:
    convert = _conversion(definition)

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


def _conversion(definition: CustomAttributeDefinition) -> Callable[[str], Decimal | int | str]:
    """Choose how values compare; dates, in their canonical form, compare as text does."""
    match definition.data_type:
        case DataType.INTEGER | DataType.DECIMAL:
            # int() refuses more than 4300 digits.
            return Decimal
        case DataType.ENUMERATION:
            return definition.values.index
        case _:
            return str.casefold

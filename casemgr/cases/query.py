"""The query of a request: from `ids` and the query string to a `CaseQuery`."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl

from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import ALL, ATTRIBUTES, CUSTOM_PREFIX, Attribute
from casemgr.domain.cases import CustomAttributeDefinition
from casemgr.domain.ids import is_well_formed, is_well_formed_list
from casemgr.errors.catalogue import (
    CUSTOMER_NOT_VALID,
    IDS_NOT_VALID,
    IDS_TOO_LONG,
    ORDER_WITHOUT_SORT,
    PARAMETERS_NOT_ALLOWED,
    PARAMETERS_REPEATED,
    TOO_MANY_IDS,
    VALUES_NOT_SUPPORTED,
)
from casemgr.errors.definitions import ApiError, ErrorDef
from casemgr.http.limits import MAX_IDS, MAX_IDS_LENGTH

PARAMETERS: Mapping[ActorKind, tuple[str, ...]] = {
    ActorKind.USER: ("$attribute", "$sort", "$order"),
    ActorKind.CLIENT_APPLICATION: ("$attribute", "$sort", "$order"),
    ActorKind.CUSTOMER: ("$attribute", "customer"),
}
"""The query parameters of each kind of actor. Source: contract QRY-1."""

_LISTS = frozenset({"$attribute"})
"""Parameters that may be repeated instead of separating their elements by commas. Source: contract QRY-1."""

_PLAIN_ATTRIBUTES: Mapping[ActorKind, Mapping[str, Attribute]] = {
    kind: {attribute.value: attribute for attribute in attributes if attribute is not Attribute.CUSTOM_ATTRIBUTES}
    for kind, attributes in ATTRIBUTES.items()
}

_E = TypeVar("_E", bound=StrEnum)


class SortKey(StrEnum):
    """A value of `$sort`."""

    ID = "id"
    DEPARTMENT = "department"
    STATUS = "status"
    CUSTOMER = "customer"
    CUSTOM = "custom.<name>"


class Order(StrEnum):
    """A value of `$order`."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True)
class Sort:
    """The order that the request asks for.

    :param definition: the custom attribute to sort by; None when the key is another one.
    """

    key: SortKey
    order: Order = Order.ASCENDING
    definition: CustomAttributeDefinition | None = None


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """A valid query.

    :param case_ids: each ID once, in the order first supplied; digits, possibly more than fit a column.
    :param custom_names: the custom attributes to represent; None means all of them.
    :param customer_id: the value of the parameter `customer`; None when it is absent.
    """

    case_ids: tuple[str, ...]
    attributes: frozenset[Attribute] = frozenset()
    custom_names: frozenset[str] | None = frozenset()
    sort: Sort | None = None
    customer_id: str | None = None


LoadDefinitions = Callable[[frozenset[str]], Mapping[str, CustomAttributeDefinition]]
"""Loads the definitions of those custom attributes among the named ones that exist, by name."""


def parse_query(kind: ActorKind, ids: str, query_string: str, load_definitions: LoadDefinitions) -> CaseQuery:
    """Parse and check `ids` and the query string.

    :param ids: the decoded last segment of the path.
    :param query_string: as received, still percent-encoded.
    :param load_definitions: called only when the query names custom attributes.
    :raises ApiError: the first check that fails, in the order of the contract, with everything that fails it.

    Source: contract URL-2 to URL-5, QRY-1 to QRY-5, ORD-1.
    """
    values = parse_parameters(query_string, PARAMETERS[kind], PARAMETERS_NOT_ALLOWED)
    if not values:
        return CaseQuery(_parse_ids(ids, MAX_IDS[kind]))
    if "$order" in values and "$sort" not in values:
        raise ApiError(ORDER_WITHOUT_SORT, parameter="$sort", order="$order")
    custom_names = _custom_names(_elements(values.get("$attribute")) + _elements(values.get("$sort")))
    definitions = load_definitions(custom_names) if custom_names else {}
    attributes, custom = _parse_attributes(kind, values.get("$attribute"), definitions)
    sort = _parse_sort(values.get("$sort"), values.get("$order"), definitions)
    customer_id = _parse_customer(values.get("customer"))
    case_ids = _parse_ids(ids, MAX_IDS[kind])
    return CaseQuery(case_ids, attributes, custom, sort, customer_id)


def parse_parameters(query_string: str, allowed: Sequence[str], unknown_error: ErrorDef) -> dict[str, str]:
    """Parse a query string.

    :param query_string: as received, still percent-encoded.
    :param allowed: the names of the parameters that may be given.
    :param unknown_error: the error for other parameters.
    :returns: the values by name; those of a repeated list are joined by commas.
    :raises ApiError: the given error, or PARAMETERS_REPEATED.

    Source: contract QRY-1.
    """
    if not query_string:
        return {}
    pairs = parse_qsl(query_string, keep_blank_values=True, errors="replace")
    counts = Counter(name for name, _ in pairs)
    if unknown := [name for name in counts if name not in allowed]:
        raise ApiError(unknown_error, parameter=unknown)
    if repeated := [name for name, count in counts.items() if count > 1 and name not in _LISTS]:
        raise ApiError(PARAMETERS_REPEATED, parameter=repeated)
    return {name: ",".join(value for other, value in pairs if other == name) for name in counts}


def parse_choice(enumeration: type[_E], parameter: str, value: str, placeholder: _E | None = None) -> _E:
    """Parse the value of a parameter that takes one of a few values.

    :param placeholder: a member that is no value itself, but stands for some in lists of supported values.
    :raises ApiError: VALUES_NOT_SUPPORTED.
    """
    if value not in set(enumeration) - {placeholder}:
        raise ApiError(VALUES_NOT_SUPPORTED, parameter=parameter, value=[value], supported=list(enumeration))
    return enumeration(value)


def _elements(value: str | None) -> list[str]:
    return [] if value is None else value.split(",")


def _custom_names(elements: Sequence[str]) -> frozenset[str]:
    names = (element.removeprefix(CUSTOM_PREFIX) for element in elements if element.startswith(CUSTOM_PREFIX))
    # No attribute has U+0000 in its name, and SQLite would compare the name only up to there.
    return frozenset(name for name in names if "\0" not in name)


def _parse_attributes(
    kind: ActorKind, value: str | None, definitions: Mapping[str, CustomAttributeDefinition]
) -> tuple[frozenset[Attribute], frozenset[str] | None]:
    if value is None:
        return frozenset(), frozenset()
    plain = _PLAIN_ATTRIBUTES[kind]
    custom = {CUSTOM_PREFIX + name: name for name in definitions}
    elements = dict.fromkeys(_elements(value))
    known = {ALL, *plain, *custom}
    if wrong := [element for element in elements if element not in known]:
        raise ApiError(VALUES_NOT_SUPPORTED, parameter="$attribute", value=wrong, supported=[ALL, *ATTRIBUTES[kind]])
    if ALL in elements:
        return frozenset(ATTRIBUTES[kind]), None
    custom_names = frozenset(custom[element] for element in elements if element in custom)
    attributes = {plain[element] for element in elements if element in plain}
    return frozenset(attributes | ({Attribute.CUSTOM_ATTRIBUTES} if custom_names else set())), custom_names


def _parse_sort(
    value: str | None, order: str | None, definitions: Mapping[str, CustomAttributeDefinition]
) -> Sort | None:
    if value is None:
        return None
    definition = definitions.get(value.removeprefix(CUSTOM_PREFIX)) if value.startswith(CUSTOM_PREFIX) else None
    key = SortKey.CUSTOM if definition else parse_choice(SortKey, "$sort", value, placeholder=SortKey.CUSTOM)
    return Sort(key, Order.ASCENDING if order is None else parse_choice(Order, "$order", order), definition)


def _parse_customer(value: str | None) -> str | None:
    if value is not None and not is_well_formed(value):
        raise ApiError(CUSTOMER_NOT_VALID, parameter="customer", value=value)
    return value


def _parse_ids(ids: str, limit: int) -> tuple[str, ...]:
    if len(ids) > MAX_IDS_LENGTH:
        raise ApiError(IDS_TOO_LONG, limit=MAX_IDS_LENGTH, ids=ids)
    elements: Sequence[str] = ids.split(",")
    unique = tuple(dict.fromkeys(elements))
    if not is_well_formed_list(ids):
        raise ApiError(IDS_NOT_VALID, id=[element for element in unique if not is_well_formed(element)])
    if len(elements) > limit:
        raise ApiError(TOO_MANY_IDS, limit=limit, ids=ids)
    return unique

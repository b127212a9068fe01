"""The request itself: from IDs and query string to a `CaseQuery`, or to the error that names all that is wrong."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl

from casemgr.actors import ActorKind
from casemgr.attributes import ALL, ATTRIBUTES, CUSTOM_PREFIX, Attribute
from casemgr.cases import CustomAttributeDefinition
from casemgr.errors import (
    CUSTOMER_NOT_VALID,
    IDS_NOT_VALID,
    IDS_TOO_LONG,
    ORDER_WITHOUT_SORT,
    PARAMETERS_NOT_ALLOWED,
    PARAMETERS_REPEATED,
    PARAMETERS_UNKNOWN,
    TOO_MANY_IDS,
    VALUES_NOT_SUPPORTED,
    ApiError,
    ErrorDef,
)
from casemgr.ids import is_well_formed, is_well_formed_list

MAX_IDS_LENGTH = 20_000
"""Characters of `ids` after decoding. Source: contract URL-3."""

MAX_IDS: Mapping[ActorKind, int] = {
    ActorKind.USER: 75,
    ActorKind.CLIENT_APPLICATION: 75,
    ActorKind.CUSTOMER: 1,
}
"""How many IDs each kind of actor may supply. Source: contract URL-5, ACC-8."""

PARAMETERS: Mapping[ActorKind, tuple[str, ...]] = {
    ActorKind.USER: ("$attribute", "$sort", "$order"),
    ActorKind.CLIENT_APPLICATION: ("$attribute", "$sort", "$order"),
    ActorKind.CUSTOMER: ("$attribute", "customer"),
}
"""The query parameters of each kind of actor. Source: contract QRY-1."""

_PLAIN_ATTRIBUTES: Mapping[ActorKind, Mapping[str, Attribute]] = {
    kind: {attribute.value: attribute for attribute in attributes if attribute is not Attribute.CUSTOM_ATTRIBUTES}
    for kind, attributes in ATTRIBUTES.items()
}

_FORCE_LOGIN = "forceLogin"

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


class ForceLogin(StrEnum):
    """A value of `forceLogin`."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Sort:
    """How the cases are sorted; the definition is that of the custom attribute, where they are sorted by one."""

    key: SortKey
    order: Order = Order.ASCENDING
    definition: CustomAttributeDefinition | None = None


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """A valid request.

    :param case_ids: each ID once, in the order first supplied; digits, however many.
    :param custom_names: the custom attributes asked for; None means every one.
    :param customer_id: the customer whom the request names; None when it names none.
    """

    case_ids: tuple[str, ...]
    attributes: frozenset[Attribute] = frozenset()
    custom_names: frozenset[str] | None = frozenset()
    sort: Sort | None = None
    customer_id: str | None = None


LoadDefinitions = Callable[[frozenset[str]], Mapping[str, CustomAttributeDefinition]]
"""Gives those of the named custom attributes that are defined, by name."""


def parse_query(kind: ActorKind, ids: str, query_string: str, load_definitions: LoadDefinitions) -> CaseQuery:
    """Parse and check everything that the request names.

    :param ids: the decoded last segment of the path.
    :param query_string: as received, still percent-encoded.
    :param load_definitions: asked only when the request names custom attributes.
    :raises ApiError: the first check that fails, in the order of the contract, with everything that fails it.

    Source: contract URL-2 to URL-5, QRY-1 to QRY-5, ORD-1.
    """
    values = _parse_pairs(query_string, PARAMETERS[kind], PARAMETERS_NOT_ALLOWED)
    if not values:
        return CaseQuery(_parse_ids(ids, MAX_IDS[kind]))
    if "$order" in values and "$sort" not in values:
        raise ApiError(ORDER_WITHOUT_SORT, parameter="$sort", order="$order")
    names = _elements(values.get("$attribute")) + _elements(values.get("$sort"))
    custom_names = frozenset(name.removeprefix(CUSTOM_PREFIX) for name in names if name.startswith(CUSTOM_PREFIX))
    definitions = load_definitions(custom_names) if custom_names else {}
    attributes, custom = _parse_attributes(kind, values.get("$attribute"), definitions)
    sort = _parse_sort(values.get("$sort"), values.get("$order"), definitions)
    customer_id = _parse_customer(values.get("customer"))
    case_ids = _parse_ids(ids, MAX_IDS[kind])
    return CaseQuery(case_ids, attributes, custom, sort, customer_id)


def parse_force_login(query_string: str) -> bool:
    """Parse the query of a login: whether the oldest session may be ended for the new one.

    :param query_string: as received, still percent-encoded.
    :raises ApiError: PARAMETERS_UNKNOWN, PARAMETERS_REPEATED or VALUES_NOT_SUPPORTED.
    """
    values = _parse_pairs(query_string, (_FORCE_LOGIN,), PARAMETERS_UNKNOWN)
    return _FORCE_LOGIN in values and _member(ForceLogin, _FORCE_LOGIN, values[_FORCE_LOGIN]) is ForceLogin.YES


def _parse_pairs(query_string: str, known: Sequence[str], unknown_error: ErrorDef) -> dict[str, str]:
    if not query_string:
        return {}
    pairs = parse_qsl(query_string, keep_blank_values=True, errors="replace")
    counts = Counter(name for name, _ in pairs)
    if unknown := [name for name in counts if name not in known]:
        raise ApiError(unknown_error, parameter=unknown)
    if repeated := [name for name, count in counts.items() if count > 1]:
        raise ApiError(PARAMETERS_REPEATED, parameter=repeated)
    return dict(pairs)


def _elements(value: str | None) -> list[str]:
    return [] if value is None else value.split(",")


def _parse_attributes(
    kind: ActorKind, value: str | None, definitions: Mapping[str, CustomAttributeDefinition]
) -> tuple[frozenset[Attribute], frozenset[str] | None]:
    if value is None:
        return frozenset(), frozenset()
    plain = _PLAIN_ATTRIBUTES[kind]
    custom = {CUSTOM_PREFIX + name: name for name in definitions}
    elements = dict.fromkeys(_elements(value))
    if wrong := [element for element in elements if element not in {ALL, *plain, *custom}]:
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
    key = SortKey.CUSTOM if definition else _member(SortKey, "$sort", value, unsupported=SortKey.CUSTOM)
    return Sort(key, Order.ASCENDING if order is None else _member(Order, "$order", order), definition)


def _member(enumeration: type[_E], parameter: str, value: str, unsupported: _E | None = None) -> _E:
    """Select the member with this value; one that only stands for others in lists is not a value itself."""
    if value not in set(enumeration) - {unsupported}:
        raise ApiError(VALUES_NOT_SUPPORTED, parameter=parameter, value=[value], supported=list(enumeration))
    return enumeration(value)


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

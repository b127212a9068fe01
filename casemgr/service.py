"""These cases for this actor."""

from collections.abc import Sequence

from casemgr import repository
from casemgr.access import as_seen_by, check_cases
from casemgr.actors import Actor, Customer
from casemgr.cases import Case
from casemgr.database import Source
from casemgr.errors import CASES_NOT_FOUND, NO_GRANT_ON_CUSTOMER, ApiError
from casemgr.ids import convert_id, parse_id
from casemgr.parameters import CaseQuery
from casemgr.sorting import sort_cases


def retrieve_cases(source: Source, actor: Actor, query: CaseQuery) -> list[Case]:
    """Load the cases that a request asks for, check them, and put them in order.

    :raises ApiError: NO_GRANT_ON_CUSTOMER, CASES_NOT_FOUND or CASES_FORBIDDEN, in this order.

    Source: contract ORD-1, ORD-2, ACC-7 to ACC-13, URL-6.
    """
    if isinstance(actor, Customer):
        cases = _load_for_customer(source, actor, query)
    else:
        cases = _load_cases(source, query)
        check_cases(actor, cases)
    in_order = sort_cases(cases, query.sort) if query.sort else cases
    return _select_custom_attributes(in_order, query.custom_names) if query.custom_names else in_order


def _load_cases(source: Source, query: CaseQuery) -> list[Case]:
    numbers = list(map(convert_id, query.case_ids))
    cases = repository.load_cases(
        source, list(filter(None, numbers)), query.attributes, custom=_needs_custom_attributes(query)
    )
    if missing := [case_id for case_id, number in zip(query.case_ids, numbers, strict=True) if number not in cases]:
        raise ApiError(CASES_NOT_FOUND, id=missing)
    return [cases[number] for number in numbers if number]


def _load_for_customer(source: Source, actor: Customer, query: CaseQuery) -> list[Case]:
    customer = _effective_customer(source, actor, query.customer_id)
    (case,) = _load_cases(source, query)
    summary = repository.load_activity_summary(source, case.id, customer.id)
    if summary is None:
        raise ApiError(CASES_NOT_FOUND, id=[str(case.id)])
    return [as_seen_by(customer, case, summary, asked_by=actor)]


def _effective_customer(source: Source, actor: Customer, customer_id: str | None) -> Customer:
    """Select the customer whom the request is made for (contract ACC-9)."""
    if customer_id is None or customer_id == str(actor.id):
        return actor
    number = parse_id(customer_id)
    if number is None or not repository.has_grant(source, actor.id, number):
        raise ApiError(NO_GRANT_ON_CUSTOMER, customer=customer_id)
    return Customer(number)


def _needs_custom_attributes(query: CaseQuery) -> bool:
    sorted_by = query.sort.definition if query.sort else None
    return query.custom_names is None or bool(query.custom_names) or sorted_by is not None


def _select_custom_attributes(cases: Sequence[Case], names: frozenset[str]) -> list[Case]:
    return [
        case._replace(custom_attributes=tuple(one for one in case.custom_attributes or () if one.name in names))
        for case in cases
    ]

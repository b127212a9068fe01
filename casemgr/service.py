"""These cases for this actor."""

from collections.abc import Sequence

from casemgr import repository
from casemgr.access import as_seen_by, check_cases
from casemgr.actors import Actor, Customer
from casemgr.cases import Case
from casemgr.database import Source
from casemgr.errors import CASES_NOT_FOUND, NO_GRANT_ON_CUSTOMER, ApiError
from casemgr.ids import parse_id
from casemgr.parameters import CaseQuery, Sort
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
    return _sort(cases, query, query.sort) if query.sort else cases


def _load_cases(source: Source, query: CaseQuery) -> list[Case]:
    ids = [number for case_id in query.case_ids if (number := parse_id(case_id))]
    found = repository.load_cases(source, ids, query.attributes, _custom_names(query))
    cases = {str(case_id): case for case_id, case in found.items()}
    if missing := [case_id for case_id in query.case_ids if case_id not in cases]:
        raise ApiError(CASES_NOT_FOUND, id=missing)
    return [cases[case_id] for case_id in query.case_ids]


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


def _custom_names(query: CaseQuery) -> frozenset[str] | None:
    """Name the custom attributes that are asked for, and the one to sort by."""
    if query.custom_names is None or query.sort is None or query.sort.definition is None:
        return query.custom_names
    return query.custom_names | {query.sort.definition.name}


def _sort(cases: Sequence[Case], query: CaseQuery, sort: Sort) -> list[Case]:
    in_order = sort_cases(cases, sort)
    asked = query.custom_names
    if asked is None or sort.definition is None or sort.definition.name in asked:
        return in_order
    return [
        case._replace(custom_attributes=tuple(custom for custom in case.custom_attributes if custom.name in asked))
        for case in in_order
    ]

"""These cases for this actor."""

from collections.abc import Sequence

from casemgr import repository
from casemgr.access import as_seen_by, check_cases
from casemgr.actors import Actor, Customer
from casemgr.attributes import Attribute
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
    return _complete(source, _sort(source, cases, query.sort) if query.sort else cases, query)


def _load_cases(source: Source, query: CaseQuery) -> list[Case]:
    ids = [number for case_id in query.case_ids if (number := parse_id(case_id))]
    found = repository.load_cases(source, ids, query.attributes)
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


def _sort(source: Source, cases: Sequence[Case], sort: Sort) -> list[Case]:
    if sort.definition is None:
        return sort_cases(cases, sort)
    names = frozenset({sort.definition.name})
    return sort_cases(cases, sort, repository.load_custom_attributes(source, _ids(cases), names))


def _complete(source: Source, cases: list[Case], query: CaseQuery) -> list[Case]:
    """Add what hangs off the cases, as far as it was asked for."""
    asked = query.attributes
    ids = _ids(cases)
    notes = repository.load_notes(source, ids) if Attribute.NOTES in asked else {}
    custom = (
        repository.load_custom_attributes(source, ids, query.custom_names)
        if Attribute.CUSTOM_ATTRIBUTES in asked
        else {}
    )
    if not (notes or custom):
        return cases
    return [case._replace(notes=notes.get(case.id, ()), custom_attributes=custom.get(case.id, ())) for case in cases]


def _ids(cases: Sequence[Case]) -> list[int]:
    return [case.id for case in cases]

"""Retrieves the cases of a query for an actor."""

from collections.abc import Sequence

from casemgr.cases import repository
from casemgr.cases.access import check_cases, redact_for, select_effective_customer
from casemgr.cases.query import CaseQuery
from casemgr.cases.sorting import sort_cases
from casemgr.database.statements import Source
from casemgr.domain.actors import Actor, Customer, User
from casemgr.domain.cases import Case
from casemgr.domain.ids import convert_id
from casemgr.errors.catalogue import CASES_NOT_FOUND
from casemgr.errors.definitions import ApiError


def retrieve_cases(source: Source, actor: Actor, query: CaseQuery) -> list[Case]:
    """Load the cases of a query, check permissions, and sort them.

    :raises ApiError: NO_GRANT_ON_CUSTOMER, CASES_NOT_FOUND or CASES_FORBIDDEN, in this order.

    Source: contract ORD-1, ORD-2, ACC-7 to ACC-13, URL-6.
    """
    if isinstance(actor, Customer):
        cases = [_load_for_customer(source, actor, query)]
    else:
        cases = _load_cases(source, query)
        # A client application may read every case (contract ACC-5).
        if isinstance(actor, User):
            check_cases(actor, cases)
    in_order = sort_cases(cases, query.sort) if query.sort else cases
    return _select_custom_attributes(in_order, query.custom_names) if query.custom_names else in_order


def _load_cases(source: Source, query: CaseQuery, visible_to: int | None = None) -> list[Case]:
    numbers = list(map(convert_id, query.case_ids))
    cases = repository.load_cases(
        source,
        list(filter(None, numbers)),
        query.attributes,
        custom=_needs_custom_attributes(query),
        visible_to=visible_to,
    )
    if missing := [case_id for case_id, number in zip(query.case_ids, numbers, strict=True) if number not in cases]:
        raise ApiError(CASES_NOT_FOUND, id=missing)
    return [cases[number] for number in numbers if number]


def _load_for_customer(source: Source, actor: Customer, query: CaseQuery) -> Case:
    customer = select_effective_customer(source, actor, query.customer_id)
    # An invisible case does not differ from one that does not exist (contract ACC-10).
    (case,) = _load_cases(source, query, visible_to=customer.id)
    return redact_for(customer, case, asked_by=actor)


def _needs_custom_attributes(query: CaseQuery) -> bool:
    sorted_by = query.sort.definition if query.sort else None
    return query.custom_names is None or bool(query.custom_names) or sorted_by is not None


def _select_custom_attributes(cases: Sequence[Case], names: frozenset[str]) -> list[Case]:
    return [
        case._replace(custom_attributes=tuple(one for one in case.custom_attributes or () if one.name in names))
        for case in cases
    ]

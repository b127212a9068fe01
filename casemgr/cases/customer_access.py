"""The access of customers: on whose behalf they ask, which activities are visible, and what a case then shows."""

from sqlalchemy import and_, bindparam, case, func, or_, select

from casemgr.database import models
from casemgr.database.statements import InstantText, Source, Statement
from casemgr.domain.actors import Customer
from casemgr.domain.cases import ActivityMode, ActivitySummary, ActivityType, Case
from casemgr.domain.ids import parse_id
from casemgr.errors.catalogue import NO_GRANT_ON_CUSTOMER
from casemgr.errors.definitions import ApiError

_SELECT_GRANT = Statement(
    select(models.CustomerGrant.customer_id).where(
        models.CustomerGrant.customer_id == bindparam("customer_id"),
        models.CustomerGrant.on_customer_id == bindparam("on_customer_id"),
    )
)

_OUTBOUND_EMAIL = and_(
    models.Activity.activity_type == ActivityType.EMAIL, models.Activity.mode == ActivityMode.OUTBOUND
)
_VISIBLE = or_(
    and_(models.Activity.activity_type == ActivityType.EMAIL, models.Activity.mode == ActivityMode.INBOUND),
    and_(_OUTBOUND_EMAIL, models.Activity.sent.is_not(None)),
    *(
        models.Activity.activity_type == other
        for other in (ActivityType.CHAT, ActivityType.CALLTRACK, ActivityType.SOCIAL)
    ),
)
"""SQL that is true if the customer whom an activity names may see it. Source: contract ACC-11."""

# Source: contract ACC-12.
_SELECT_ACTIVITY_SUMMARY = Statement(
    select(
        InstantText(func.max(case((_OUTBOUND_EMAIL, models.Activity.sent), else_=models.Activity.created))),
        func.count().filter(models.Activity.read.is_(False)),
    ).where(
        models.Activity.case_id == bindparam("case_id"),
        models.Activity.customer_id == bindparam("customer_id"),
        _VISIBLE,
    )
)


def select_effective_customer(source: Source, customer: Customer, customer_id: str | None) -> Customer:
    """Select the customer whom the request is made for.

    :param customer_id: the value of the query parameter `customer`, a well-formed ID; None when it is absent.
    :raises ApiError: NO_GRANT_ON_CUSTOMER.

    Source: contract ACC-9.
    """
    if customer_id is None or customer_id == str(customer.id):
        return customer
    number = parse_id(customer_id)
    if number is None or not _has_grant(source, customer.id, number):
        raise ApiError(NO_GRANT_ON_CUSTOMER, customer=customer_id)
    return Customer(number)


def _has_grant(source: Source, customer_id: int, on_customer_id: int) -> bool:
    return bool(_SELECT_GRANT.execute(source, {"customer_id": customer_id, "on_customer_id": on_customer_id}))


def load_activity_summary(source: Source, case_id: int, customer_id: int) -> ActivitySummary | None:
    """Summarise the activities of a case that are visible to a customer.

    :returns: None when no activity is visible or the case does not exist.

    Source: contract ACC-10 to ACC-12.
    """
    [(recent, unread)] = _SELECT_ACTIVITY_SUMMARY.execute(source, {"case_id": case_id, "customer_id": customer_id})
    return None if recent is None else ActivitySummary(recent, unread)


def redact_for(customer: Customer, case: Case, summary: ActivitySummary, asked_by: Customer) -> Case:
    """Remove another customer from a case, and add the summary of the visible activities.

    The schema of customers has no attributes of staff and organisation, so these need not be removed.

    :param customer: the customer whom the request is made for.
    :param asked_by: the customer who is logged in.

    Source: contract ACC-12, ACC-13.
    """
    own = case.customer_id == customer.id
    return case._replace(
        customer_id=case.customer_id if own else None,
        customer_name=case.customer_name if own else None,
        recent_activity_date=summary.recent_activity_date,
        unread_activity_count=summary.unread_activity_count,
        on_behalf_of=None if customer == asked_by else customer.id,
    )

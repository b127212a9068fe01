"""Who may do what: decisions on loaded data."""

from collections.abc import Iterable
from dataclasses import dataclass

from casemgr.actors import Actor, ClientApplication, Customer, User
from casemgr.cases import ActivitySummary, Case
from casemgr.errors import ACTION_MISSING, CASES_FORBIDDEN, CLIENT_NOT_API, ApiError

API = "API"
"""The type of client application that may ask for cases. Source: contract ACC-5."""


@dataclass(frozen=True, slots=True)
class Permission:
    """An action on a resource, as roles list them."""

    action: str
    resource: str


VIEW_AGENT_CONSOLE = Permission("View Agent Console", "System")


def authorise(actor: Actor) -> None:
    """Check what the actor may do at all.

    :raises ApiError: ACTION_MISSING or CLIENT_NOT_API.

    Source: contract ACC-5, ACC-6.
    """
    match actor:
        case User(may_view_agent_console=False):
            raise ApiError(ACTION_MISSING, action=VIEW_AGENT_CONSOLE.action, resource=VIEW_AGENT_CONSOLE.resource)
        case ClientApplication(client_type=client_type) if client_type != API:
            raise ApiError(CLIENT_NOT_API)


def may_read_case(actor: Actor, requested: Case) -> bool:
    """Judge a case by its department (contract ACC-5, ACC-7); what a customer may see depends on activities instead."""
    match actor:
        case User():
            return requested.department_id in actor.readable_department_ids
        case ClientApplication():
            return True
        case Customer():
            return False


def check_cases(actor: Actor, cases: Iterable[Case]) -> None:
    """Check the permission on each case.

    :raises ApiError: CASES_FORBIDDEN, naming every case that the actor may not see.
    """
    if forbidden := [str(case.id) for case in cases if not may_read_case(actor, case)]:
        raise ApiError(CASES_FORBIDDEN, id=forbidden)


def as_seen_by(customer: Customer, case: Case, summary: ActivitySummary, asked_by: Customer) -> Case:
    """Take another customer's name out of a case, and add what the effective customer learns of its activities.

    Staff and organisation are no attributes of the customer's schema, so that they need no taking out.

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

"""Access: who may request cases at all, which cases a user may read, and what a customer sees of a case."""

from collections.abc import Iterable

from sqlalchemy import and_, bindparam, case, exists, func, or_, select

from casemgr.database import models
from casemgr.database.statements import InstantText, IsOneOf, ListRows, Source, Statement
from casemgr.domain.actors import VIEW_AGENT_CONSOLE, Actor, ClientApplication, Customer, User
from casemgr.domain.cases import ActivityMode, ActivityType, Case
from casemgr.domain.ids import parse_id
from casemgr.errors.catalogue import ACTION_MISSING, CASES_FORBIDDEN, CLIENT_NOT_API, NO_GRANT_ON_CUSTOMER
from casemgr.errors.definitions import ApiError

API = "API"
"""The type of client application that may request cases. Source: contract ACC-5."""

MAY_VIEW_AGENT_CONSOLE = exists().where(
    models.UserRole.user_id == models.User.id,
    models.RoleAction.role_id == models.UserRole.role_id,
    models.RoleAction.action == VIEW_AGENT_CONSOLE.action,
    models.RoleAction.resource == VIEW_AGENT_CONSOLE.resource,
)
"""SQL for `User.may_view_agent_console`. Source: contract ACC-6."""


def check_admission(actor: Actor) -> None:
    """Check that the actor may request cases at all.

    :raises ApiError: ACTION_MISSING or CLIENT_NOT_API.

    Source: contract ACC-5, ACC-6.
    """
    match actor:
        case User(may_view_agent_console=False):
            raise ApiError(ACTION_MISSING, action=VIEW_AGENT_CONSOLE.action, resource=VIEW_AGENT_CONSOLE.resource)
        case ClientApplication(client_type=client_type) if client_type != API:
            raise ApiError(CLIENT_NOT_API)


FOREIGN_DEPARTMENTS = (
    select(ListRows(models.ForeignDepartment.department_id))
    .where(models.ForeignDepartment.user_id == models.User.id)
    .scalar_subquery()
)
"""SQL for the departments in which the user is a foreign user."""

# Sharing has a direction. It counts for the home department only, never for foreign ones, and is not transitive.
SHARING_DEPARTMENTS = (
    select(ListRows(models.DepartmentSharing.from_department_id))
    .where(
        models.DepartmentSharing.to_department_id == models.User.department_id,
        models.DepartmentSharing.activities.is_(True),
    )
    .scalar_subquery()
)
"""SQL for the departments that share activities with the home department of the user."""


def readable_departments(home: int, foreign: Iterable[tuple[int]], sharing: Iterable[tuple[int]]) -> frozenset[int]:
    """Combine the departments whose cases a user may read.

    :param home: the ID of the home department.
    :param foreign: the rows of FOREIGN_DEPARTMENTS.
    :param sharing: the rows of SHARING_DEPARTMENTS.

    Source: contract ACC-7.
    """
    return frozenset([home, *(department for (department,) in (*foreign, *sharing))])


def check_cases(user: User, cases: Iterable[Case]) -> None:
    """Check the permission on each case.

    :raises ApiError: CASES_FORBIDDEN, naming every case that the user may not read.

    Source: contract ACC-7, ORD-2.
    """
    if forbidden := [str(case.id) for case in cases if case.department_id not in user.readable_department_ids]:
        raise ApiError(CASES_FORBIDDEN, id=forbidden)


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

VISIBLE_ACTIVITIES = (
    select(
        models.Activity.case_id,
        InstantText(func.max(case((_OUTBOUND_EMAIL, models.Activity.sent), else_=models.Activity.created))).label(
            "recent_activity_date"
        ),
        func.count().filter(models.Activity.read.is_(False)).label("unread_activity_count"),
    )
    .where(IsOneOf(models.Activity.case_id, "ids"), models.Activity.customer_id == bindparam("visible_to"), _VISIBLE)
    .group_by(models.Activity.case_id)
    .subquery()
)
"""SQL that summarises the activities which a customer may see, in a row for each case that has such activities.

Source: contract ACC-10 to ACC-12.
"""


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


def redact_for(customer: Customer, case: Case, asked_by: Customer) -> Case:
    """Remove another customer from a case.

    The schema of customers has no attributes of staff and organisation, so these need not be removed.

    :param customer: the customer whom the request is made for.
    :param asked_by: the customer who is logged in.

    Source: contract ACC-13.
    """
    own = case.customer_id == customer.id
    return case._replace(
        customer_id=case.customer_id if own else None,
        customer_name=case.customer_name if own else None,
        on_behalf_of=None if customer == asked_by else customer.id,
    )

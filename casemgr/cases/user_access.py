"""Which cases a user may read: those of their departments, and of departments that share with the home department."""

from collections.abc import Iterable

from sqlalchemy import select

from casemgr.database import models
from casemgr.database.statements import ListRows
from casemgr.domain.actors import User
from casemgr.domain.cases import Case
from casemgr.errors.catalogue import CASES_FORBIDDEN
from casemgr.errors.definitions import ApiError

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

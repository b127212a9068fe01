"""Admission: which actors may request cases at all."""

from sqlalchemy import exists

from casemgr.database import models
from casemgr.domain.actors import VIEW_AGENT_CONSOLE, Actor, ClientApplication, User
from casemgr.errors.catalogue import ACTION_MISSING, CLIENT_NOT_API
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

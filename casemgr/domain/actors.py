"""The actors: who calls, and the permissions that were loaded with their session."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import ClassVar


class ActorKind(StrEnum):
    """The kinds of actor. Each kind has its own query parameters, attributes and permissions."""

    USER = auto()
    CUSTOMER = auto()
    CLIENT_APPLICATION = auto()


@dataclass(frozen=True, slots=True)
class Permission:
    """An action on a resource, as roles list them."""

    action: str
    resource: str


VIEW_AGENT_CONSOLE = Permission("View Agent Console", "System")
"""The permission that a user needs to retrieve cases. Source: contract ACC-6."""


@dataclass(frozen=True, slots=True)
class User:
    """An agent.

    :param may_view_agent_console: whether one of the user's roles grants VIEW_AGENT_CONSOLE.
    :param readable_department_ids: the departments whose cases the user may read (contract ACC-7).
    """

    kind: ClassVar = ActorKind.USER
    id: int
    may_view_agent_console: bool
    readable_department_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, who requests a case for themselves or on behalf of another customer."""

    kind: ClassVar = ActorKind.CUSTOMER
    id: int


@dataclass(frozen=True, slots=True)
class ClientApplication:
    """A program that calls in its own name."""

    kind: ClassVar = ActorKind.CLIENT_APPLICATION
    id: int
    client_type: str


Actor = User | Customer | ClientApplication

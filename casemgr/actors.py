"""Who calls, and what each of them is allowed, as loaded with the session."""

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import ClassVar


class ActorKind(StrEnum):
    """The kinds of actor, each with its own parameters, attributes and permissions."""

    USER = auto()
    CUSTOMER = auto()
    CLIENT_APPLICATION = auto()


@dataclass(frozen=True, slots=True)
class User:
    """An agent.

    :param may_view_agent_console: whether a role gives the action `View Agent Console` on the resource `System`.
    :param readable_department_ids: the departments whose cases the user may see (contract ACC-7).
    """

    kind: ClassVar = ActorKind.USER
    id: int
    may_view_agent_console: bool
    readable_department_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer who looks at a case of their own, or on behalf of another customer."""

    kind: ClassVar = ActorKind.CUSTOMER
    id: int


@dataclass(frozen=True, slots=True)
class ClientApplication:
    """A program that calls in its own name."""

    kind: ClassVar = ActorKind.CLIENT_APPLICATION
    id: int
    client_type: str


Actor = User | Customer | ClientApplication

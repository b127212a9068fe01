"""What a schema declares, as the encoders follow it.

marshmallow's own `dump` takes more than 3 ms for 75 cases: it asks every field of every case anew how to treat it.
The plan holds the answers; code that is compiled from it takes 0.3 ms (docs/performance.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from marshmallow import Schema, fields

from casemgr.display_values import ValueKind
from schemas.fields import DisplayValue, Link, Path


class Kind(Enum):
    """What a member is."""

    TEXT = auto()
    NUMBER = auto()
    NUMBER_AS_TEXT = auto()
    OBJECT = auto()
    LIST = auto()
    LIST_OF_ONE = auto()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a representation.

    :param name: what it is called on the wire.
    :param attribute: which attribute of the object it shows, or WHOLE.
    :param required: whether it is always there; others are left out where the object has None for them.
    :param constant: its value, if that is the same always.
    :param build: gives the value from the attribute; None where it is the attribute itself.
    :param named: whether the value is a built-in one, which is represented as a `NamedValue`, and of which kind.
    :param members: what an object, or each object of a list, consists of.
    """

    name: str
    attribute: str
    kind: Kind
    required: bool = True
    constant: str | None = None
    build: Callable[[Any], str] | None = None
    named: ValueKind | None = None
    members: tuple["Member", ...] = ()


def plan_of(schema: Schema) -> tuple[Member, ...]:
    """Read what a schema declares.

    :raises TypeError: when there is a type of field that nothing is known of.
    """
    return tuple(_member(name, field) for name, field in schema.dump_fields.items())


def _member(field_name: str, field: fields.Field[Any]) -> Member:
    name, attribute, required = field.data_key or field_name, field.attribute or field_name, field.required
    match field:
        case fields.Constant():
            return Member(name, attribute, Kind.TEXT, constant=field.constant)
        case fields.List(inner=fields.Nested() as inner):
            kind = Kind.LIST_OF_ONE if isinstance(field, Link) else Kind.LIST
            return Member(name, attribute, kind, required, members=plan_of(inner.schema))
        case fields.Nested():
            named = field.kind if isinstance(field, DisplayValue) else None
            return Member(name, attribute, Kind.OBJECT, required, named=named, members=plan_of(field.schema))
        case fields.Integer():
            return Member(name, attribute, Kind.NUMBER_AS_TEXT if field.as_string else Kind.NUMBER, required)
        case fields.String():
            return Member(name, attribute, Kind.TEXT, required, build=field.build if isinstance(field, Path) else None)
    raise TypeError(f"{field_name} is a {type(field).__name__}, which no encoder knows.")

"""What a schema declares, as the encoders follow it.

marshmallow's own `dump` takes nearly 6 ms for 75 cases: it asks every field of every case anew how to treat it.
The plan holds the answers; code that is compiled from it takes a fortieth of that (docs/performance.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from marshmallow import Schema, fields

from casemgr.display_values import ValueKind
from schemas.fields import DisplayValue, Group, Items, Link, Path


class Kind(Enum):
    """What a member is."""

    CONSTANT = auto()
    TEXT = auto()
    PATH = auto()
    NUMBER = auto()
    NUMBER_AS_TEXT = auto()
    DISPLAY_VALUE = auto()
    OBJECT = auto()
    LIST = auto()
    LIST_OF_ONE = auto()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a representation.

    :param name: what it is called on the wire.
    :param attribute: which attribute of the object it shows, with what those of a group begin, or WHOLE.
    :param keys: the attributes of the object of which one at least is there if the member is; empty if it always is.
    :param constant: the value of a constant.
    :param pieces: what a path consists of.
    :param value_kind: which kind of value a display value names.
    :param columns: the attributes of the objects in a list, in their order.
    :param members: what an object, or each object of a list, consists of.
    """

    name: str
    attribute: str
    kind: Kind
    keys: tuple[str, ...] = ()
    constant: str = ""
    pieces: tuple[str, ...] = ()
    value_kind: ValueKind | None = None
    columns: Sequence[str] = ()
    members: tuple["Member", ...] = ()


def plan_of(schema: Schema) -> tuple[Member, ...]:
    """Read what a schema declares.

    :raises TypeError: when there is a type of field that nothing is known of.
    """
    return tuple(_member(name, field) for name, field in schema.dump_fields.items())


def _member(field_name: str, field: fields.Field[Any]) -> Member:
    name, attribute = field.data_key or field_name, field.attribute or field_name
    keys: tuple[str, ...] = () if field.required else (attribute,)
    match field:
        case fields.Constant():
            return Member(name, attribute, Kind.CONSTANT, constant=field.constant)
        case Items(inner=fields.Nested() as inner):
            kind = Kind.LIST_OF_ONE if isinstance(field, Link) else Kind.LIST
            return Member(name, attribute, kind, columns=field.columns, members=plan_of(inner.schema))
        case DisplayValue():
            kind, members = Kind.DISPLAY_VALUE, plan_of(field.schema)
            return Member(name, attribute, kind, keys, value_kind=field.kind, members=members)
        case Group():
            keys = tuple(f"{attribute}_{key}" for key in field.keys) if keys else ()
            return Member(name, attribute, Kind.OBJECT, keys, members=plan_of(field.schema))
        case fields.Nested():
            return Member(name, attribute, Kind.OBJECT, keys, members=plan_of(field.schema))
        case fields.Integer():
            return Member(name, attribute, Kind.NUMBER_AS_TEXT if field.as_string else Kind.NUMBER, keys)
        case Path():
            return Member(name, attribute, Kind.PATH, pieces=field.pieces)
        case fields.String():
            return Member(name, attribute, Kind.TEXT, keys)
    raise TypeError(f"{field_name} is a {type(field).__name__}, which no encoder knows.")

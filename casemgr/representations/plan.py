"""The plan of a schema: what marshmallow fields declare, in the form that encoders are compiled from.

marshmallow's own `dump` takes 7.0 ms for 75 cases, since it inspects every field for every case. The encoders take
0.14 ms (docs/performance.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from marshmallow import Schema, fields

from casemgr.i18n.display_values import ValueKind
from schemas.fields import DisplayValue, Group, Items, Link, Path


class Kind(Enum):
    """The kinds of members."""

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

    :param name: its name in the representation.
    :param attribute: the attribute of the object that it represents, the prefix of the attributes of a group, or WHOLE.
    :param keys: the member is left out when all of these attributes are None; empty for a member that is always there.
    :param constant: the value of a constant.
    :param pieces: the pieces of a path.
    :param value_kind: the kind of a display value.
    :param columns: the attributes of the objects in a list, in their order.
    :param members: the members of an object, or of each object in a list.
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
    """Read the plan of a schema.

    :raises TypeError: for a type of field that no encoder knows.
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

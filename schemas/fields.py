"""Field types of the representations.

What they do when marshmallow dumps is the reference that the compiled encoders are held against; what `schemas.plan`
reads of them is the same.
"""

from collections.abc import Sequence
from string import Formatter
from typing import Any

from marshmallow import Schema, fields, missing

from casemgr.display_values import ValueKind, name_value

XML_ATTRIBUTES = frozenset({"id", "rel", "href"})
"""The members that XML has as attributes (contract REP-4)."""

WHOLE = "*"
"""As the `attribute` of a field: the whole object instead of one of its attributes, for a member that only wraps."""


class CamelCaseSchema(Schema):
    """A schema whose fields are written in camel case on the wire."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Name the field on the wire, unless it says how."""
        if field_obj.data_key is None:
            first, *rest = field_name.split("_")
            field_obj.data_key = first + "".join(map(str.title, rest))


class Part(CamelCaseSchema):
    """What the schemas of a case share: nothing is written for a value that is not there."""

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Get an attribute; what is None is left out, since there is no null (contract REP-1)."""
        value = obj if attr == WHOLE else getattr(obj, attr)
        return missing if value is None else value


class NamedValueSchema(Part):
    """A value and its name."""

    value = fields.String(required=True)
    display_value = fields.String(required=True)


class DisplayValue(fields.Nested):
    """A built-in value together with its name in the locale in use (contract REP-2)."""

    def __init__(self, kind: ValueKind, *, required: bool = False) -> None:
        """Take the kind of value, which decides what it is called."""
        super().__init__(NamedValueSchema, required=required)
        self.kind = kind

    # marshmallow's own Nested is untyped and renames an argument of Field.
    def _serialize(self, nested_obj: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        named = name_value(self.kind, nested_obj)
        return super()._serialize(named, attr, obj, **kwargs)  # type: ignore[no-untyped-call]


class Instant(fields.String):
    """An instant, as `casemgr.instants` writes it (contract REP-1)."""


class Id(fields.Integer):
    """An ID, which is written as a text (contract REP-1)."""

    def __init__(self) -> None:
        """Take nothing: every object has one."""
        super().__init__(as_string=True, required=True)


class _Attributes:
    """The attributes of an object whose names begin alike, without their beginning."""

    def __init__(self, holder: object, beginning: str) -> None:
        self._holder = holder
        self._beginning = beginning

    def __getattr__(self, name: str) -> Any:
        return getattr(self._holder, f"{self._beginning}_{name}")


class Group(fields.Nested):
    """An object made of the attributes whose names begin with that of the field."""

    def __init__(self, nested: type[Schema], *, keys: Sequence[str] = ("id",), required: bool = False) -> None:
        """Take the schema of the object.

        :param keys: which of its attributes tell that there is one: there is where any of them is.
        """
        super().__init__(nested, required=required)
        self.keys = keys

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = missing) -> Any:
        """Get the attributes of the object, or nothing where there is none."""
        group = _Attributes(obj, attr)
        return group if any(getattr(group, key) is not None for key in self.keys) else missing


class Items(fields.List[Any]):
    """Objects, all of one type."""

    def __init__(self, nested: type[Schema], columns: Sequence[str]) -> None:
        """Take the schema of an object and the names of all its attributes, in their order."""
        # Two of them beside each other would collide if they could be loaded as well.
        super().__init__(fields.Nested(nested), attribute=WHOLE, required=True, dump_only=True)
        self.columns = columns


class Path(fields.String):
    """The path of another resource, which follows from the object."""

    def __init__(self, path: str, *pieces: str) -> None:
        """Take the path, with attributes in braces.

        :param pieces: what follows, each with one attribute, without which it is left out.
        :raises ValueError: when a piece has another number of attributes.
        """
        if any(len(attributes_in(piece)) != 1 for piece in pieces):
            raise ValueError(f"one attribute is expected in each of {pieces}")
        super().__init__(attribute=WHOLE, required=True)
        self.pieces = (path, *pieces)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        path = ""
        for piece in self.pieces:
            values = {name: getattr(value, name) for name in attributes_in(piece)}
            path += "" if None in values.values() else piece.format(**values)
        return super()._serialize(path, attr, obj, **kwargs)


def attributes_in(piece: str) -> list[str]:
    """Find the attributes that a piece of a path names."""
    return [name for _, name, _, _ in Formatter().parse(piece) if name]


class Links(Items):
    """References to the resources that are listed, all of one relation."""

    def __init__(self, rel: str, columns: Sequence[str], *path: str) -> None:
        """Take the relation, the attributes of a resource in their order, and the pieces of its path."""
        super().__init__(Part.from_dict({"rel": fields.Constant(rel, required=True), "href": Path(*path)}), columns)


class Link(Links):
    """The one reference that follows from an object."""

    def __init__(self, rel: str, *path: str) -> None:
        """Take the relation and the pieces of the path."""
        super().__init__(rel, (), *path)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize([value], attr, obj, **kwargs)

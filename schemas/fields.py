"""The field types of representations.

marshmallow can dump them, which is the reference for the tests of the compiled encoders. The encoders are compiled from
their declarations (`casemgr.representations.plan`).
"""

from collections.abc import Sequence
from string import Formatter
from typing import Any

from marshmallow import Schema, fields, missing

from casemgr.i18n.display_values import ValueKind, name_value

XML_ATTRIBUTES = frozenset({"id", "rel", "href"})
"""The members that are attributes in XML (contract REP-4)."""

WHOLE = "*"
"""The `attribute` of a field that represents the whole object instead of one of its attributes."""


class CamelCaseSchema(Schema):
    """A schema whose fields have names in camel case in the representation."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Derive the name in the representation, unless the field declares one."""
        if field_obj.data_key is None:
            first, *rest = field_name.split("_")
            field_obj.data_key = first + "".join(map(str.title, rest))


class Part(CamelCaseSchema):
    """The base of the schemas of a case, which leave out absent values."""

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Get an attribute; None is left out, since there is no null (contract REP-1)."""
        value = obj if attr == WHOLE else getattr(obj, attr)
        return missing if value is None else value


class NamedValueSchema(Part):
    """A value and its display value."""

    value = fields.String(required=True)
    display_value = fields.String(required=True)


class DisplayValue(fields.Nested):
    """A value and its display value in the locale in use (contract REP-2)."""

    def __init__(self, kind: ValueKind, *, required: bool = False) -> None:
        """Declare a value of this kind."""
        super().__init__(NamedValueSchema, required=required)
        self.kind = kind

    # marshmallow's Nested is untyped and renames an argument of Field.
    def _serialize(self, nested_obj: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        named = name_value(self.kind, nested_obj)
        return super()._serialize(named, attr, obj, **kwargs)  # type: ignore[no-untyped-call]


class Instant(fields.String):
    """An instant, as `casemgr.instants` writes it (contract REP-1)."""


class Id(fields.Integer):
    """An ID, which is represented as text (contract REP-1)."""

    def __init__(self) -> None:
        """Declare the ID that every object has."""
        super().__init__(as_string=True, required=True)


class _Attributes:
    """The attributes of an object that share a prefix, without the prefix."""

    def __init__(self, holder: object, beginning: str) -> None:
        self._holder = holder
        self._beginning = beginning

    def __getattr__(self, name: str) -> Any:
        return getattr(self._holder, f"{self._beginning}_{name}")


class Group(fields.Nested):
    """An object made of the attributes whose prefix is the name of the field."""

    def __init__(self, nested: type[Schema], *, keys: Sequence[str] = ("id",), required: bool = False) -> None:
        """Declare an object.

        :param keys: the attributes of the object that are all None when it is absent.
        """
        super().__init__(nested, required=required)
        self.keys = keys

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = missing) -> Any:
        """Get the attributes of the object; missing when the object is absent."""
        group = _Attributes(obj, attr)
        return group if any(getattr(group, key) is not None for key in self.keys) else missing


class Items(fields.List[Any]):
    """A list of objects of one type."""

    def __init__(self, nested: type[Schema], columns: Sequence[str]) -> None:
        """Declare a list.

        :param columns: the names of all attributes of an object, in their order.
        """
        # Dump-only, since two lists of one schema with the attribute WHOLE would collide in loading.
        super().__init__(fields.Nested(nested), attribute=WHOLE, required=True, dump_only=True)
        self.columns = columns


class Path(fields.String):
    """The path of a resource, made of attributes of the object."""

    def __init__(self, path: str, *pieces: str) -> None:
        """Declare a path, with attributes in braces.

        :param pieces: further pieces with one attribute each, left out when that attribute is None.
        :raises ValueError: when a piece does not have exactly one attribute.
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
    """List the attributes in a piece of a path."""
    return [name for _, name, _, _ in Formatter().parse(piece) if name]


class Links(Items):
    """A list of links with the same relation."""

    def __init__(self, rel: str, columns: Sequence[str], *path: str) -> None:
        """Declare a list of links.

        :param rel: the relation.
        :param columns: the names of all attributes of a linked resource, in their order.
        :param path: the pieces of the path of a linked resource.
        """
        super().__init__(Part.from_dict({"rel": fields.Constant(rel, required=True), "href": Path(*path)}), columns)


class Link(Links):
    """A list of the one link that is made of the object itself."""

    def __init__(self, rel: str, *path: str) -> None:
        """Declare a link with this relation and these pieces of a path."""
        super().__init__(rel, (), *path)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize([value], attr, obj, **kwargs)

"""The field types of representations.

The encoders are compiled from the declarations of these fields (`casemgr.representations.plan`). marshmallow can dump
the fields too; the tests compare the compiled encoders with its output.
"""

from collections.abc import Sequence
from string import Formatter
from typing import Any

from marshmallow import Schema, fields, missing
from marshmallow.experimental.context import Context

from casemgr.i18n.display_values import ValueKind, name_value
from casemgr.i18n.locales import DEFAULT_LOCALE, Locale

XML_ATTRIBUTES = frozenset({"id", "rel", "href"})
"""The members that are attributes in XML (contract REP-4)."""

WHOLE = "*"
"""The `attribute` of a field that represents the object itself."""


class CamelCaseSchema(Schema):
    """A schema whose fields have camel-case names in the representation."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Derive the name in the representation, unless the field declares one."""
        if field_obj.data_key is None:
            first, *rest = field_name.split("_")
            field_obj.data_key = first + "".join(map(str.title, rest))


class Part(CamelCaseSchema):
    """The base of the schemas of a case, which omit absent values."""

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Get an attribute; None is omitted, since representations have no null (contract REP-1)."""
        value = obj if attr == WHOLE else getattr(obj, attr)
        return missing if value is None else value


class NamedValueSchema(Part):
    """A value and its display value."""

    value = fields.String(required=True, metadata={"description": "The value, the same in every language."})
    display_value = fields.String(
        required=True, metadata={"description": "The name of the value in the language of the response."}
    )


class DisplayValue(fields.Nested):
    """A value and its display value in the locale of the context (contract REP-2)."""

    def __init__(self, kind: ValueKind, *, required: bool = False) -> None:
        """Declare a display value of this kind."""
        super().__init__(NamedValueSchema, required=required)
        self.kind = kind

    # marshmallow's Nested is untyped and renames an argument of Field.
    def _serialize(self, nested_obj: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        named = name_value(self.kind, nested_obj, Context[Locale].get(DEFAULT_LOCALE))
        return super()._serialize(named, attr, obj, **kwargs)  # type: ignore[no-untyped-call]


class Instant(fields.String):
    """An instant, formatted as by `casemgr.domain.instants` (contract REP-1)."""


class Id(fields.Integer):
    """An ID, which is represented as a string (contract REP-1)."""

    def __init__(self) -> None:
        """Declare a required ID."""
        super().__init__(as_string=True, required=True)


class _PrefixedAttributes:
    """The attributes of an object that share a prefix, under their names without the prefix."""

    def __init__(self, obj: object, prefix: str) -> None:
        self._obj = obj
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        return getattr(self._obj, f"{self._prefix}_{name}")


class Group(fields.Nested):
    """A nested object made of the attributes that have the name of the field as their prefix."""

    def __init__(self, nested: type[Schema], *, keys: Sequence[str] = ("id",), **options: Any) -> None:
        """Declare a nested object.

        :param keys: attributes of the object; it is absent when all of them are None.
        """
        super().__init__(nested, **options)
        self.keys = keys

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = missing) -> Any:
        """Get the nested object; `missing` when it is absent."""
        group = _PrefixedAttributes(obj, attr)
        return group if any(getattr(group, key) is not None for key in self.keys) else missing


class Items(fields.List[Any]):
    """A list of objects of one type."""

    def __init__(self, nested: type[Schema], columns: Sequence[str]) -> None:
        """Declare a list.

        :param columns: the names of all attributes of an item, in their order.
        """
        # Dump-only, since several fields with the attribute WHOLE in one schema would collide when loading.
        super().__init__(fields.Nested(nested), attribute=WHOLE, required=True, dump_only=True)
        self.columns = columns


class Path(fields.String):
    """The path of a resource, built from attributes of the object."""

    def __init__(self, path: str, *pieces: str) -> None:
        """Declare a path that has names of attributes in braces.

        :param pieces: further pieces with one attribute each; a piece is omitted when its attribute is None.
        :raises ValueError: when a piece does not have exactly one attribute.
        """
        if any(len(attributes_in(piece)) != 1 for piece in pieces):
            raise ValueError(f"each of {pieces} must have exactly one attribute")
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
        self.rel = rel


class Link(Links):
    """A list with a single link, which is built from the object itself."""

    def __init__(self, rel: str, *path: str) -> None:
        """Declare a link with this relation and these pieces of a path."""
        super().__init__(rel, (), *path)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize([value], attr, obj, **kwargs)

"""Field types of the representations.

What they do when marshmallow dumps is the reference that the compiled encoders are held against; what `schemas.plan`
reads of them is the same.
"""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, missing

from casemgr.display_values import ValueKind, name_value, name_values

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
        named = name_value(name_values(self.kind), nested_obj)
        return super()._serialize(named, attr, obj, **kwargs)  # type: ignore[no-untyped-call]


class Id(fields.Integer):
    """An ID, which is written as a text (contract REP-1)."""

    def __init__(self) -> None:
        """Take nothing: every object has one."""
        super().__init__(as_string=True, required=True)


class Path(fields.String):
    """The path of another resource, which follows from the object."""

    def __init__(self, build: Callable[[Any], str]) -> None:
        """Take the function that builds it."""
        super().__init__(attribute=WHOLE, required=True)
        self.build = build

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return super()._serialize(self.build(value), attr, obj, **kwargs)


class Links(fields.List[Any]):
    """References to the resources that are listed, all of one relation."""

    def __init__(self, rel: str, build: Callable[[Any], str]) -> None:
        """Take the relation, and the function that builds the path of one."""
        link = Part.from_dict({"rel": fields.Constant(rel), "href": Path(build)})
        # Two of them beside each other would collide if they could be loaded as well.
        super().__init__(fields.Nested(link), attribute=WHOLE, required=True, dump_only=True)


class Link(Links):
    """The one reference that follows from an object."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize([value], attr, obj, **kwargs)

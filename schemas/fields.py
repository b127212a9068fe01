"""Field types of the representations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, missing

from casemgr.cases import NamedValue
from casemgr.display_values import ValueKind, display_value
from casemgr.instants import format_instant

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


class Instant(fields.Field[datetime]):
    """An instant, as `format_instant` writes it."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format_instant(value)


class NamedValueSchema(Part):
    """A value and, where it has one, its name."""

    value = fields.String()
    display_value = fields.String()


class DisplayValue(fields.Nested):
    """A built-in value together with its name in the locale in use (contract REP-2)."""

    def __init__(self, kind: ValueKind) -> None:
        """Take the kind of value, which decides what it is called."""
        super().__init__(NamedValueSchema)
        self._kind = kind

    # marshmallow's own Nested is untyped and renames an argument of Field.
    def _serialize(self, nested_obj: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        named = NamedValue(nested_obj, display_value(self._kind, nested_obj))
        return super()._serialize(named, attr, obj, **kwargs)  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to another resource."""

    rel: str
    href: str


class LinkSchema(Part):
    """A reference to another resource."""

    rel = fields.String()
    href = fields.String()


class Links(fields.List[Any]):
    """The references that follow from an object."""

    def __init__(self, build: Callable[[Any], list[Link]]) -> None:
        """Take the function that builds the references."""
        # Two of them beside each other would collide if they could be loaded as well.
        super().__init__(fields.Nested(LinkSchema), attribute=WHOLE, dump_only=True)
        self._build = build

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize(self._build(value), attr, obj, **kwargs)

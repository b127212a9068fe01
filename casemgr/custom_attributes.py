"""The custom attributes that are defined, as an import knows them."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from casemgr import models
from casemgr.cases import CustomAttributeDefinition, DataType
from casemgr.custom_values import canonical_value


@dataclass(frozen=True, slots=True)
class DefinedAttribute:
    """A custom attribute; the IDs count up in the order of the definitions."""

    id: int
    multiple: bool
    definition: CustomAttributeDefinition

    @classmethod
    def from_row(cls, row: dict[str, Any], attribute_id: int) -> "DefinedAttribute":
        """Take a loaded record."""
        values = tuple(item["value"] for item in row["values"])
        definition = CustomAttributeDefinition(row["name"], DataType(row["data_type"]), values)
        return cls(attribute_id, row["multiple"], definition)


def load_attributes(connection: Connection) -> dict[str, DefinedAttribute]:
    """Load every custom attribute, by name."""
    rows = connection.execute(
        select(
            models.CustomAttribute.id,
            models.CustomAttribute.name,
            models.CustomAttribute.data_type,
            models.CustomAttribute.multiple,
            models.EnumerationValue.value,
        )
        .outerjoin_from(
            models.CustomAttribute,
            models.EnumerationValue,
            models.EnumerationValue.attribute_id == models.CustomAttribute.id,
        )
        .order_by(models.CustomAttribute.id, models.EnumerationValue.position)
    )
    attributes = {}
    for (attribute_id, name, data_type, multiple), group in groupby(rows, key=lambda row: row[:4]):
        values = tuple(row.value for row in group if row.value is not None)
        definition = CustomAttributeDefinition(name, DataType(data_type), values)
        attributes[name] = DefinedAttribute(attribute_id, multiple, definition)
    return attributes


def adapt_stored_values(connection: Connection, attribute: DefinedAttribute) -> str | None:
    """Bring the values that cases have into the canonical form of a new definition of their attribute.

    :returns: a complaint when one does not fit; None when all do.
    """
    values = models.CustomValue.__table__.c
    stored = select(values.value).where(values.attribute_id == attribute.id)
    if not attribute.multiple and connection.scalar(stored.where(values.position > 0).limit(1)) is not None:
        return "cases have several values, which the new definition does not allow"
    changes = []
    for value in connection.scalars(stored.distinct()):
        try:
            canonical = canonical_value(attribute.definition, value)
        except ValueError as error:
            return f"cases have the value {value[:100]!r}, which {error}"
        if canonical != value:
            changes.append({"old": value, "new": canonical})
    if changes:
        of_attribute = values.attribute_id == attribute.id
        change = update(models.CustomValue).where(of_attribute, values.value == bindparam("old"))
        connection.execute(change.values(value=bindparam("new")), changes)
    return None

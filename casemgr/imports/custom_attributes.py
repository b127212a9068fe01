"""Redefining a custom attribute of which cases already have values."""

from sqlalchemy import Connection, bindparam, select, update

from casemgr.database import models
from casemgr.domain.cases import CustomAttributeDefinition
from casemgr.domain.custom_values import canonicalize_value


def adapt_stored_values(connection: Connection, definition: CustomAttributeDefinition) -> str | None:
    """Convert the stored values of an attribute to the canonical form of its new definition.

    :returns: the problem when the new definition does not allow the stored values; None when it does.
    """
    values = models.CustomValue.__table__.c
    stored = select(values.value).where(values.attribute_id == definition.id)
    if not definition.multiple and connection.scalar(stored.where(values.position > 0).limit(1)) is not None:
        return "cases have several values, which the new definition does not allow"
    changes = []
    for value in connection.scalars(stored.distinct()):
        try:
            canonical = canonicalize_value(definition, value)
        except ValueError as error:
            return f"cases have the value {value[:100]!r}, which {error}"
        if canonical != value:
            changes.append({"old": value, "new": canonical})
    if changes:
        of_attribute = values.attribute_id == definition.id
        change = update(models.CustomValue).where(of_attribute, values.value == bindparam("old"))
        connection.execute(change.values(value=bindparam("new")), changes)
    return None

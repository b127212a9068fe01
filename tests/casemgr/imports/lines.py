"""Helpers for the tests of the import: building lines and reading the stored rows."""

import io
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select

from casemgr.database import models
from casemgr.database.engine import snapshot
from casemgr.imports.changes import Changes
from casemgr.imports.importer import DatasetError, import_dataset
from tests.factories import (
    NEVER,
    Record,
    as_lines,
    case,
    note,
)

Line = Record | bytes

NO_ID = "must be a whole number from 1 to 9223372036854775807"
NO_INSTANT = "is not an ISO 8601 date and time with an offset or Z"
TYPES = (
    "department, departmentSharing, role, user, folder, customer, customerGrant, clientApplication, customAttribute, "
    "case, activity, session"
)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PLAIN = "plain-text"
LONE_SURROGATE, REPLACEMENT = "\ud800", "\N{REPLACEMENT CHARACTER}"

WHOLE_CASE = case(
    createdBy=20,
    lastModifiedBy=20,
    owner=20,
    userLastWorked=20,
    folder=60,
    customer=30,
    dueDate=NEVER,
    lastClosed=NEVER,
    originatingChannel="web",
    description="Long",
    solution="Short",
    relatedCases=[1],
    custom={"topics": ["a", "b"]},
    notes=[note(70), note(71)],
)
"""A case with every optional field; it refers to the records of `stocked`."""


def as_bytes(*lines: Line) -> bytes:
    return b"".join(line + b"\n" if isinstance(line, bytes) else as_lines([line]) for line in lines)


def import_bytes(engine: Engine, data: bytes, *, replace: bool = False) -> int:
    return import_dataset(engine, io.BytesIO(data), replace=replace).records


def import_lines(engine: Engine, *lines: Line, replace: bool = False, dry_run: bool = False) -> Changes:
    return import_dataset(engine, io.BytesIO(as_bytes(*lines)), replace=replace, dry_run=dry_run)


def problems(engine: Engine, *lines: Line, replace: bool = False) -> dict[int, str]:
    """Import bad lines and return their problems by line number."""
    with pytest.raises(DatasetError) as caught:
        import_lines(engine, *lines, replace=replace)
    return caught.value.problems


def rows(engine: Engine, model: type[models.Base]) -> list[dict[str, Any]]:
    with snapshot(engine) as connection:
        table = model.__table__
        return [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]


def row(engine: Engine, model: type[models.Base], record_id: int) -> dict[str, Any]:
    [found] = [row for row in rows(engine, model) if row["id"] == record_id]
    return found


def column(engine: Engine, model: type[models.Base], name: str) -> list[Any]:
    return [row[name] for row in rows(engine, model)]


def contents(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all tables, except the number of imports."""
    tables = [mapper.class_ for mapper in models.Base.registry.mappers if mapper.class_ is not models.Dataset]
    return {table.__tablename__: rows(engine, table) for table in tables}


def clear(engine: Engine) -> None:
    """Delete the rows of all tables."""
    with engine.begin() as connection:
        for table in reversed(models.Base.metadata.sorted_tables):
            connection.execute(delete(table))


def without(record: Record, name: str) -> Record:
    return {key: value for key, value in record.items() if key != name}

"""The export of a dataset: from database rows to JSON Lines that import again."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, func, select

from casemgr.cases.repository import load_definitions
from casemgr.database import models
from casemgr.imports.record_types import RECORD_TYPES, ChildTable, RecordType, Row

_ROWS_PER_FETCH = 100
"""A row may have megabytes of text."""

_BYTEWISE = {"sqlite": "BINARY", "postgresql": "C"}
"""The collations by which texts have the same order on every database."""

# A session is stored under the digest of its ID only.
_TYPES = [record_type for record_type in RECORD_TYPES.values() if record_type.model is not models.Session]


def count_records(connection: Connection) -> int:
    """Count the records of an export."""
    counts = (select(func.count()).select_from(record_type.model) for record_type in _TYPES)
    return sum(connection.scalars(query).one() for query in counts)


def export_dataset(connection: Connection) -> Iterator[bytes]:
    """Export all records, one line each, without passwords, secrets and sessions.

    A record refers to earlier lines only, except by `relatedCases`. The same records give the same lines, on whichever
    database.

    :param connection: in a transaction that sees one state of the database, such as
        `casemgr.database.engine.snapshot`; only some rows at a time are in memory.

    Source: contract, dataset.
    """
    names = {definition.id: name for name, definition in load_definitions(connection).items()}
    for record_type in _TYPES:
        for row in _load_rows(connection, record_type):
            if "custom" in row:
                row["custom"] = {
                    names[attribute_id]: [item["value"] for item in items]
                    for attribute_id, items in groupby(row["custom"], itemgetter("attribute_id"))
                }
            fields = record_type.schema.dump(row)
            yield orjson.dumps({"type": record_type.name, **fields}, option=orjson.OPT_APPEND_NEWLINE)


def _load_rows(connection: Connection, record_type: RecordType) -> Iterator[Row]:
    """Load the rows of a type with their lists."""
    lists = {child.list_name: _Lists(connection, child) for child in record_type.children}
    for row in _stream(connection, record_type.model, *record_type.model.__table__.primary_key):
        yield row | {name: items.take(row["id"]) for name, items in lists.items()}


_Group = tuple[int | None, Iterator[Row]]
_NO_GROUP: _Group = (None, iter(()))


class _Lists:
    """The lists that become a child table, in ascending order of their records."""

    def __init__(self, connection: Connection, child: ChildTable) -> None:
        table = child.model.__table__
        parent = table.c[child.parent_column]
        order = [table.c[child.position_column]] if child.position_column else [*table.primary_key]
        self._groups: Iterator[_Group] = groupby(
            _stream(connection, child.model, parent, *order), itemgetter(child.parent_column)
        )
        self._build_item = child.build_item
        self._advance()

    def take(self, record_id: int) -> list[Any]:
        """Return the list of a record; it must come after those whose lists have been taken."""
        if record_id != self._record_id:
            return []
        items = list(map(self._build_item, self._rows))
        self._advance()
        return items

    def _advance(self) -> None:
        self._record_id, self._rows = next(self._groups, _NO_GROUP)


def _stream(connection: Connection, model: type[models.Base], *order: ColumnElement[Any]) -> Iterator[Row]:
    collation = _BYTEWISE[connection.dialect.name]
    bytewise = (
        column.collate(collation) if isinstance(column.type, models.StorableText) else column for column in order
    )
    query: Select[*tuple[Any, ...]] = select(model.__table__).order_by(*bytewise)
    rows = connection.execute(query, execution_options={"yield_per": _ROWS_PER_FETCH})
    return map(dict, rows.mappings())

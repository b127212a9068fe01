"""Deletions: what belongs to a record and goes with it, and what only mentions it and keeps it.

The foreign keys decide. A row that refers to a record belongs to it if the row is in one of its child tables or is of a
type that the record owns (`RecordType.owned`). Every other row that refers to it is a mention.

Source: contract DAT-4.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, null, select, tuple_, union

from casemgr.database import models
from casemgr.imports.lines import Record
from casemgr.imports.record_types import RECORD_TYPES, RecordType

Mentions = Counter[str]
"""The number of records that mention another one, by their type."""


def _find_foreign_keys(record_type: RecordType) -> Iterator[Any]:
    for table in models.Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table is record_type.model.__table__ for key in column.foreign_keys):
                yield column


def _belongs(record_type: RecordType, column: Any) -> bool:
    belonging = (*record_type.owned, *(child.model for child in record_type.children))
    return any(column.table is model.__table__ for model in belonging)


_RECORDS: Mapping[Any, tuple[str, tuple[str, ...]]] = {
    model.__table__: (name, columns)
    for name, record_type in RECORD_TYPES.items()
    for model, columns in (
        (record_type.model, record_type.key),
        *((child.model, (child.parent_column,)) for child in record_type.children),
    )
}
"""The type of the record that the rows of a table are part of, and the columns that identify this record."""

_BELONGING = {
    name: [column for column in _find_foreign_keys(record_type) if _belongs(record_type, column)]
    for name, record_type in RECORD_TYPES.items()
}
"""For each type, the columns by which the rows that belong to a record refer to it."""


def _group_mentions(record_type: RecordType) -> Mapping[str, list[tuple[Any, list[Any]]]]:
    """Group the other columns that refer to a type by the type of their records, with the keys of these."""
    grouped: defaultdict[str, list[tuple[Any, list[Any]]]] = defaultdict(list)
    for column in _find_foreign_keys(record_type):
        if not _belongs(record_type, column):
            name, key = _RECORDS[column.table]
            grouped[name].append((column, [column.table.c[part] for part in key]))
    return grouped


_MENTIONING = {name: _group_mentions(record_type) for name, record_type in RECORD_TYPES.items()}


def lock_records(connection: Connection, record_type: RecordType, keys: Collection[Any]) -> dict[Any, Any]:
    """Find records and lock them until the end of the transaction, so that nobody refers to them meanwhile.

    :returns: the ID of each record that exists, by its key; None for types without ID.
    """
    table: Any = record_type.model.__table__
    columns = _key_columns(record_type)
    record_id = table.c.get("id", null())
    rows = connection.execute(select(*columns, record_id).where(_is_one_of(columns, keys)).with_for_update())
    return {row[0] if len(columns) == 1 else tuple(row[:-1]): row[-1] for row in rows}


def count_mentions(connection: Connection, record_type: RecordType, ids: Collection[Any]) -> Mapping[Any, Mentions]:
    """Count the records that mention others, for each of these.

    A record counts once, however often it mentions another one; a note is part of its case.
    """
    counts: defaultdict[Any, Mentions] = defaultdict(Counter)
    for name, mentioning in _MENTIONING[record_type.name].items():
        # A union has each pair once.
        pairs = union(
            *(select(column.label("id"), *key).where(column.in_(ids)).distinct() for column, key in mentioning)
        ).subquery()
        for record_id, count in connection.execute(select(pairs.c.id, func.count()).group_by(pairs.c.id)):
            counts[record_id][name] = count
    return counts


def describe_mentions(mentions: Mentions) -> str:
    """Describe mentions: `is still mentioned by 3 records (case: 2, user: 1)`."""
    total = mentions.total()
    by_type = ", ".join(f"{name}: {mentions[name]}" for name in RECORD_TYPES if mentions[name])
    return f"is still mentioned by {total} record{'' if total == 1 else 's'} ({by_type})"


def delete_records(connection: Connection, records: Sequence[Record], ids: Mapping[Any, Any]) -> None:
    """Delete records of one type with what belongs to them.

    :param ids: the IDs of the records by their keys.
    """
    if not records:
        return
    record_type = records[0].type
    for column in _BELONGING[record_type.name]:
        connection.execute(delete(column.table).where(column.in_([ids[record.key] for record in records])))
    columns = _key_columns(record_type)
    connection.execute(delete(record_type.model).where(_is_one_of(columns, [record.key for record in records])))


def _key_columns(record_type: RecordType) -> list[Any]:
    return [record_type.model.__table__.c[name] for name in record_type.key]


def _is_one_of(columns: Sequence[Any], keys: Collection[Any]) -> ColumnElement[bool]:
    # A batch has no more records than a statement may have parameters.
    return (columns[0] if len(columns) == 1 else tuple_(*columns)).in_(keys)

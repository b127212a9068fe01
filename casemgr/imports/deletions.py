"""Deletions: what belongs to a record and goes with it, and what only mentions it and keeps it.

The foreign keys decide. A row that refers to a record belongs to it if the row is in one of its child tables or is of a
type that the record owns (`RecordType.owned`). Every other row that refers to it is a mention.

Source: contract DAT-4.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, null, select, tuple_, union

from casemgr.database import models
from casemgr.domain.texts import count_of
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


_OWNERS = {
    name: [
        (owner, column)
        for owner, columns in _BELONGING.items()
        for column in columns
        if column.table is record_type.model.__table__
    ]
    for name, record_type in RECORD_TYPES.items()
}
"""For each type, the types that its records belong to, and the columns that refer to these."""

DOES_NOT_EXIST = "does not exist"


def may_be_mentioned(record_type: RecordType) -> bool:
    """Check whether records of other types may mention records of a type without belonging to them."""
    return bool(_MENTIONING[record_type.name])


def judge_deletions(connection: Connection, batch: Sequence[Record]) -> Iterator[tuple[Record, str]]:
    """Find the problem of each deletion in a batch as of its line, and complete its row with the ID of the record.

    :param batch: deletions of one type, or of any types that no others mention.
    :returns: the deletions with their problems; an empty text when there is none.
    """
    stored: dict[RecordType, dict[Any, _StoredRecord]] = {}
    mentions: dict[RecordType, Mapping[Any, Mentions]] = {}
    for record_type, records in _group_by_type(batch).items():
        stored[record_type] = _lock_records(connection, record_type, [record.key for record in records])
        ids = [found.id for found in stored[record_type].values()]
        mentions[record_type] = _count_mentions(connection, record_type, ids)
    gone: set[tuple[str, Any]] = set()
    for record in batch:
        found = stored[record.type].get(record.key)
        if found is None or any(owner in gone for owner in found.owners):
            yield record, DOES_NOT_EXIST
        elif mentioned := mentions[record.type].get(found.id):
            yield record, _describe_mentions(mentioned)
        else:
            record.row["id"] = found.id
            gone.add((record.type.name, found.id))
            yield record, ""


def delete_records(connection: Connection, deletions: Iterable[Record]) -> None:
    """Delete records with what belongs to them."""
    for record_type, records in _group_by_type(deletions).items():
        for column in _BELONGING[record_type.name]:
            connection.execute(delete(column.table).where(column.in_([record.row["id"] for record in records])))
        keys = [record.key for record in records]
        connection.execute(delete(record_type.model).where(_is_one_of(_key_columns(record_type), keys)))


def _group_by_type(deletions: Iterable[Record]) -> Mapping[RecordType, list[Record]]:
    groups: defaultdict[RecordType, list[Record]] = defaultdict(list)
    for record in deletions:
        groups[record.type].append(record)
    return groups


class _StoredRecord(NamedTuple):
    """A record in the database.

    :param id: None for types without ID.
    :param owners: the types and IDs of the records that it belongs to.
    """

    id: Any
    owners: list[tuple[str, Any]]


def _lock_records(connection: Connection, record_type: RecordType, keys: Collection[Any]) -> dict[Any, _StoredRecord]:
    """Find records by their keys, and lock them, so that others do not refer to them until the transaction ends."""
    columns = _key_columns(record_type)
    owners = _OWNERS[record_type.name]
    # A column may be among the keys too; labels keep both.
    record_id = record_type.model.__table__.c.get("id", null()).label("record_id")
    selected = (*columns, record_id, *(column.label(f"owner_{number}") for number, (_, column) in enumerate(owners)))
    rows = connection.execute(select(*selected).where(_is_one_of(columns, keys)).with_for_update())
    found = {}
    for row in rows:
        key, (record_id, *owner_ids) = row[: len(columns)], row[len(columns) :]
        names = [name for name, _ in owners]
        found[key[0] if len(columns) == 1 else tuple(key)] = _StoredRecord(
            record_id, list(zip(names, owner_ids, strict=True))
        )
    return found


def _count_mentions(connection: Connection, record_type: RecordType, ids: Collection[Any]) -> Mapping[Any, Mentions]:
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


def _describe_mentions(mentions: Mentions) -> str:
    """Describe mentions: `is still mentioned by 3 records (case: 2, user: 1)`."""
    by_type = ", ".join(f"{name}: {mentions[name]}" for name in RECORD_TYPES if mentions[name])
    return f"is still mentioned by {count_of(mentions.total(), 'record')} ({by_type})"


def _key_columns(record_type: RecordType) -> list[Any]:
    return [record_type.model.__table__.c[name] for name in record_type.key]


def _is_one_of(columns: Sequence[Any], keys: Collection[Any]) -> ColumnElement[bool]:
    # A batch has no more records than a statement may have parameters.
    return (columns[0] if len(columns) == 1 else tuple_(*columns)).in_(keys)

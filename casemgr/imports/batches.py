"""Batches of records: the keys that exist already, and the statements that write a batch."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, tuple_, update

from casemgr.database import models
from casemgr.imports.lines import Record
from casemgr.imports.record_types import RECORD_TYPES, RecordType, Row

_IDS_PER_STATEMENT = 5000
"""SQLite allows 32766 parameters in a statement."""

_Model = type[models.Base]


@dataclass(slots=True)
class ExistingKeys:
    """Keys that exist in the database or earlier in the batch, as far as the batch mentions them.

    Every member maps tables to the data below.

    :param keys: the existing keys.
    :param keys_by_value: the key of the record that has a value in the unique column.
    :param values_by_key: the reverse of `keys_by_value`.
    :param stored: the keys that were in the database before the batch.
    """

    keys: defaultdict[_Model, set[object]] = field(default_factory=lambda: defaultdict(set))
    keys_by_value: defaultdict[_Model, dict[str, object]] = field(default_factory=lambda: defaultdict(dict))
    values_by_key: defaultdict[_Model, dict[object, str]] = field(default_factory=lambda: defaultdict(dict))
    stored: defaultdict[_Model, frozenset[object]] = field(default_factory=lambda: defaultdict(frozenset))

    def exists(self, model: _Model, key: object) -> bool:
        """Check whether a record with this key exists."""
        return key in self.keys[model]

    def has(self, record: Record) -> bool:
        """Check whether a record with the same key exists."""
        return self.exists(record.type.model, record.key)

    def is_taken(self, record: Record) -> bool:
        """Check whether another record has the same value in the unique column."""
        key = record.key
        value = record.row.get(record.type.unique)
        return value is not None and self.keys_by_value[record.type.model].get(value, key) != key

    def add(self, record: Record) -> None:
        """Add a record; it releases the unique value of the record that it replaces."""
        key = record.key
        self.keys[record.type.model].add(key)
        if record.type.unique:
            keys_by_value = self.keys_by_value[record.type.model]
            values_by_key = self.values_by_key[record.type.model]
            keys_by_value.pop(values_by_key.pop(key, ""), None)
            if (value := record.row[record.type.unique]) is not None:
                keys_by_value[value], values_by_key[key] = key, value


def find_existing_keys(connection: Connection, batch: Sequence[Record]) -> ExistingKeys:
    """Look up the keys of the records in a batch, and of the records that they refer to."""
    keys_by_table: defaultdict[_Model, set[Any]] = defaultdict(set)
    types: dict[_Model, RecordType] = {}
    for record in batch:
        types[record.type.model] = record.type
        keys_by_table[record.type.model].add(record.key)
        keys_by_table[models.Case].update(record.row.get("related_cases", ()))
        for _, model, record_id in record.references:
            keys_by_table[model].add(record_id)
    existing = ExistingKeys()
    for model, keys in keys_by_table.items():
        columns = _columns(model, types[model].key if model in types else ("id",))
        key = columns[0] if len(columns) == 1 else tuple_(*columns)
        found = {row[0] if len(row) == 1 else tuple(row) for row in _select_in(connection, key, keys, columns)}
        existing.keys[model] = found
        existing.stored[model] = frozenset(found)
    for record_type in types.values():
        if record_type.unique:
            _find_unique_values(connection, existing, record_type, batch)
    return existing


def _find_unique_values(
    connection: Connection, existing: ExistingKeys, record_type: RecordType, batch: Iterable[Record]
) -> None:
    values = {record.row[record_type.unique] for record in batch if record.type is record_type} - {None}
    columns = _columns(record_type.model, (record_type.unique, *record_type.key))
    for value, key in _select_in(connection, columns[0], values, columns):
        existing.keys_by_value[record_type.model][value] = key
        existing.values_by_key[record_type.model][key] = value


def write_batch(connection: Connection, batch: Sequence[Record], existing: ExistingKeys) -> None:
    """Write the records of a batch: replace those whose key is stored, and insert the others."""
    # No type refers to a later one.
    for record_type in RECORD_TYPES.values():
        records = [record for record in batch if record.type is record_type]
        if not records:
            continue
        stored = existing.stored[record_type.model]
        old = [record.row for record in records if record_type.key_of(record.row) in stored]
        new = [record.row for record in records if record_type.key_of(record.row) not in stored]
        # Replaced records come first: they may release a unique value for a new record.
        _update(connection, record_type, old)
        _insert(connection, record_type.model.__table__, new)
        for child in record_type.children:
            table = child.model.__table__
            for ids in _chunks([row["id"] for row in old]):
                connection.execute(delete(child.model).where(table.c[child.parent_column].in_(ids)))
            rows = [
                {child.parent_column: record.row["id"], **child.build_columns(position, item)}
                for record in records
                for position, item in enumerate(record.row[child.list_name])
            ]
            # A list may contain the same item twice.
            _insert(connection, table, list({tuple(row.values()): row for row in rows}.values()))


def _update(connection: Connection, record_type: RecordType, rows: Sequence[Row]) -> None:
    table = record_type.model.__table__
    columns = [column.name for column in table.columns if column.name not in (*record_type.key, "id")]
    if not rows or not columns:
        return
    statement = update(record_type.model).where(
        *(table.c[name] == bindparam(f"key_{name}") for name in record_type.key)
    )
    connection.execute(
        statement.values({name: bindparam(f"new_{name}") for name in columns}),
        [
            {f"new_{name}": row[name] for name in columns} | {f"key_{name}": row[name] for name in record_type.key}
            for row in rows
        ],
    )


def _insert(connection: Connection, table: Any, rows: Sequence[Row]) -> None:
    columns = table.columns.keys()
    if not rows:
        return
    driver = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection):
        # COPY is several times as fast as INSERT.
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in columns])
    else:
        connection.execute(insert(table), [{name: row[name] for name in columns} for row in rows])


def _columns(model: _Model, names: Iterable[str]) -> list[Any]:
    return [model.__table__.c[name] for name in names]


def _select_in(
    connection: Connection, column: ColumnElement[Any], values: Collection[Any], columns: Sequence[Any]
) -> Iterator[Any]:
    for chunk in _chunks(list(values)):
        yield from connection.execute(select(*columns).where(column.in_(chunk)))


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _IDS_PER_STATEMENT):
        yield values[start : start + _IDS_PER_STATEMENT]

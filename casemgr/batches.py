"""A batch of records and the database: what exists already, and how the batch is written."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, tuple_, update

from casemgr import models
from casemgr.dataset import Record
from casemgr.record_types import RECORD_TYPES, RecordType, Row

_IDS_PER_STATEMENT = 5000
"""SQLite takes 32766 parameters in a statement."""

_Model = type[models.Base]


@dataclass(slots=True)
class Known:
    """What exists of that which a batch names: in the database, and by and by in the batch.

    :param keys: keys by table.
    :param holders: by table, which key has a value of the column that no two records share.
    :param values: the same the other way round.
    :param stored: the keys that the database had before the batch.
    """

    keys: defaultdict[_Model, set[object]] = field(default_factory=lambda: defaultdict(set))
    holders: defaultdict[_Model, dict[str, object]] = field(default_factory=lambda: defaultdict(dict))
    values: defaultdict[_Model, dict[object, str]] = field(default_factory=lambda: defaultdict(dict))
    stored: defaultdict[_Model, frozenset[object]] = field(default_factory=lambda: defaultdict(frozenset))

    def exists(self, model: _Model, key: object) -> bool:
        """Tell whether there is a record with this key."""
        return key in self.keys[model]

    def has(self, record: Record) -> bool:
        """Tell whether there is a record with the key of this one."""
        return self.exists(record.type.model, record.key)

    def taken(self, record: Record) -> bool:
        """Tell whether another record has what no two may share."""
        key = record.key
        value = record.row.get(record.type.unique)
        return value is not None and self.holders[record.type.model].get(value, key) != key

    def add(self, record: Record) -> None:
        """Take a record for existing from now on, in place of what it replaces."""
        key = record.key
        self.keys[record.type.model].add(key)
        if record.type.unique:
            holders, values = self.holders[record.type.model], self.values[record.type.model]
            holders.pop(values.pop(key, ""), None)
            if (value := record.row[record.type.unique]) is not None:
                holders[value], values[key] = key, value


def look_up(connection: Connection, batch: Sequence[Record]) -> Known:
    """Look up the keys of the records of a batch and of those that they refer to, and their unique values."""
    wanted: defaultdict[_Model, set[Any]] = defaultdict(set)
    types: dict[_Model, RecordType] = {}
    for record in batch:
        types[record.type.model] = record.type
        wanted[record.type.model].add(record.key)
        wanted[models.Case].update(record.row.get("related_cases", ()))
        for _, model, record_id in record.references:
            wanted[model].add(record_id)
    known = Known()
    for model, keys in wanted.items():
        columns = _columns(model, types[model].key if model in types else ("id",))
        key = columns[0] if len(columns) == 1 else tuple_(*columns)
        found = {row[0] if len(row) == 1 else tuple(row) for row in _select_in(connection, key, keys, columns)}
        known.keys[model] = found
        known.stored[model] = frozenset(found)
    for record_type in types.values():
        if record_type.unique:
            _look_up_holders(connection, known, record_type, batch)
    return known


def _look_up_holders(connection: Connection, known: Known, record_type: RecordType, batch: Iterable[Record]) -> None:
    values = {record.row[record_type.unique] for record in batch if record.type is record_type} - {None}
    column, *key = _columns(record_type.model, (record_type.unique, *record_type.key))
    for value, holder in _select_in(connection, column, values, [column, *key]):
        known.holders[record_type.model][value] = holder
        known.values[record_type.model][holder] = value


def write(connection: Connection, batch: Sequence[Record], known: Known) -> None:
    """Write the records of a batch: those whose key is stored are replaced as a whole, the others inserted."""
    # In the order of the types, in which no type refers to a later one.
    for record_type in RECORD_TYPES.values():
        records = [record for record in batch if record.type is record_type]
        if not records:
            continue
        stored = known.stored[record_type.model]
        old = [record.row for record in records if record_type.key_of(record.row) in stored]
        new = [record.row for record in records if record_type.key_of(record.row) not in stored]
        # First, since a record that is replaced may leave a unique value to a new one.
        _update(connection, record_type, old)
        _insert(connection, record_type.model.__table__, new)
        for child in record_type.children:
            table = child.model.__table__
            for ids in _chunks([row["id"] for row in old]):
                connection.execute(delete(child.model).where(table.c[child.parent].in_(ids)))
            rows = [
                {child.parent: record.row["id"], **child.build(position, item)}
                for record in records
                for position, item in enumerate(record.row[child.source])
            ]
            # A list may name the same thing twice.
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
        # Several times as fast as INSERT.
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

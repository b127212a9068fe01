"""Statements of the hot path: declared with SQLAlchemy, compiled once, run by the driver itself.

`Connection.execute` takes five times as long for a case on SQLite (docs/performance.md). The pool is SQLAlchemy's all
the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Dialect,
    FunctionElement,
    Select,
    Text,
    TypeDecorator,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from casemgr.database import Source, fetch_all

Row = Sequence[Any]
_Process = Callable[[Any], Any]


class Statement:
    """A select that is the same for every execution but for its parameters."""

    def __init__(self, selected: Select[*tuple[Any, ...]], *, many: bool = False) -> None:
        """Take what is selected; each `bindparam` is a parameter.

        :param many: whether it gives many rows, without any order. SQLite gives them as one JSON text, which takes less
            time (docs/performance.md).
        """
        self._selected = selected
        self._many = many
        self._compiled: dict[str, _Compiled] = {}

    def execute(self, source: Source, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Run the statement on the connection of the source.

        :raises DBAPIError: as SQLAlchemy's connections do.
        """
        compiled = self._compiled.get(source.dialect.name)
        if compiled is None:
            compiled = self._compiled[source.dialect.name] = _Compiled(self._selected, source.dialect, self._many)
        return compiled.convert(fetch_all(source, compiled.text, compiled.bind(parameters)))


class _Compiled:
    """A select as a dialect writes it, and what values go through on their way in and out."""

    def __init__(self, selected: Select[*tuple[Any, ...]], dialect: Dialect, many: bool) -> None:
        self._as_json = many and dialect.name == "sqlite"
        as_json = func.json_group_array(func.json_array(*selected.selected_columns))
        compiled = (selected.with_only_columns(as_json) if self._as_json else selected).compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - a select always is
        self.text = str(compiled)
        self._positions = compiled.positiontup
        self._incoming: dict[str, _Process] = {}
        self._constants: dict[str, Any] = {}
        for bind, name in compiled.bind_names.items():
            process = _implement(bind.type, dialect).bind_processor(dialect)
            if not bind.required:
                self._constants[name] = process(bind.value) if process else bind.value
            elif process:
                self._incoming[name] = process
        self._outgoing = [
            (position, process)
            for position, column in enumerate(selected.selected_columns)
            if (process := _implement(column.type, dialect).result_processor(dialect, None))
        ]

    def bind(self, parameters: Mapping[str, Any]) -> Any:
        """Give the parameters as the driver takes them."""
        bound = {**self._constants, **parameters}
        for name, process in self._incoming.items():
            bound[name] = process(bound[name])
        return bound if self._positions is None else [bound[name] for name in self._positions]

    def convert(self, rows: Sequence[Any]) -> Sequence[Row]:
        """Give the rows of the driver with the types of the columns."""
        converted: list[Any]
        if self._as_json:
            converted = orjson.loads(rows[0][0])
        elif self._outgoing:
            converted = [list(row) for row in rows]
        else:
            return rows
        for row in converted:
            for position, process in self._outgoing:
                row[position] = process(row[position])
        return converted


def _implement(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return type_.dialect_impl(dialect)


class _Ids(TypeDecorator[Sequence[int]]):
    """A list of IDs as a parameter: one, however long it is, so that the statement stays the same."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Send an array to PostgreSQL, and JSON to SQLite, which has none."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(BigInteger))

    def bind_processor(self, dialect: Dialect) -> Callable[[Sequence[int] | None], str]:
        """Write the list; to write an array of 75 takes the driver of PostgreSQL 0.06 ms."""
        if dialect.name == "sqlite":
            return lambda ids: orjson.dumps(ids).decode()
        return lambda ids: f"{{{orjson.dumps(ids)[1:-1].decode()}}}"


class IsOneOf(ColumnElement[bool]):
    """Whether an ID is among those of the parameter `ids`."""

    inherit_cache = False

    def __init__(self, column: InstrumentedAttribute[int]) -> None:
        """Take the column of the ID."""
        self.column = column
        self.ids: BindParameter[Sequence[int]] = bindparam("ids", type_=_Ids())


@compiles(IsOneOf, "sqlite")
def _is_one_of_on_sqlite(element: IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    listed = select(func.json_each(element.ids).table_valued("value").c.value)
    return compiler.process(element.column.in_(listed), **options)


@compiles(IsOneOf, "postgresql")
def _is_one_of_on_postgresql(element: IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.column == any_(element.ids), **options)


class InstantText(FunctionElement[str]):
    """An instant as `casemgr.instants` writes it (contract REP-1); in Python it takes three times as long."""

    name = "instant_text"
    type = Text()
    inherit_cache = True


@compiles(InstantText, "sqlite")
def _instant_text_on_sqlite(element: InstantText, compiler: SQLCompiler, **options: Any) -> str:
    # SQLAlchemy stores six digits of a second, another program perhaps none.
    instant = compiler.process(element.clauses, **options)
    return f"substr({instant}, 1, 10) || 'T' || substr({instant} || '.000', 12, 12) || 'Z'"


@compiles(InstantText, "postgresql")
def _instant_text_on_postgresql(element: InstantText, compiler: SQLCompiler, **options: Any) -> str:
    instant = compiler.process(element.clauses, **options)
    return f"""to_char({instant}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


class _Rows(TypeDecorator[Any]):
    """Rows as a JSON array of arrays."""

    impl = Text
    cache_ok = False

    def __init__(self, read: Callable[[list[list[Any]]], Any]) -> None:
        super().__init__()
        self._read = read

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:
        """Read them; PostgreSQL gives nothing where there are none."""
        read = self._read

        def process(value: Any) -> Any:
            # Within what SQLite gives as JSON it is none of its own.
            rows = value if isinstance(value, list) else orjson.loads(value or "[]")
            rows.sort()
            return read(rows)

        return process


class ListRows(FunctionElement[Any]):
    """The rows of a group, as a list of lists in the order of the columns."""

    name = "list_rows"
    inherit_cache = False

    def __init__(self, *columns: Any, read: Callable[[list[list[Any]]], Any] = list) -> None:
        """Take the columns, and what makes something better of the list."""
        super().__init__(*columns)
        self.type = _Rows(read)


@compiles(ListRows, "sqlite")
def _list_rows_on_sqlite(element: ListRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(ListRows, "postgresql")
def _list_rows_on_postgresql(element: ListRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **options)})) AS TEXT)"

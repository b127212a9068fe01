"""Statements of the request path: declared with SQLAlchemy, compiled once, run by the database driver.

Finding a case by its ID takes 3 µs this way and 18 µs with `Connection.execute` (docs/performance.md).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

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
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from casemgr.observability import context

Row = Sequence[Any]
_Process = Callable[[Any], Any]


class Source(Protocol):
    """A connection to read from: `casemgr.database.reading.Reading`, or SQLAlchemy's."""

    @property
    def dialect(self) -> Dialect:
        """The kind of database."""

    @property
    def connection(self) -> PoolProxiedConnection:
        """The connection of the driver."""

    def invalidate(self, exception: BaseException | None = None) -> None:
        """Keep the connection, which is broken, from being used again."""


class Statement:
    """A select whose executions differ only in their parameters."""

    def __init__(self, selected: Select[*tuple[Any, ...]], *, many: bool = False) -> None:
        """Declare a statement; each `bindparam` of the select is a parameter.

        :param many: whether it returns many rows, in no particular order. SQLite then returns them as one JSON text:
            75 cases take 52 µs instead of 75 µs.
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
    """A select in the SQL of one dialect, with the conversions of its parameters and columns."""

    def __init__(self, selected: Select[*tuple[Any, ...]], dialect: Dialect, many: bool) -> None:
        self._as_json = many and dialect.name == "sqlite"
        as_json = func.json_group_array(func.json_array(*selected.selected_columns))
        compiled = (selected.with_only_columns(as_json) if self._as_json else selected).compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - a select always compiles to SQL
        self.text = str(compiled)
        self._positions = compiled.positiontup
        self._incoming: dict[str, _Process] = {}
        self._constants: dict[str, Any] = {}
        for bind, name in compiled.bind_names.items():
            process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if not bind.required:
                self._constants[name] = process(bind.value) if process else bind.value
            elif process:
                self._incoming[name] = process
        self._outgoing = [
            (position, process)
            for position, column in enumerate(selected.selected_columns)
            if (process := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def bind(self, parameters: Mapping[str, Any]) -> Any:
        """Convert the parameters to what the driver takes."""
        bound = {**self._constants, **parameters}
        for name, process in self._incoming.items():
            bound[name] = process(bound[name])
        return bound if self._positions is None else [bound[name] for name in self._positions]

    def convert(self, rows: Sequence[Any]) -> Sequence[Row]:
        """Convert the rows of the driver to the types of the columns."""
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


def fetch_all(source: Source, statement: str, parameters: Any = ()) -> Sequence[Any]:
    """Run a statement that only reads with the database driver.

    :param statement: SQL for the driver.
    :param parameters: parameters for the driver.
    :returns: all rows, with the values of the driver.
    :raises DBAPIError: as SQLAlchemy's connections do.
    """
    started = time.perf_counter()
    try:
        cursor = source.connection.cursor()
        cursor.execute(statement, parameters)
        return cursor.fetchall()
    except source.dialect.loaded_dbapi.Error as error:
        if source.dialect.is_disconnect(error, source.connection, None):
            source.invalidate(error)
        raise wrap_driver_error(source.dialect, statement, error) from error
    finally:
        context.count_statement(time.perf_counter() - started)


def wrap_driver_error(dialect: Dialect, statement: str | None, error: Any) -> DBAPIError:
    """Wrap an error of a driver as SQLAlchemy's connections do."""
    wrapped = DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
    )
    assert isinstance(wrapped, DBAPIError)  # noqa: S101 - a driver's error always becomes one
    return wrapped


class _ListParameter(TypeDecorator[Sequence[Any]]):
    """A list as a single parameter, however long it is, so that the statement stays the same."""

    impl = Text
    cache_ok = True

    def __init__(self, item_type: TypeEngine[Any]) -> None:
        super().__init__()
        self.item_type = item_type

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Send an array to PostgreSQL, and JSON to SQLite, which has no arrays."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.item_type))

    def bind_processor(self, dialect: Dialect) -> Callable[[Sequence[Any] | None], str] | None:
        """Write the list as text; PostgreSQL's driver takes 0.06 ms to write an array of 75 IDs."""
        if dialect.name == "sqlite":
            return lambda items: orjson.dumps(items).decode()
        if isinstance(self.item_type, BigInteger):
            return lambda ids: f"{{{orjson.dumps(ids)[1:-1].decode()}}}"
        return None


class IsOneOf(ColumnElement[bool]):
    """The condition that a column has one of the values in a list, which is a parameter."""

    inherit_cache = False

    def __init__(self, column: InstrumentedAttribute[Any], parameter: str) -> None:
        """Compare a column with the list in a parameter."""
        self.column = column
        self.items: BindParameter[Sequence[Any]] = bindparam(parameter, type_=_ListParameter(column.type))


@compiles(IsOneOf, "sqlite")
def _is_one_of_on_sqlite(element: IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    listed = select(func.json_each(element.items).table_valued("value").c.value)
    return compiler.process(element.column.in_(listed), **options)


@compiles(IsOneOf, "postgresql")
def _is_one_of_on_postgresql(element: IsOneOf, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.column == any_(element.items), **options)


class InstantText(FunctionElement[str]):
    """An instant in the form of `casemgr.domain.instants` (contract REP-1).

    The database takes 0.3 µs to write one, Python 1.2 µs, and 75 cases have hundreds of them.
    """

    name = "instant_text"
    type = Text()
    inherit_cache = True


@compiles(InstantText, "sqlite")
def _instant_text_on_sqlite(element: InstantText, compiler: SQLCompiler, **options: Any) -> str:
    # SQLAlchemy stores six digits of a second; another program may have stored none.
    instant = compiler.process(element.clauses, **options)
    return f"substr({instant}, 1, 10) || 'T' || substr({instant} || '.000', 12, 12) || 'Z'"


@compiles(InstantText, "postgresql")
def _instant_text_on_postgresql(element: InstantText, compiler: SQLCompiler, **options: Any) -> str:
    instant = compiler.process(element.clauses, **options)
    # Whatever time zone the session has.
    return f"""to_char({instant} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


class _JsonRows(TypeDecorator[Any]):
    """Rows as a JSON array of arrays, and the function that converts them."""

    impl = Text
    cache_ok = False

    def __init__(self, read: Callable[[list[list[Any]]], Any]) -> None:
        super().__init__()
        self._read = read

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | list[Any] | None], Any]:
        """Decode and convert the rows; PostgreSQL returns NULL where there are none."""
        read = self._read

        def process(value: str | list[Any] | None) -> Any:
            # Already decoded when the whole result came as JSON.
            return read(value if isinstance(value, list) else orjson.loads(value or "[]"))

        return process


class ListRows(FunctionElement[Any]):
    """The rows of a subquery as one value, in no particular order."""

    name = "list_rows"
    inherit_cache = False

    def __init__(self, *columns: Any, read: Callable[[list[list[Any]]], Any] = list) -> None:
        """Aggregate rows of these columns.

        :param read: converts the list of rows, each of which is a list of values.
        """
        super().__init__(*columns)
        self.type = _JsonRows(read)


@compiles(ListRows, "sqlite")
def _list_rows_on_sqlite(element: ListRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(ListRows, "postgresql")
def _list_rows_on_postgresql(element: ListRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clauses, **options)})) AS TEXT)"

"""The related cases on later lines: an import keeps them in a temporary table until the end of the dataset."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, delete, exists, insert, select

from casemgr.database import models
from casemgr.imports.batches import ExistingKeys
from casemgr.imports.lines import Record
from casemgr.imports.record_types import Row

_ROWS_PER_FETCH = 1000

# The related cases that do not exist yet. At the end of the file they must exist.
_TABLE = Table(
    "import_forward_references",
    MetaData(),
    Column("line", BigInteger, nullable=False),
    Column("case_id", BigInteger, nullable=False, index=True),
    Column("related_case_id", BigInteger, nullable=False, index=True),
    prefixes=["TEMPORARY"],
)


class ForwardReferences:
    """The forward references of one import."""

    def __init__(self, connection: Connection) -> None:
        """Create a temporary table, which lasts until `store`."""
        self._connection = connection
        _TABLE.create(connection)

    def add(self, rows: Sequence[Row]) -> None:
        """Add forward references."""
        if rows:
            self._connection.execute(insert(_TABLE), rows)

    def drop_from(self, case_ids: Collection[int]) -> None:
        """Drop the forward references of cases, since these are replaced or deleted."""
        if case_ids:
            self._connection.execute(delete(_TABLE).where(_TABLE.c.case_id.in_(case_ids)))

    def drop_to(self, case_ids: Collection[int]) -> None:
        """Drop the forward references to cases, since these are deleted."""
        if case_ids:
            self._connection.execute(delete(_TABLE).where(_TABLE.c.related_case_id.in_(case_ids)))

    def find_dangling(self) -> Iterator[tuple[int, set[int]]]:
        """Find the lines with related cases that do not exist, in ascending order, and these cases."""
        found = exists().where(models.Case.id == _TABLE.c.related_case_id)
        dangling = select(_TABLE).where(~found).order_by(_TABLE.c.line)
        rows = self._connection.execute(dangling).yield_per(_ROWS_PER_FETCH)
        for line, rows_of_line in groupby(rows, key=lambda row: row.line):
            yield line, {row.related_case_id for row in rows_of_line}

    def store(self) -> None:
        """Store them as related cases, and drop the temporary table."""
        columns = _TABLE.c.case_id, _TABLE.c.related_case_id
        pairs = select(*columns).distinct()
        self._connection.execute(insert(models.RelatedCase).from_select([column.name for column in columns], pairs))
        _TABLE.drop(self._connection)


def take_forward_references(record: Record, existing: ExistingKeys) -> list[Row]:
    """Remove the related cases that do not exist yet from a record and return them as forward references."""
    if record.type.model is not models.Case:
        return []
    related = record.row["related_cases"]
    record.row["related_cases"] = [case_id for case_id in related if existing.exists(models.Case, case_id)]
    return [
        {"line": record.line, "case_id": record.row["id"], "related_case_id": case_id}
        for case_id in related
        if not existing.exists(models.Case, case_id)
    ]

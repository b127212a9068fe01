"""The import of a dataset: line by line, in batches, within one transaction."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine, insert, update

from casemgr.cases.repository import load_definitions
from casemgr.database import models
from casemgr.database.engine import writing
from casemgr.domain.cases import CustomAttributeDefinition, DataType
from casemgr.domain.custom_values import canonicalize_value
from casemgr.domain.texts import shorten
from casemgr.imports.batches import ExistingKeys, find_existing_keys, write_batch
from casemgr.imports.changes import Change, Changes
from casemgr.imports.credentials import Credentials
from casemgr.imports.custom_attributes import adapt_stored_values
from casemgr.imports.deletions import DOES_NOT_EXIST, delete_records, judge_deletions, may_be_mentioned
from casemgr.imports.forward_references import ForwardReferences, take_forward_references
from casemgr.imports.lines import BadLineError, Record, parse_record, read_lines
from casemgr.imports.record_types import RECORD_TYPES, RecordType, Row

MAX_BAD_LINES = 20
"""The number of bad lines after which reading stops. Source: contract DAT-2."""

_BATCH_RECORDS = 1000
_BATCH_BYTES = 8 * 1024 * 1024
"""The records and the bytes of a batch; the limit on bytes bounds its memory."""

_MAX_MISSING_CASES = 20
"""Maximum number of missing related cases that are reported for one line."""

_MAX_REJECTED = 1_000_000
"""The number of rejected records of one type after which reading stops, to bound the memory."""

_ATTRIBUTE = RECORD_TYPES["customAttribute"]
_TYPE_NAMES = {record_type.model: name for name, record_type in RECORD_TYPES.items()}


class DatasetError(ValueError):
    """A dataset has bad lines; nothing was stored.

    :param problems: the problems of each bad line, by line number in ascending order.
    :param stopped: whether reading stopped before the end.
    """

    def __init__(self, problems: dict[int, str], *, stopped: bool) -> None:
        """Keep the first MAX_BAD_LINES problems."""
        super().__init__(f"{len(problems)} bad lines")
        self.stopped = stopped
        self.problems = dict(sorted(problems.items())[:MAX_BAD_LINES])


def import_dataset(
    engine: Engine,
    stream: BinaryIO,
    *,
    replace: bool = False,
    dry_run: bool = False,
    progress: Callable[[int], object] = int,
) -> Changes:
    """Import a dataset, all or nothing.

    :param stream: the dataset, which is read once, line by line.
    :param replace: whether to replace existing records; otherwise a record whose ID exists is a bad line, and so is a
        deletion of what does not exist.
    :param dry_run: whether to store nothing in the end.
    :param progress: called for each line that is not blank, with its number of bytes.
    :returns: the changes, or with `dry_run` the changes that there would have been.
    :raises DatasetError: when lines are bad.

    Source: contract DAT-1 to DAT-5.
    """
    with writing(engine) as connection:
        dataset_import = _Import(connection, replace=replace)
        for number, line in read_lines(stream):
            dataset_import.add(number, line)
            progress(len(line))
        changes = dataset_import.finish()
        if dry_run:
            connection.rollback()
        return changes


class _Import:
    """One import, whose memory does not grow with the file, except for the custom attributes."""

    def __init__(self, connection: Connection, *, replace: bool) -> None:
        self._connection = connection
        self._replace = replace
        self._may_hold_nul = connection.dialect.name != "postgresql"
        self._batch: list[Record] = []
        self._batch_keys: set[tuple[str, object]] = set()
        self._batch_bytes = 0
        self._records = 0
        self._changes: Counter[tuple[str, Change]] = Counter()
        self._problems: dict[int, str] = {}
        # The keys of bad records and of those that refer to them. References to these are not reported as problems.
        self._rejected: defaultdict[type[models.Base], set[object]] = defaultdict(set)
        self._definitions = load_definitions(connection)
        # An attribute that is deleted and created again keeps its place, so that repeating an import changes no order.
        self._attribute_ids = {name: definition.id for name, definition in self._definitions.items()}
        self._credentials = Credentials(connection)
        self._forward_references = ForwardReferences(connection)

    def add(self, number: int, line: bytes) -> None:
        """Parse a line and add it to the batch; check and write the batch when it is full."""
        try:
            record = parse_record(number, line, may_hold_nul=self._may_hold_nul)
        except BadLineError as error:
            self._flush()
            self._report(number, error)
            return
        key = (record.type.name, record.key)
        # Later lines need the custom attribute.
        is_attribute = record.type is _ATTRIBUTE and not record.is_deletion
        if is_attribute or not self._fits(record, key):
            self._flush()
        self._batch.append(record)
        self._batch_keys.add(key)
        self._batch_bytes += len(line)
        if is_attribute or len(self._batch) >= _BATCH_RECORDS or self._batch_bytes >= _BATCH_BYTES:
            self._flush()

    def _fits(self, record: Record, key: tuple[str, object]) -> bool:
        """Check whether a record may join the batch.

        A deletion must see all changes before it, and is seen by all records after it. Deletions of the same type, or
        of types that nobody mentions, do not concern each other. A record cannot replace or delete another one of the
        same batch.
        """
        last = self._batch[-1] if self._batch else record
        if record.is_deletion != last.is_deletion:
            return False
        if record.is_deletion and record.type is not last.type:
            return not (may_be_mentioned(record.type) or may_be_mentioned(last.type) or key in self._batch_keys)
        return key not in self._batch_keys or not (self._replace or record.is_deletion)

    def finish(self) -> Changes:
        """Write the last batch and check the forward references.

        :returns: the changes.
        :raises DatasetError: when there were bad lines.
        """
        self._flush()
        for line, case_ids in self._forward_references.find_dangling():
            missing = case_ids - self._rejected[models.Case]
            if missing and len(self._problems) < MAX_BAD_LINES:
                reported = sorted(missing)[:_MAX_MISSING_CASES]
                self._problems[line] = "; ".join(f"relatedCases: there is no case {case_id}" for case_id in reported)
        if self._problems:
            raise DatasetError(self._problems, stopped=False)
        self._forward_references.store()
        self._credentials.close()
        # The second of two concurrent imports waits here, so that versions follow the order of the commits.
        last = {"imported": datetime.now(UTC), "records": self._records}
        updated = self._connection.execute(update(models.Dataset).values(version=models.Dataset.version + 1, **last))
        if not updated.rowcount:
            self._connection.execute(insert(models.Dataset).values(id=1, version=1, **last))
        return Changes(self._records, self._changes)

    def _flush(self) -> None:
        batch = self._batch
        self._batch, self._batch_keys, self._batch_bytes = [], set(), 0
        self._records += len(batch)
        if batch and batch[0].is_deletion:
            self._delete(batch)
        elif batch:
            self._store(batch)

    def _store(self, batch: list[Record]) -> None:
        existing = find_existing_keys(self._connection, batch)
        good: list[Record] = []
        forward: list[Row] = []
        for record in batch:
            if problems := list(self._check(record, existing)):
                self._report(record.line, BadLineError(problems, (record.type, record.key)))
            elif self._refers_to_rejected(record):
                self._reject(record.type, record.key)
            else:
                existing.add(record)
                forward += take_forward_references(record, existing)
                good.append(record)
        self._write(good, forward, existing)
        for record in good:
            is_stored = record.key in existing.stored[record.type.model]
            self._changes[record.type.name, Change.REPLACED if is_stored else Change.CREATED] += 1

    def _delete(self, batch: list[Record]) -> None:
        """Delete what records name by their keys."""
        good: list[Record] = []
        for record, problem in judge_deletions(self._connection, batch):
            ignored = self._replace or record.key in self._rejected[record.type.model]
            if not problem:
                good.append(record)
            elif problem != DOES_NOT_EXIST or not ignored:
                self._report(record.line, BadLineError([f"{record.type.key_field}: {problem}"]))
        # Also those to a case that does not exist, so that repeating an import does not leave more of them.
        case_ids = [record.key for record in batch if record.type.model is models.Case]
        self._forward_references.drop_from(case_ids)
        self._forward_references.drop_to(case_ids)
        delete_records(self._connection, good)
        for record in good:
            self._changes[record.type.name, Change.DELETED] += 1
            if record.type is _ATTRIBUTE:
                del self._definitions[record.key]

    def _write(self, records: list[Record], forward: list[Row], existing: ExistingKeys) -> None:
        if self._replace:
            # A replaced case loses its former forward references.
            self._forward_references.drop_from([record.key for record in records if record.type.model is models.Case])
        self._credentials.prepare(records, existing)
        write_batch(self._connection, records, existing)
        self._forward_references.add(forward)

    def _report(self, number: int, error: BadLineError) -> None:
        self._problems[number] = str(error)
        if error.rejected:
            self._reject(*error.rejected)
        if len(self._problems) >= MAX_BAD_LINES:
            raise DatasetError(self._problems, stopped=True)

    def _reject(self, record_type: RecordType, key: object) -> None:
        rejected = self._rejected[record_type.model]
        rejected.add(key)
        if len(rejected) > _MAX_REJECTED:
            raise DatasetError(self._problems, stopped=True)

    def _refers_to_rejected(self, record: Record) -> bool:
        return any(record_id in self._rejected[model] for _, model, record_id in record.references)

    def _check(self, record: Record, existing: ExistingKeys) -> Iterator[str]:
        """Find the conflicts of a record with other records; complete custom attributes and custom values."""
        is_repeated = existing.has(record) and not self._replace
        if is_repeated:
            yield f"{record.type.key_field}: already exists"
        if existing.is_taken(record):
            yield f"{record.type.unique_field}: {shorten(record.row[record.type.unique])!r} is taken"
        for field, model, record_id in record.references:
            if not existing.exists(model, record_id) and record_id not in self._rejected[model]:
                yield f"{field}: there is no {_TYPE_NAMES[model]} {record_id}"
        if record.type is _ATTRIBUTE and not is_repeated:
            yield from self._define(record.row)
        if record.type.model is models.Case:
            yield from self._complete_custom_values(record.row)

    def _define(self, row: Row) -> Iterator[str]:
        """Assign an ID to a custom attribute; adapt the stored values of an attribute that it replaces."""
        replaced = self._definitions.get(row["name"])
        row["id"] = self._attribute_ids.setdefault(row["name"], max(self._attribute_ids.values(), default=0) + 1)
        definition = CustomAttributeDefinition(
            row["id"],
            row["name"],
            DataType(row["data_type"]),
            row["multiple"],
            tuple(item["value"] for item in row["values"]),
        )
        if replaced and (problem := adapt_stored_values(self._connection, definition)):
            yield f"name: {problem}"
        self._definitions[row["name"]] = definition

    def _complete_custom_values(self, row: Row) -> Iterator[str]:
        """Convert the custom values of a case to rows in canonical form."""
        rows: list[dict[str, Any]] = []
        for name, values in row["custom"].items():
            field = f"custom.{shorten(name)}"
            definition = self._definitions.get(name)
            if definition is None:
                if name not in self._rejected[models.CustomAttribute]:
                    yield f"{field}: there is no such custom attribute"
                continue
            if len(values) > 1 and not definition.multiple:
                yield f"{field}: takes one value, not {len(values)}"
            for position, value in enumerate(values):
                try:
                    canonical = canonicalize_value(definition, value)
                except ValueError as error:
                    yield f"{field}.{position}: {shorten(value)!r} {error}"
                else:
                    rows.append({"attribute_id": definition.id, "position": position, "value": canonical})
        row["custom"] = rows

"""The lines of a dataset: reading them, and parsing each to a valid record."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

from marshmallow import Schema, ValidationError

from casemgr.domain.texts import shorten
from casemgr.imports.record_types import RECORD_TYPES, RecordType, ReferenceTo, Row, find_references
from casemgr.imports.records import Deletion

MAX_LINE = 64 * 1024 * 1024
"""Maximum number of bytes of a line, so that a file without line breaks cannot fill the memory."""


def _refuse_constant(constant: str) -> NoReturn:
    """Refuse NaN and infinities, which Python accepts although JSON does not have them."""
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _build_deletion_schema(record_type: RecordType) -> Schema:
    fields = record_type.schema.load_fields
    key = {name: field for name, field in fields.items() if (field.attribute or name) in record_type.key}
    return Deletion.from_dict(key)()


_DELETION_SCHEMAS = {name: _build_deletion_schema(record_type) for name, record_type in RECORD_TYPES.items()}


class BadLineError(ValueError):
    """A line is not a valid record; the message is `field: problem; field: problem`.

    :param rejected: the type and the key of the record; None when they cannot be read.
    """

    def __init__(self, problems: Sequence[str], rejected: tuple[RecordType, object] | None = None) -> None:
        """Join the problems to one message."""
        super().__init__("; ".join(problems))
        self.rejected = rejected


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a dataset.

    :param line: the number of its line, counted from 1.
    :param row: the columns of its row, and the lists that become rows of child tables; of a deletion, only the key.
    :param references: the records that it refers to, which must exist.
    :param is_deletion: whether what has the key is deleted.
    """

    line: int
    type: RecordType
    row: Row
    references: tuple[ReferenceTo, ...] = ()
    is_deletion: bool = False

    @property
    def key(self) -> Any:
        """The key among the records of its type: one value, or a tuple of several."""
        return self.type.key_of(self.row)


def read_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Read the lines that are not blank, with their numbers; a longer line is cut after MAX_LINE + 1 bytes."""
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE + 1)
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line.isspace() and line:
            yield number, line


def parse_record(number: int, line: bytes, *, may_hold_nul: bool = True) -> Record:
    """Parse and validate a line without looking at other records.

    :param may_hold_nul: whether the database can store U+0000.
    :raises BadLineError: with all problems of the line.

    Source: contract DAT-1, DAT-2, DAT-4.
    """
    data = _parse_json(line)
    if not isinstance(data, dict):
        raise BadLineError(["line: is not a JSON object"])
    record_type = RECORD_TYPES.get(name) if isinstance(name := data.pop("type", None), str) else None
    if record_type is None:
        raise BadLineError([_describe_bad_type(name)])
    # JSON has no other notation for U+0000.
    if not may_hold_nul and b"\\u0000" in line and (problems := list(_find_nul(data))):
        raise BadLineError(problems, _read_key(record_type, data))
    if (deleted := data.pop("deleted", None)) is not None:
        return _parse_deletion(number, record_type, deleted, data)
    try:
        row = record_type.schema.load(data)
    except ValidationError as error:
        raise BadLineError(list(_flatten(error.messages_dict)), _read_key(record_type, data)) from error
    return Record(number, record_type, row, tuple(find_references(record_type.schema, row)))


def _parse_deletion(number: int, record_type: RecordType, deleted: object, data: Any) -> Record:
    if deleted is not True:
        raise BadLineError(["deleted: must be true, or left out"])
    try:
        # A field that is null counts as absent here too.
        row = _DELETION_SCHEMAS[record_type.name].load(record_type.schema.remove_null(data))
    except ValidationError as error:
        raise BadLineError(list(_flatten(error.messages_dict))) from error
    return Record(number, record_type, row, is_deletion=True)


def _describe_bad_type(name: object) -> str:
    if name is None:
        return "type: is missing"
    return f"type: must be one of {', '.join(RECORD_TYPES)}, not {shorten(json.dumps(name))}"


def _parse_json(line: bytes) -> Any:
    if len(line) > MAX_LINE:
        raise BadLineError([f"line: is longer than {MAX_LINE} bytes"])
    try:
        return _DECODER.decode(line.decode())
    except UnicodeDecodeError as error:
        raise BadLineError([f"line: is not UTF-8 (byte {error.start + 1})"]) from error
    except json.JSONDecodeError as error:
        raise BadLineError([f"line: is not JSON ({error.msg}, column {error.pos + 1})"]) from error
    except RecursionError as error:
        raise BadLineError(["line: is not JSON (nested too deeply)"]) from error
    except ValueError as error:
        raise BadLineError(["line: is not JSON (NaN, Infinity or too many digits)"]) from error


def _flatten(messages: Mapping[Any, Any] | Sequence[str], path: str = "") -> Iterator[str]:
    if isinstance(messages, Mapping):
        for name, nested in messages.items():
            # marshmallow's name for the problems of a whole object.
            yield from _flatten(nested, path if path and name == "_schema" else f"{path}.{name}".removeprefix("."))
    else:
        yield from (f"{shorten(path)}: {shorten(message, 300)}" for message in messages)


def _find_nul(data: Any, path: str = "") -> Iterator[str]:
    """Find the strings and the member names that contain U+0000."""
    if isinstance(data, str):
        if "\0" in data:
            yield f"{shorten(path)}: has U+0000, which PostgreSQL cannot store"
    elif isinstance(data, Mapping | list):
        items = data.items() if isinstance(data, Mapping) else enumerate(data)
        for name, nested in items:
            nested_path = f"{path}.{name}".removeprefix(".")
            yield from _find_nul(nested, nested_path)
            yield from _find_nul(name, nested_path)


def _read_key(record_type: RecordType, data: Mapping[str, Any]) -> tuple[RecordType, object] | None:
    """Read the key of a bad line, if it is an ID or a name; other records cannot refer to anything else."""
    key = data.get(record_type.key[0])
    return (record_type, key) if isinstance(key, int | str) else None

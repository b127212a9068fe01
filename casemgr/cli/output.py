"""Results of commands: tables for people, JSON for programs, and secrets."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import click

from casemgr.domain.instants import format_instant
from casemgr.domain.texts import shorten, tabulate

_NOTHING = "-"

_ROWS_AT_A_TIME = 1000

_MAX_LIMIT = 10**9
"""More rows than there are, and a number that every database takes."""

_SHORT, _LONG = 100, 10_000
"""Characters after which a text is cut: in a line among many, and on a line of its own."""

format_option: Callable[[Callable[..., None]], Callable[..., None]] = click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="The output format: a table for people, JSON for programs.",
)

limit_option: Callable[[Callable[..., None]], Callable[..., None]] = click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(1, _MAX_LIMIT),
    help="Print the first N only; by default all are printed.",
)


def print_list(records: Iterable[Mapping[str, Any]], fields: Sequence[str], format_: str) -> None:
    """Print records while they arrive: a line for each below a header, or one JSON array.

    :param fields: the fields of a record, which become the columns.
    """
    if format_ == "json":
        for line in _encode_array(records):
            click.echo(line)
    else:
        header = [_words(field).upper() for field in fields]
        rows = ([_cell(record[field], _SHORT) for field in fields] for record in records)
        _print_table(chain([header], rows))


def print_record(record: Mapping[str, Any], format_: str) -> None:
    """Print one record: each field on a line of its own, or one JSON object."""
    if format_ == "json":
        click.echo(json.dumps(record, ensure_ascii=False, indent=2, default=_encode))
    else:
        _print_table(_labelled_rows(record))


def print_secret(text: str) -> None:
    """Print a secret within the transaction that stores it, so that the change is undone when printing fails.

    :raises ClickException: when standard output is closed.
    """
    if sys.stdout is None:
        raise click.ClickException("Standard output is closed.")
    click.echo(text)


def _print_table(rows: Iterable[Sequence[str]]) -> None:
    for line in tabulate(rows, _ROWS_AT_A_TIME):
        click.echo(line)


def _encode_array(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Encode an array with each record on a line, which a program can also read line by line."""
    last = None
    for record in records:
        yield "[" if last is None else f"{last},"
        last = f"  {json.dumps(record, ensure_ascii=False, default=_encode)}"
    yield from ["[]"] if last is None else [last, "]"]


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return format_instant(value)
    raise TypeError(type(value).__name__)


def _labelled_rows(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, value in record.items():
        label = _words(field)
        label = f"{label[0].upper()}{label[1:]}:"
        for line in _lines(value):
            yield label, line
            label = ""


def _lines(value: Any) -> list[str]:
    match value:
        case {"id": _} | str():
            items = [value]
        case Mapping():
            return [f"{key}: {_cell(item, _LONG)}" for key, item in value.items()] or [_NOTHING]
        case Sequence():
            items = list(value) or [None]
        case _:
            items = [value]
    return [_cell(item, _LONG) for item in items]


def _cell(value: Any, length: int) -> str:
    """Write a value on one line.

    :param length: the maximum number of characters of a text; longer ones are cut.
    """
    match value:
        case None:
            return _NOTHING
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%SZ}"
        case {"id": id_, "name": name, "actions": actions}:
            named = _cell({"id": id_, "name": name}, length)
            return f"{named}: {', '.join(_cell(action, length) for action in actions) or 'no actions'}"
        case {"id": id_, "name": name}:
            return f"{shorten(name, length)} ({id_})"
        case {"action": action, "resource": resource}:
            return f"{shorten(action, length)} on {shorten(resource, length)}"
        case _:
            return shorten(str(value), length)


def _words(field: str) -> str:
    """Split the name of a field, such as loginId, into words: login ID."""
    words = re.sub("[A-Z]", lambda letter: f" {letter[0].lower()}", field)
    return re.sub(r"\bid\b", "ID", words)

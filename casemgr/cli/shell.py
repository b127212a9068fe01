"""The base of all commands: their classes, the database, standard input."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from inspect import cleandoc
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import click
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from casemgr.accounts.accounts import Account, find_accounts
from casemgr.cli.audit import audited, note_account
from casemgr.config import DATABASE_URL, Config, ConfigError
from casemgr.database.backup import BackupError
from casemgr.database.engine import create_engine, is_server_lost
from casemgr.database.new_files import new_file
from casemgr.database.schema import SchemaInUseError, UnknownSchemaError, find_schema_problem
from casemgr.domain.actors import ActorKind
from casemgr.domain.durations import parse_duration
from casemgr.i18n.translation import MissingCatalogueError

STANDARD_STREAM = "-"
"""The name of a file that stands for standard input or output."""


class Command(click.Command):
    """A command whose epilog has sections, such as examples, and is printed verbatim.

    It leaves a record in the audit log, unless it is declared with `changes=False`.
    """

    def __init__(self, *args: Any, changes: bool = True, **kwargs: Any) -> None:
        """Create a command.

        :param changes: whether it changes accounts, sessions or data, or copies all data, which is recorded too.
        """
        super().__init__(*args, **kwargs)
        self.changes = changes

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with audited(ctx) if self.changes else nullcontext():
            return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the epilog without wrapping its lines."""
        if self.epilog:
            formatter.write(f"\n{cleandoc(self.epilog)}\n")


class Group(Command, click.Group):
    """A group that reports every exception as one sentence, without a traceback (contract OPS-3)."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create a group, whose commands leave records themselves."""
        super().__init__(*args, changes=False, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command.

        :raises ClickException: in place of any other exception, such as one of the settings, the input or the database.
        """
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            # Click handles these itself.
            raise
        except Exception as error:
            raise click.ClickException(_explain(error)) from error


def _explain(error: Exception) -> str:
    match error:
        case ConfigError() | MissingCatalogueError() | BackupError() | SchemaInUseError() | UnknownSchemaError():
            return str(error)
        case DBAPIError() if is_server_lost(error) and not isinstance(error.orig, sqlite3.Error):
            # The lines that follow are advice of PostgreSQL, or failures of its other hosts.
            reason = str(error.orig).partition("\n")[0].rstrip(".")
            return f"The database cannot be reached: {reason}. Start it, or correct {DATABASE_URL}."
        case DBAPIError():
            return f"The database cannot be used: {error.orig}."
        case sqlite3.Error():
            return f"The database cannot be used: {error}."
        case UnicodeEncodeError(reason="surrogates not allowed"):
            # Python passes bytes that are not UTF-8 on as lone surrogates.
            return "An argument is not UTF-8."
        case OSError():
            return f"{error.filename or 'Input or output'}: {error.strerror or error}."
        case _:
            return f"{type(error).__name__}: {error}"


class Duration(click.ParamType[timedelta]):
    """A duration, such as 8h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse a duration."""
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}.", param, ctx)


def find_account(connection: Connection, kind: ActorKind, name: str) -> Account:
    """Find an account by its ID, its login or client ID, or its name.

    :raises ClickException: when no account or several accounts match.
    """
    found = find_accounts(connection, kind, name)
    if len(found) != 1:
        problem = "Several accounts have this name; use the ID" if found else "No such account"
        raise click.ClickException(f"{name}: {problem}.")
    note_account(found[0])
    return found[0]


def create_command_engine() -> Engine:
    """Create an engine for the database of the settings; it is disposed of when the command ends."""
    config = Config.from_environment()
    # The statements of an import or a migration may take any time.
    engine = create_engine(config.database_url, replace(config.pool, statement_timeout=timedelta()))
    click.get_current_context().call_on_close(engine.dispose)
    return engine


def open_database() -> Engine:
    """Create an engine for the database of the settings, and check that its schema is current.

    :raises ClickException: when the schema is missing or not of this version.
    """
    engine = create_command_engine()
    if problem := find_schema_problem(engine):
        raise click.ClickException(problem)
    return engine


def standard_input() -> TextIO:
    """Return standard input.

    :raises ClickException: when it is closed.
    """
    if sys.stdin is None:
        raise click.ClickException("Standard input is closed.")
    return sys.stdin


@contextmanager
def open_input(file: str) -> Iterator[BinaryIO]:
    """Open a file, or standard input for "-", for the duration of the `with` block."""
    if file == STANDARD_STREAM:
        yield standard_input().buffer
    else:
        with Path(file).open("rb") as stream:
            yield stream


@contextmanager
def open_output(file: str) -> Iterator[BinaryIO]:
    """Open a new file, or standard output for "-", for the duration of the `with` block.

    :raises ClickException: when standard output is closed.
    """
    if file == STANDARD_STREAM:
        if sys.stdout is None:
            raise click.ClickException("Standard output is closed.")
        yield sys.stdout.buffer
        sys.stdout.flush()
    else:
        with new_file(Path(file)) as path, path.open("wb") as stream:
            yield stream

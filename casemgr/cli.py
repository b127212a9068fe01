"""The console command: arguments, progress, exit status.

Messages go to standard error, results to standard output. The exit status is 0 when done, 1 when the input or the
database is at fault, 2 on wrong usage (contract OPS-3).
"""

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO

import click
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from tqdm import tqdm

from casemgr import sessions
from casemgr.config import Config, ConfigError
from casemgr.database import WRITES, create_engine, is_migrated, migrate
from casemgr.importer import DatasetError, import_dataset

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_STANDARD_INPUT = "-"


class _Group(click.Group):
    """Turns what can go wrong outside of the program into a sentence instead of a trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command.

        :raises ClickException: for a fault of the settings, the input, the database, or anything else.
        """
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            raise click.ClickException(_explain(error)) from error


def _explain(error: Exception) -> str:
    match error:
        case ConfigError():
            return str(error)
        case DBAPIError():
            return f"The database cannot be used: {error.orig}."
        case OSError():
            return f"{error.filename or 'Input or output'}: {error.strerror or error}."
        case _:
            return f"{type(error).__name__}: {error}"


class _Duration(click.ParamType[timedelta]):
    """A number with a unit of time."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse a duration."""
        match = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", value)
        if match is None:
            self.fail(f"{value!r} is not a number followed by s, m, h or d, such as 8h.", param, ctx)
        return timedelta(**{_UNITS[match[2]]: int(match[1])})


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="casemgr")
def main() -> None:
    """Operate casemgr, the service that answers customer-service cases by ID.

    The database is named by the environment variable CASEMGR_DATABASE_URL, an SQLAlchemy URL; by default it is the
    SQLite file casemgr.db in the working directory.
    """
    if not sys.warnoptions:
        # They are for developers, and show lines of code.
        warnings.simplefilter("ignore")


@main.command("init-db")
def init_db() -> None:
    """Create the database schema, or bring it to the newest revision.

    Harmless when repeated.
    """
    migrate(create_engine(Config.from_environment().database_url))
    click.echo("The database schema is up to date.", err=True)


@main.command("import")
@click.argument("file")
@click.option("--replace", is_flag=True, help="Replace records whose ID exists instead of refusing them.")
def import_(file: str, replace: bool) -> None:
    """Import a dataset in JSON Lines from FILE, or from standard input if FILE is "-".

    All or nothing: when lines are bad, the first 20 of them are reported and nothing is stored.
    """
    engine = _migrated_engine()
    with _open(file) as stream, _progress(stream) as progress:
        try:
            count = import_dataset(engine, stream, replace=replace, progress=progress.update)
        except DatasetError as error:
            progress.close()
            _report(error, "<stdin>" if file == _STANDARD_INPUT else file)
            raise click.exceptions.Exit(1) from error
    click.echo(f"{count} records imported.", err=True)


@main.group()
def session() -> None:
    """Create and end sessions."""


@session.command("create")
@click.option("--user", help="ID or login ID of a user.")
@click.option("--customer", help="ID, login ID or name of a customer.")
@click.option("--client", help="ID, client ID or name of a client application.")
@click.option("--expires-in", type=_Duration(), default="12h", show_default=True, help="Units: s, m, h, d.")
def create_session(user: str | None, customer: str | None, client: str | None, expires_in: timedelta) -> None:
    """Create a session for exactly one user, customer or client application, and print its ID."""
    names = [name for name in (user, customer, client) if name is not None]
    if len(names) != 1:
        raise click.UsageError("Give exactly one of --user, --customer and --client.")
    with _migrated_engine().connect().execution_options(**WRITES) as connection, connection.begin():
        owners = sessions.find_owners(connection, user=user, customer=customer, client=client)
        if len(owners) != 1:
            complaint = "The name is not unique; give the ID" if owners else "There is none"
            raise click.ClickException(f"{names[0]}: {complaint}.")
        session_id = sessions.create_session(connection, owners[0], datetime.now(UTC) + expires_in)
    click.echo(session_id)


@session.command("revoke")
def revoke_session() -> None:
    """End the session whose ID is read from standard input."""
    session_id = _standard_input().readline().strip()
    with _migrated_engine().connect().execution_options(**WRITES) as connection, connection.begin():
        if not sessions.revoke_session(connection, session_id):
            raise click.ClickException("There is no such session.")
    click.echo("The session has ended.", err=True)


@session.command("purge")
def purge_sessions() -> None:
    """Delete expired sessions."""
    with _migrated_engine().connect().execution_options(**WRITES) as connection, connection.begin():
        count = sessions.purge_sessions(connection, datetime.now(UTC))
    click.echo(f"{count} expired sessions deleted.", err=True)


def _migrated_engine() -> Engine:
    engine = create_engine(Config.from_environment().database_url)
    if not is_migrated(engine):
        raise click.ClickException("The database has no schema, or an old one: run 'casemgr init-db' first.")
    return engine


def _standard_input() -> TextIO:
    if sys.stdin is None:
        raise click.ClickException("Standard input is closed.")
    return sys.stdin


@contextmanager
def _open(file: str) -> Iterator[BinaryIO]:
    if file == _STANDARD_INPUT:
        yield _standard_input().buffer
    else:
        with Path(file).open("rb") as stream:
            yield stream


def _progress(stream: BinaryIO) -> "tqdm[NoReturn]":
    """Show how much of a stream has been read; only on a terminal, and without an end where that is not known."""
    size = os.fstat(stream.fileno()).st_size
    return tqdm(total=size or None, unit="B", unit_scale=True, unit_divisor=1024, disable=None, leave=False)


def _report(error: DatasetError, name: str) -> None:
    for line, problem in error.problems.items():
        click.echo(f"{name}:{line}: {problem}", err=True)
    click.echo("Nothing was imported." + (" The rest was not read." if error.stopped else ""), err=True)

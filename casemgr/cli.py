"""The console command: arguments, progress, exit status.

Messages go to standard error, results to standard output. The exit status is 0 when done, 1 when the input or the
database is at fault, 2 on wrong usage (contract OPS-3).
"""

import csv
import io
import json
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO

import click
from flask import Flask
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from tqdm import tqdm

from casemgr import accounts, i18n, sessions
from casemgr.access import API
from casemgr.accounts import Account
from casemgr.actors import ActorKind
from casemgr.config import Config, ConfigError
from casemgr.database import create_engine, is_migrated, migrate, writing
from casemgr.dataset import shorten
from casemgr.durations import parse_duration
from casemgr.error_listing import Sentence, list_sentences
from casemgr.importer import DatasetError, import_dataset
from casemgr.locales import LOCALES
from casemgr.login import change_secret
from casemgr.throttling import purge_failures

_STANDARD_INPUT = "-"

_MAX_PASSWORD = 512
"""Bytes of a password; whatever it consists of, a login with it fits into a request body."""


class _Group(click.Group):
    """Turns what can go wrong outside of the program into a sentence instead of a trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command.

        :raises ClickException: for a fault of the settings, the input, the database, or anything else.
        """
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            # Who reads the output may have seen enough.
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
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}.", param, ctx)


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
    migrate(_engine())
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


@main.command("openapi")
@click.option("--format", "format_", type=click.Choice(["json", "yaml"]), default="json", show_default=True)
def print_openapi(format_: str) -> None:
    """Print the description of the API in OpenAPI 3.1, as the service answers it; no database is needed."""
    # Imported here: the other commands do not need what describes the API.
    from casemgr import openapi

    i18n.init_app(Flask("casemgr"))
    click.echo(openapi.as_yaml() if format_ == "yaml" else openapi.as_json())


@main.command("errors")
@click.option(
    "--locale",
    "language_tags",
    multiple=True,
    type=click.Choice([locale.language_tag for locale in LOCALES]),
    help="Which locale, or several of them; all fifteen unless given.",
)
@click.option("--format", "format_", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
def print_errors(language_tags: tuple[str, ...], format_: str) -> None:
    """Print the error catalogue: every sentence that callers are told, by code and locale, with its message ID.

    Sentences have their placeholders; one with plural forms comes once for each form, with the smallest number that
    takes it. No database is needed.
    """
    i18n.init_app(Flask("casemgr"))
    locales = [locale for locale in LOCALES if not language_tags or locale.language_tag in language_tags]
    sentences = list(list_sentences(locales))
    match format_:
        case "json":
            click.echo(json.dumps([one._asdict() for one in sentences], ensure_ascii=False, indent=2))
        case "csv":
            rows = io.StringIO()
            csv.writer(rows, lineterminator="\n").writerows([Sentence._fields, *sentences])
            click.echo(rows.getvalue(), nl=False)
        case _:
            for one in sentences:
                number = "" if one.number is None else f"{one.number}"
                click.echo(f"{one.code:9}  {one.locale}  {one.audience:9}  {number:>2}  {one.message}")


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
    options = {ActorKind.USER: user, ActorKind.CUSTOMER: customer, ActorKind.CLIENT_APPLICATION: client}
    given = [(kind, name) for kind, name in options.items() if name is not None]
    if len(given) != 1:
        raise click.UsageError("Give exactly one of --user, --customer and --client.")
    with writing(_migrated_engine()) as connection:
        account = _find_account(connection, *given[0])
        session_id = sessions.generate_session_id()
        sessions.store_session(connection, session_id, account, datetime.now(UTC) + expires_in)
    click.echo(session_id)


@session.command("revoke")
def revoke_session() -> None:
    """End the session whose ID is read from standard input."""
    session_id = _standard_input().readline().strip()
    with writing(_migrated_engine()) as connection:
        if not sessions.end_session(connection, session_id):
            raise click.ClickException("There is no such session.")
    click.echo("The session has ended.", err=True)


@session.command("purge")
def purge_sessions() -> None:
    """Delete expired sessions, and failed logins that no longer count."""
    with writing(_migrated_engine()) as connection:
        count = sessions.purge_sessions(connection, datetime.now(UTC))
        purge_failures(connection, datetime.now(UTC))
    click.echo(f"{count} expired sessions deleted.", err=True)


@main.group()
def user() -> None:
    """Manage how users log in."""


@user.command("set-password")
@click.argument("user")
def set_user_password(user: str) -> None:
    """Set the password of USER, an ID or login ID.

    It is asked for on a terminal, else read from the first line of standard input. The sessions that the user
    has logged in to end.
    """
    _set_password(ActorKind.USER, user)


@main.group()
def customer() -> None:
    """Manage how customers log in."""


@customer.command("set-password")
@click.argument("customer")
def set_customer_password(customer: str) -> None:
    """Set the password of CUSTOMER, an ID, login ID or name.

    It is asked for on a terminal, else read from the first line of standard input. The sessions that the
    customer has logged in to end.
    """
    _set_password(ActorKind.CUSTOMER, customer)


@main.group()
def client() -> None:
    """Manage client applications."""


@client.command("create")
@click.argument("name")
@click.option("--type", "client_type", default=API, show_default=True, help="Only this type may ask for cases.")
@click.option("--client-id", help="What it calls itself when it asks for a token; by default something new.")
def create_client(name: str, client_type: str, client_id: str | None) -> None:
    """Create a client application called NAME, and print its client ID and secret.

    The secret cannot be shown again.
    """
    with writing(_migrated_engine()) as connection:
        try:
            created = accounts.create_client(connection, name, client_type, client_id)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        _print_once(f"client_id={created.client_id}\nclient_secret={created.client_secret}")


@client.command("rotate-secret")
@click.argument("client")
def rotate_secret(client: str) -> None:
    """Give CLIENT, an ID, client ID or name, a new secret and print it.

    The secret cannot be shown again. The old one no longer holds, and neither do the tokens that it got.
    """
    secret = accounts.generate_secret()
    with writing(_migrated_engine()) as connection:
        _change_secret(connection, _find_account(connection, ActorKind.CLIENT_APPLICATION, client), secret)
        _print_once(f"client_secret={secret}")


@client.command("disable")
@click.argument("client")
def disable_client(client: str) -> None:
    """Disable CLIENT, an ID, client ID or name: its secret and its tokens no longer hold."""
    with writing(_migrated_engine()) as connection:
        accounts.disable(connection, _find_account(connection, ActorKind.CLIENT_APPLICATION, client))
    click.echo("The client application is disabled.", err=True)


@client.command("list")
def list_clients() -> None:
    """List client applications: ID, client ID, type, state and name, separated by tabs."""
    with _migrated_engine().connect() as connection:
        for listed in accounts.load_clients(connection):
            state = "disabled" if listed.disabled else "enabled"
            columns = (str(listed.id), listed.client_id or "-", listed.client_type, state, listed.name)
            click.echo("\t".join(map(shorten, columns)))


def _print_once(text: str) -> None:
    """Print what nothing can tell again; within the transaction, so that nothing is done if it cannot be printed."""
    if sys.stdout is None:
        raise click.ClickException("Standard output is closed.")
    click.echo(text)


def _set_password(kind: ActorKind, name: str) -> None:
    engine = _migrated_engine()
    with engine.connect() as connection:
        account = _find_account(connection, kind, name)
    password = _read_password()
    with writing(engine) as connection:
        _change_secret(connection, account, password)
    click.echo("The password is set.", err=True)


def _change_secret(connection: Connection, account: Account, secret: str) -> None:
    login_id = accounts.load_login_id(connection, account)
    if login_id is None:
        raise click.ClickException(
            f"{account.id}: There is nothing to log in with; a login or client ID comes with an import."
        )
    change_secret(connection, account, login_id, secret)


def _read_password() -> str:
    """Read a password: twice from a terminal, without echo; else the first line of standard input."""
    stream = _standard_input()
    try:
        if stream.isatty():
            password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
        else:
            password = stream.buffer.readline().decode().rstrip("\r\n")
        length = len(password.encode())
    except UnicodeError as error:
        raise click.ClickException("The password is not UTF-8.") from error
    if not password:
        raise click.ClickException("The password is empty.")
    if length > _MAX_PASSWORD:
        raise click.ClickException(f"The password is longer than {_MAX_PASSWORD} bytes.")
    return password


def _find_account(connection: Connection, kind: ActorKind, name: str) -> Account:
    found = accounts.find_accounts(connection, kind, name)
    if len(found) != 1:
        complaint = "The name is not unique; give the ID" if found else "There is none"
        raise click.ClickException(f"{name}: {complaint}.")
    return found[0]


def _engine() -> Engine:
    """Create the engine, whose connections are closed when the command ends."""
    config = Config.from_environment()
    # An import or a migration takes as long as it takes.
    engine = create_engine(config.database_url, replace(config.pool, statement_timeout=timedelta()))
    click.get_current_context().call_on_close(engine.dispose)
    return engine


def _migrated_engine() -> Engine:
    engine = _engine()
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

"""The console command: arguments, progress, exit status.

Messages go to standard error, results to standard output. The exit status is 0 when done, 1 when the input or the
database is at fault, 2 on wrong usage (contract OPS-3).
"""

import csv
import io
import json
import os
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from inspect import cleandoc
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn, TextIO

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
from casemgr.errors import CATALOGUE
from casemgr.importer import DatasetError, import_dataset
from casemgr.locales import LOCALES, Locale
from casemgr.login import change_secret
from casemgr.media_types import MediaType
from casemgr.throttling import purge_failures

_STANDARD_INPUT = "-"

_LANGUAGE_TAGS = [locale.language_tag for locale in LOCALES]

_MAX_PASSWORD = 512
"""Bytes of a password; whatever it consists of, a login with it fits into a request body."""


class _Command(click.Command):
    """Shows its epilog as it is written: sections such as examples, in lines that fit into 80 columns."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the epilog, with its headings where click has its own."""
        if self.epilog:
            formatter.write(f"\n{cleandoc(self.epilog)}\n")


class _Group(_Command, click.Group):
    """Turns what can go wrong outside of the program into a sentence instead of a trace."""

    command_class = _Command
    group_class = type

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


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""
    Environment:
      CASEMGR_DATABASE_URL  The database, as an SQLAlchemy URL. An SQLite file, by
                            default sqlite:///casemgr.db in the working directory,
                            or PostgreSQL: postgresql://casemgr@localhost/casemgr
      CASEMGR_...           The other settings of the service (README.md).
                            One that cannot be used is an error here too.

    Exit status:
      0  Done.
      1  The input or the database is at fault; a message says how.
      2  Wrong usage.

    Examples:
      $ casemgr init-db
      $ casemgr import demo/dataset.jsonl
      $ casemgr session create --user nadia

    Shell completion, for Bash; the others are zsh_source and fish_source:
      $ eval "$(_CASEMGR_COMPLETE=bash_source casemgr)"

    See also:
      README.md           How to start the service, and its settings.
      docs/guide.md       The first calls, to paste.
      docs/api.md         What callers may ask for, and how they log in.
      docs/dataset.md     The import format.
      docs/operations.md  Proxy, systemd, metrics, backup, upgrade.
    """,
)
@click.version_option(package_name="casemgr")
def main() -> None:
    """Operate casemgr, the service that answers customer-service cases by ID.

    The commands prepare the database, import cases into it and manage who may ask for them. The service need not run;
    if it does, it heeds what they change from the next request on. Results go to standard output, messages to
    standard error.
    """
    if not sys.warnoptions:
        # They are for developers, and show lines of code.
        warnings.simplefilter("ignore")


@main.command(
    "init-db",
    epilog="""
    Examples:
      $ casemgr init-db
      $ CASEMGR_DATABASE_URL=sqlite:////tmp/trial.db casemgr init-db
    """,
)
def init_db() -> None:
    """Create the database schema, or migrate it to this version.

    For a new database, and after an upgrade of casemgr; harmless when repeated. The file of SQLite is created, a
    database on PostgreSQL has to exist. The version before goes on working with the new schema.
    """
    migrate(_engine())
    click.echo("The database schema is up to date.", err=True)


@main.command(
    "import",
    epilog="""
    Examples:
      $ casemgr import demo/dataset.jsonl
      $ cat demo/*.jsonl | casemgr import --replace -
    """,
)
@click.argument(
    "file",
    type=click.Path(allow_dash=True),
    help='JSON Lines in UTF-8, one record a line (docs/dataset.md); "-" is standard input.',
)
@click.option(
    "--replace",
    is_flag=True,
    help="Replace records whose ID exists, each as a whole; otherwise their lines are bad.",
)
def import_(file: str, replace: bool) -> None:
    """Import a dataset: cases, and what they refer to.

    All or nothing: when lines are bad, the first 20 of them are reported, as "FILE:LINE: field: what is wrong", and
    nothing is stored. A terminal shows the progress.
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


@main.command(
    "openapi",
    epilog="""
    Example:
      $ casemgr openapi --format yaml > openapi.yaml
    """,
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["json", "yaml"]),
    default="json",
    show_default=True,
    help="How it is written.",
)
def print_openapi(format_: str) -> None:
    """Print the description of the API in OpenAPI 3.1.

    It is what the service answers at /core/casemgr/v3/openapi.json and .yaml, for generators of clients and other
    programs. No database is needed.
    """
    # Imported here: the other commands do not need what describes the API.
    from casemgr import openapi

    i18n.init_app(Flask("casemgr"))
    click.echo(openapi.as_yaml() if format_ == "yaml" else openapi.as_json())


@main.command(
    "errors",
    epilog="""
    FILE is JSON. Each of its members may be missing, and then the errors that
    take it are not provoked; this is demo/accounts.json:
      {
        "user": {"userName": "nadia", "password": "nadia-demo"},
        "forbiddenCase": 1004,
        "userWithoutAction": {"userName": "mei", "password": "mei-demo"},
        "userWithManySessions": {"userName": "jorge", "password": "jorge-demo"},
        "customer": {"userName": "elodie", "password": "elodie-demo"},
        "clientOfOtherType":
          {"clientId": "lobby-kiosk", "clientSecret": "lobby-kiosk-demo"}
      }

      user                  May ask for cases, but not see the forbiddenCase.
      userWithoutAction     Lacks the action View Agent Console on System.
      userWithManySessions  Gets as many sessions as are allowed; until the check
                            is done, nobody else can log in to this account.
      clientOfOtherType     A client application of a type other than API.

    What a check leaves behind:
      Failed logins of names that nobody has: two for each locale and ten more,
      which count for 15 minutes. At a hundred the service refuses all logins
      from the same network address, so check all locales at most twice in that
      time. All sessions of the check are ended, also when it is interrupted.

    Environment:
      SSL_CERT_FILE  Certificates of the authorities to trust instead of those of
                     the system, for an https URL.

    Exit status:
      0  Printed, or all is right that was provoked.
      1  An answer is wrong, an account of FILE is refused, FILE cannot be used, or
         the service not be reached.
      2  Wrong usage.

    Examples:
      $ casemgr errors --locale de-DE
      $ casemgr errors --check http://127.0.0.1:8000
      $ casemgr errors --check http://127.0.0.1:8000 --accounts demo/accounts.json
    """,
)
@click.option(
    "--locale",
    "language_tags",
    multiple=True,
    metavar="TAG",
    type=click.Choice(_LANGUAGE_TAGS),
    help=f"Which locale; may be repeated. All unless given: {', '.join(_LANGUAGE_TAGS)}.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How it is written; a table is for people to read.",
)
@click.option("--check", "url", metavar="URL", help="Provoke the errors of the service at this URL, and compare them.")
@click.option(
    "--accounts",
    "file",
    metavar="FILE",
    type=click.Path(allow_dash=True),
    help='What --check logs in with (below); "-" is standard input.',
)
def print_errors(language_tags: tuple[str, ...], format_: str, url: str | None, file: str | None) -> None:
    """Print the error catalogue, or check a service against it.

    Printed are all sentences that callers are told, by code and locale, each with its message ID and its placeholders;
    one with plural forms comes once for each form, with the smallest number that takes it. No database is needed.

    With --check, every entry of the catalogue is provoked through HTTP, in each locale, as JSON and as XML. Status,
    code, Content-Language, Content-Type, developerMessage, userMessage and details have to be what this installation
    would answer. Printed is a matrix of entries and locales, and below it what was not provoked, with the reason, and
    what differs; as JSON or CSV, a record for each entry, locale and media type. 500-100 is never provoked, since it
    takes a fault of the service; without --accounts, nothing is that takes a login.

    Passwords are sent to URL and to nothing else: no redirection is followed, no proxy is used, and the certificate of
    an https URL has to be valid.
    """
    i18n.init_app(Flask("casemgr"))
    locales = [locale for locale in LOCALES if not language_tags or locale.language_tag in language_tags]
    if url is not None:
        _check_errors(url, file, locales, format_)
    elif file is not None:
        raise click.UsageError("--accounts goes with --check.")
    else:
        sentences = list(list_sentences(locales))
        _print_records(format_, sentences, map(_as_line, sentences))


def _check_errors(url: str, file: str | None, locales: Sequence[Locale], format_: str) -> None:
    # Imported here: the other commands do not need what talks to a service.
    from casemgr.error_check import Result, check_errors, tabulate
    from casemgr.error_check.accounts import AccountsError, load_accounts, prepared_fixtures
    from casemgr.error_check.client import ServiceClient, ServiceError

    try:
        client = ServiceClient(url)
    except ValueError as error:
        raise click.BadParameter(f"It {error}.", param_hint="--check") from error
    try:
        with nullcontext(io.BytesIO(b"{}")) if file is None else _open(file) as stream:
            accounts = load_accounts(stream)
        with _interrupted_by(signal.SIGTERM), prepared_fixtures(client, accounts) as (fixtures, send):
            total = len(CATALOGUE) * len(locales) * len(MediaType)
            outcomes = list(tqdm(check_errors(send, fixtures, locales), total=total, disable=None, leave=False))
            _print_records(format_, outcomes, tabulate(outcomes))
    except AccountsError as error:
        raise click.ClickException(f"{file}: {error}.") from error
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    counts = Counter(outcome.result for outcome in outcomes)
    click.echo(f"Answers: {', '.join(f'{counts[result]} {result}' for result in Result)}.", err=True)
    if counts[Result.WRONG] or counts[Result.REFUSED]:
        raise click.exceptions.Exit(1)


@contextmanager
def _interrupted_by(number: signal.Signals) -> Iterator[None]:
    """Let a signal interrupt the program as Ctrl-C does, so that what it began is ended."""

    def interrupt(*_: object) -> NoReturn:
        # Once is enough: what is being ended then is not interrupted in its turn.
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def _print_records(format_: str, records: Sequence[NamedTuple], lines: Iterable[str]) -> None:
    """Print records as JSON or as CSV, or else lines for a person to read."""
    match format_:
        case "json":
            click.echo(json.dumps([record._asdict() for record in records], ensure_ascii=False, indent=2))
        case "csv":
            rows = io.StringIO()
            csv.writer(rows, lineterminator="\n").writerows([records[0]._fields, *records])
            click.echo(rows.getvalue(), nl=False)
        case _:
            for line in lines:
                click.echo(line)


def _as_line(sentence: Sentence) -> str:
    number = "" if sentence.number is None else f"{sentence.number}"
    return f"{sentence.code:9}  {sentence.locale}  {sentence.audience:9}  {number:>2}  {sentence.message}"


@main.group()
def session() -> None:
    """Create and end sessions.

    A session says who a caller of the API is: its ID comes with every request.
    """


@session.command(
    "create",
    options_metavar="(--user|--customer|--client) NAME [OPTIONS]",
    epilog="""
    Examples:
      $ session=$(casemgr session create --user nadia --expires-in 8h)
      $ curl -H "X-egain-session: $session" \\
          http://127.0.0.1:8000/core/casemgr/v3/case/1001
    """,
)
@click.option("--user", metavar="NAME", help="ID or login ID of a user.")
@click.option("--customer", metavar="NAME", help="ID, login ID or name of a customer.")
@click.option("--client", metavar="NAME", help="ID, client ID or name of a client application.")
@click.option(
    "--expires-in",
    type=_Duration(),
    default="12h",
    show_default=True,
    help="How long it lasts: a whole number and s, m, h or d.",
)
def create_session(user: str | None, customer: str | None, client: str | None, expires_in: timedelta) -> None:
    """Create a session without a login, and print its ID.

    For trials and for programs that cannot log in. Users and customers send the ID in X-egain-session, client
    applications in "Authorization: Bearer". The session lasts until it expires or is revoked, whether it is used or
    not. The ID cannot be shown again.
    """
    options = {ActorKind.USER: user, ActorKind.CUSTOMER: customer, ActorKind.CLIENT_APPLICATION: client}
    given = [(kind, name) for kind, name in options.items() if name is not None]
    if len(given) != 1:
        raise click.UsageError("Give exactly one of --user, --customer and --client.")
    with writing(_migrated_engine()) as connection:
        account = _find_account(connection, *given[0])
        session_id = sessions.generate_session_id()
        sessions.store_session(connection, session_id, account, datetime.now(UTC) + expires_in)
    click.echo(session_id)


@session.command(
    "revoke",
    epilog="""
    Example:
      $ session=$(casemgr session create --user nadia)
      $ echo "$session" | casemgr session revoke
    """,
)
def revoke_session() -> None:
    """End the session whose ID is read from standard input.

    It is the first line. An argument could be seen in the list of processes.
    """
    session_id = _standard_input().readline().strip()
    with writing(_migrated_engine()) as connection:
        if not sessions.end_session(connection, session_id):
            raise click.ClickException("There is no such session.")
    click.echo("The session has ended.", err=True)


@session.command(
    "purge",
    epilog="""
    Example:
      $ casemgr session purge
    """,
)
def purge_sessions() -> None:
    """Delete expired sessions, and failed logins that no longer count.

    Neither has any effect; they only take up space. Once a day is often enough.
    """
    with writing(_migrated_engine()) as connection:
        count = sessions.purge_sessions(connection, datetime.now(UTC))
        purge_failures(connection, datetime.now(UTC))
    click.echo(f"{count} expired sessions deleted.", err=True)


@main.group()
def user() -> None:
    """Manage how users log in."""


@user.command(
    "set-password",
    epilog="""
    Examples:
      $ casemgr user set-password nadia
      $ (umask 077; openssl rand -hex 16 > password.txt)
      $ casemgr user set-password nadia < password.txt
    """,
)
@click.argument("user", help="ID or login ID.")
def set_user_password(user: str) -> None:
    """Set the password of a user.

    It is asked for twice on a terminal, else read from the first line of standard input: 1 to 512 bytes in UTF-8.
    The sessions that the user has logged in to end, and failed logins are forgotten.
    """
    _set_password(ActorKind.USER, user)


@main.group()
def customer() -> None:
    """Manage how customers log in."""


@customer.command(
    "set-password",
    epilog="""
    Examples:
      $ casemgr customer set-password elodie
      $ (umask 077; openssl rand -hex 16 > password.txt)
      $ casemgr customer set-password elodie < password.txt
    """,
)
@click.argument("customer", help="ID, login ID or name.")
def set_customer_password(customer: str) -> None:
    """Set the password of a customer.

    It is asked for twice on a terminal, else read from the first line of standard input: 1 to 512 bytes in UTF-8.
    The sessions that the customer has logged in to end, and failed logins are forgotten.
    """
    _set_password(ActorKind.CUSTOMER, customer)


@main.group()
def client() -> None:
    """Manage client applications.

    They are programs that fetch tokens with a client ID and a secret, by OAuth 2.0, and may ask for every case.
    """


@client.command(
    "create",
    epilog="""
    Example:
      $ (umask 077; casemgr client create 'CRM bridge' > crm-bridge.env)
    """,
)
@click.argument("name", help="What operators call it; need not be unique.")
@click.option(
    "--type",
    "client_type",
    metavar="TYPE",
    default=API,
    show_default=True,
    help=f"A word. Those of a type other than {API} get tokens, but no cases.",
)
@click.option(
    "--client-id",
    metavar="ID",
    help="What it calls itself when it fetches a token: unique and without a colon; by default random.",
)
def create_client(name: str, client_type: str, client_id: str | None) -> None:
    """Create a client application, and print its secret.

    Two lines, client_id=... and client_secret=.... The secret cannot be shown again.
    """
    with writing(_migrated_engine()) as connection:
        try:
            created = accounts.create_client(connection, name, client_type, client_id)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        _print_once(f"client_id={created.client_id}\nclient_secret={created.client_secret}")


@client.command(
    "rotate-secret",
    epilog="""
    Example:
      $ casemgr client rotate-secret crm-bridge
    """,
)
@click.argument("client", help="ID, client ID or name.")
def rotate_secret(client: str) -> None:
    """Give a client application a new secret, and print it.

    One line, client_secret=.... It cannot be shown again. The old secret no longer holds, and neither do the tokens
    that it got.
    """
    secret = accounts.generate_secret()
    with writing(_migrated_engine()) as connection:
        _change_secret(connection, _find_account(connection, ActorKind.CLIENT_APPLICATION, client), secret)
        _print_once(f"client_secret={secret}")


@client.command(
    "disable",
    epilog="""
    Example:
      $ casemgr client disable crm-bridge
    """,
)
@click.argument("client", help="ID, client ID or name.")
def disable_client(client: str) -> None:
    """Disable a client application.

    Its secret and its tokens no longer hold. Only an import with --replace enables it again.
    """
    with writing(_migrated_engine()) as connection:
        accounts.disable(connection, _find_account(connection, ActorKind.CLIENT_APPLICATION, client))
    click.echo("The client application is disabled.", err=True)


@client.command(
    "list",
    epilog="""
    Example:
      $ casemgr client list | cut -f 2,4
    """,
)
def list_clients() -> None:
    """List client applications, ordered by name.

    One a line: ID, client ID or "-", type, "enabled" or "disabled", and name, separated by tabs. What is longer than
    100 characters is cut.
    """
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

"""The command that prints the error catalogue or checks a service against it."""

import csv
import io
import json
import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import NamedTuple, NoReturn

import click
from tqdm import tqdm

from casemgr.cli.shell import Command, open_input
from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.listing import Sentence, list_sentences
from casemgr.http.media_types import MediaType
from casemgr.i18n.locales import LANGUAGE_TAGS, LOCALES, Locale
from casemgr.i18n.translation import load_catalogues


@click.command(
    "errors",
    cls=Command,
    epilog="""
    FILE is JSON. Each member is optional; without it, the errors that need it are
    not provoked. This is demo/accounts.json:
      {
        "user": {"userName": "nadia", "password": "nadia-demo"},
        "forbiddenCase": 1004,
        "userWithoutAction": {"userName": "mei", "password": "mei-demo"},
        "userWithManySessions": {"userName": "jorge", "password": "jorge-demo"},
        "customer": {"userName": "elodie", "password": "elodie-demo"},
        "clientOfOtherType":
          {"clientId": "lobby-kiosk", "clientSecret": "lobby-kiosk-demo"}
      }

      user                  May request cases, but not the forbiddenCase.
      userWithoutAction     Lacks the action View Agent Console on System.
      userWithManySessions  The check opens as many sessions as an account may
                            have; meanwhile nobody else can log in to this one.
      clientOfOtherType     A client application of a type other than API.

    Side effects of a check:
      It tries to log in with names that do not exist: two logins for each locale,
      plus ten. They fail and count for 15 minutes. After 100 failed logins the
      service refuses all logins from your network address, so check all locales
      at most twice in that time. A check ends all its sessions, even when it is
      interrupted.

    Environment:
      SSL_CERT_FILE  The CA certificates to trust for an https URL, instead of
                     those of the system.

    Exit status:
      0  The catalogue was printed, or every response that was provoked is right.
      1  A response is wrong, the service refuses an account of FILE, FILE cannot
         be used, or the service cannot be reached.
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
    type=click.Choice(LANGUAGE_TAGS),
    help=f"Only this locale; may be repeated. Default: all of {', '.join(LANGUAGE_TAGS)}.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="The output format; the table is for people.",
)
@click.option(
    "--check", "url", metavar="URL", help="Provoke the errors of the service at this URL and compare the responses."
)
@click.option(
    "--accounts",
    "file",
    metavar="FILE",
    type=click.Path(allow_dash=True),
    help='The accounts for --check (see below); "-" is standard input.',
)
def print_errors(language_tags: tuple[str, ...], format_: str, url: str | None, file: str | None) -> None:
    """Print the error catalogue or check a service against it.

    Prints the messages of every error in each locale, with their placeholders. A message with plural forms is printed
    once for each form, with the smallest number that takes the form. JSON and CSV also have the message IDs. No
    database is needed.

    With --check, the command provokes every error through HTTP, in each locale, as JSON and as XML. Status, code,
    Content-Language, Content-Type, developerMessage, userMessage and details must be equal to those of this
    installation. The table has a cell for each error and locale; below it are the errors that were not provoked, with
    the reason, and the differences. JSON and CSV have a record for each error, locale and media type. 500-100 is never
    provoked, since only a fault of the service causes it. Errors that require a login are provoked only with
    --accounts.

    Passwords are sent only to URL: the command follows no redirections, uses no proxy, and requires the certificate of
    an https URL to be valid.
    """
    locales = [locale for locale in LOCALES if not language_tags or locale.language_tag in language_tags]
    load_catalogues()
    if url is not None:
        _check_errors(url, file, locales, format_)
    elif file is not None:
        raise click.UsageError("--accounts requires --check.")
    else:
        sentences = list(list_sentences(locales))
        _print_records(format_, sentences, map(_as_line, sentences))


def _check_errors(url: str, file: str | None, locales: Sequence[Locale], format_: str) -> None:
    # Imported on demand: the other commands do not need it.
    from casemgr.error_check import Result, check_errors, tabulate
    from casemgr.error_check.accounts import AccountsError, load_accounts, prepared_fixtures
    from casemgr.error_check.client import ServiceClient, ServiceError

    try:
        client = ServiceClient(url)
    except ValueError as error:
        raise click.BadParameter(f"It {error}.", param_hint="--check") from error
    try:
        with nullcontext(io.BytesIO(b"{}")) if file is None else open_input(file) as stream:
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
    """Raise KeyboardInterrupt in the `with` block on a signal, so that sessions are ended as after Ctrl-C."""

    def interrupt(*_: object) -> NoReturn:
        # A second signal must not interrupt the clean-up.
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def _print_records(format_: str, records: Sequence[NamedTuple], lines: Iterable[str]) -> None:
    """Print the records as JSON or CSV, or else the lines as a table."""
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
    entry = f"{sentence.code:9}  {sentence.name:25}  {sentence.locale}"
    return f"{entry}  {sentence.audience:9}  {number:>2}  {sentence.message}"

"""The command for the error catalogue, and for checking a service against it."""

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
from casemgr.i18n.translation import translating


@click.command(
    "errors",
    cls=Command,
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
    type=click.Choice(LANGUAGE_TAGS),
    help=f"Which locale; may be repeated. All unless given: {', '.join(LANGUAGE_TAGS)}.",
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
    locales = [locale for locale in LOCALES if not language_tags or locale.language_tag in language_tags]
    with translating():
        if url is not None:
            _check_errors(url, file, locales, format_)
        elif file is not None:
            raise click.UsageError("--accounts goes with --check.")
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
    """Let a signal interrupt the `with` block as Ctrl-C does, so that sessions are ended."""

    def interrupt(*_: object) -> NoReturn:
        # Once is enough: a second signal must not interrupt the clean-up.
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def _print_records(format_: str, records: Sequence[NamedTuple], lines: Iterable[str]) -> None:
    """Print records as JSON or CSV, or the lines of a table."""
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

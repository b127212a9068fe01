"""The command that prints the error catalogue or checks a service against it."""

import csv
import io
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import click
from click.shell_completion import CompletionItem
from tqdm import tqdm

from casemgr.cli.shell import Command, open_input
from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.definitions import ErrorDef
from casemgr.errors.listing import find_entries, list_comparison, list_records
from casemgr.errors.tables import tabulate_comparison, tabulate_sentences
from casemgr.http.media_types import MediaType
from casemgr.i18n.locales import LANGUAGE_TAGS, LOCALES, Locale, look_up
from casemgr.i18n.translation import load_catalogues


class LanguageRange(click.ParamType[Locale]):
    """A locale, selected by a language range as in Accept-Language."""

    name = "language range"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Locale:
        """Look up the locale; an underscore is read as a hyphen (contract NEG-4)."""
        locale = look_up(value.replace("_", "-"), LOCALES)
        if locale is None:
            self.fail(f"{value!r} matches none of {', '.join(LANGUAGE_TAGS)}.", param, ctx)
        return locale

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete the language tags of the locales."""
        return [CompletionItem(tag) for tag in LANGUAGE_TAGS if tag.lower().startswith(incomplete.lower())]


class Entries(click.ParamType[Sequence[ErrorDef]]):
    """The entries of the error catalogue with a code or a name."""

    name = "code"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Sequence[ErrorDef]:
        """Find the entries."""
        found = find_entries(value)
        if not found:
            self.fail(f"{value!r} is neither a code nor a name of the error catalogue.", param, ctx)
        return found

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete the codes and the names."""
        texts = dict.fromkeys(text for definition in CATALOGUE for text in (definition.code, definition.name))
        return [CompletionItem(text) for text in texts if text.startswith(incomplete.upper())]


@click.command(
    "errors",
    cls=Command,
    changes=False,
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
      It tries to log in with names that do not exist, at most 15 times. These
      failures count for 15 minutes. After 100 of them the service refuses all
      logins from your network address, so run at most five checks in that time.
      A login to an account that has five sessions ends the oldest of them, but
      not a login to userWithManySessions. A check ends all its own sessions and
      tokens, even when it fails or is interrupted.

    Environment:
      SSL_CERT_FILE  The CA certificates to trust for an https URL, instead of
                     those of the system.

    Exit status:
      0  The catalogue was printed, or every response that was provoked is right.
      1  A response is wrong, the service refuses an account of FILE, FILE cannot
         be used, casemgr cannot be reached, or another service answers at URL.
      2  Wrong usage.

    Examples:
      $ casemgr errors --locale de
      $ casemgr errors --code 404-100 --code LOGIN_FAILED --format json
      $ casemgr errors --locale en --compare fr-CA
      $ casemgr errors --code 400-108 --curl
      $ casemgr errors --check http://127.0.0.1:8000
      $ casemgr errors --check http://127.0.0.1:8000 --accounts demo/accounts.json
      $ casemgr errors --check https://cases.example.com --format junit > errors.xml
    """,
)
@click.option(
    "--locale",
    "locales",
    multiple=True,
    metavar="RANGE",
    type=LanguageRange(),
    help="Only this locale; may be repeated. RANGE is a language range as in Accept-Language: de selects de-DE. "
    f"Default: all of {', '.join(LANGUAGE_TAGS)}.",
)
@click.option(
    "--code",
    "entries",
    multiple=True,
    metavar="CODE",
    type=Entries(),
    help="Only the errors with this code, such as 404-100, or this name, such as CASES_NOT_FOUND; may be repeated.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "csv", "junit"]),
    default="table",
    show_default=True,
    help="The output format. The table is for people; junit is JUnit XML for build servers, only with --check.",
)
@click.option(
    "--compare",
    "other",
    metavar="RANGE",
    type=LanguageRange(),
    help="Print the sentences of the one --locale and of this locale side by side, with the values of an example.",
)
@click.option("--curl", is_flag=True, help="Print a curl command that provokes each error, in the first --locale.")
@click.option(
    "--check",
    "url",
    metavar="URL",
    help="Provoke the errors of the service at this URL and compare the responses. URL may have the base path of a "
    "proxy; a path of the service itself, such as that of its documentation, does not count.",
)
@click.option(
    "--accounts",
    "file",
    metavar="FILE",
    type=click.Path(allow_dash=True),
    help='The accounts for --check (see below); "-" is standard input.',
)
def print_errors(
    locales: tuple[Locale, ...],
    entries: tuple[Sequence[ErrorDef], ...],
    format_: str,
    other: Locale | None,
    curl: bool,
    url: str | None,
    file: str | None,
) -> None:
    """Print the error catalogue or check a service against it.

    Prints the messages of every error in each locale, with their placeholders. A message with plural forms is printed
    once for each form, with the smallest number that takes the form. JSON and CSV also have the HTTP status, the
    message IDs, the messages with the values of an example, the keys of the details, and when the error occurs. No
    database is needed.

    With --compare, the table, JSON or CSV has the sentences of two locales side by side, to review translations.

    With --curl, the command prints a curl command for each error. Values that you have to supply, such as a session,
    are shell variables; comments at the top explain them.

    With --check, the command provokes every error through HTTP, in each locale, as JSON and as XML. Status, code,
    Content-Language, Content-Type, developerMessage, userMessage and details must be equal to those of this
    installation. The table has a cell for each error and locale; below it are the errors that were not provoked, with
    the reason, and the differences. JSON, CSV and JUnit have a record for each error, locale and media type; in JUnit,
    a wrong response is a failure, a refused account an error, and what was not provoked is skipped. 500-100 is never
    provoked, since only a fault of the service causes it. 401-102 is provoked once for each locale, in JSON and XML by
    turns, since failed logins count. Errors that require a login are provoked only with --accounts.

    Passwords are sent only to URL: the command follows no redirections, uses no proxy, and requires the certificate of
    an https URL to be valid.
    """
    if sum((curl, other is not None, url is not None)) > 1:
        raise click.UsageError("--check, --compare and --curl exclude each other.")
    if file is not None and url is None:
        raise click.UsageError("--accounts requires --check.")
    if format_ == "junit" and url is None:
        raise click.UsageError("--format junit requires --check.")
    if format_ != "table" and curl:
        raise click.UsageError("--curl has no other format than the table.")
    chosen = list(dict.fromkeys(locales)) or list(LOCALES)
    wanted = {definition.name for found in entries for definition in found}
    definitions = [definition for definition in CATALOGUE if not wanted or definition.name in wanted]
    load_catalogues()
    if url is not None:
        _check_errors(url, file, chosen, definitions, format_)
    elif curl:
        # Imported on demand, as all of the check.
        from casemgr.error_check.curl import list_commands

        _print_lines(list_commands(definitions, chosen[0]))
    elif other is not None:
        if len(chosen) != 1 or chosen == [other]:
            raise click.UsageError("--compare requires exactly one --locale, and another one than its own.")
        compared = list(list_comparison(definitions, chosen[0], other))
        width = shutil.get_terminal_size((120, 24)).columns
        _print_records(format_, compared, tabulate_comparison(compared, width))
    else:
        records = list(list_records(definitions, chosen))
        _print_records(format_, [record._asdict() for record in records], tabulate_sentences(records))


def _check_errors(
    url: str, file: str | None, locales: Sequence[Locale], definitions: Sequence[ErrorDef], format_: str
) -> None:
    # Imported on demand: the other commands do not need it.
    from casemgr.error_check import check_errors
    from casemgr.error_check.accounts import AccountsError, load_accounts, prepared_fixtures
    from casemgr.error_check.client import ServiceClient, ServiceError
    from casemgr.error_check.fixtures import find_placeholders
    from casemgr.error_check.interrupts import interrupted_by_signals
    from casemgr.error_check.outcomes import Result, encode_junit, tabulate

    try:
        client = ServiceClient(url)
    except ValueError as error:
        raise click.BadParameter(f"It {error}.", param_hint="--check") from error
    needed = {name for definition in definitions if definition.probe for name in find_placeholders(definition.probe)}
    try:
        with nullcontext(io.BytesIO(b"{}")) if file is None else open_input(file) as stream:
            accounts = load_accounts(stream)
        with interrupted_by_signals(), prepared_fixtures(client, accounts, needed) as (fixtures, send):
            total = len(definitions) * len(locales) * len(MediaType)
            checked = check_errors(send, fixtures, locales, definitions)
            outcomes = list(tqdm(checked, total=total, disable=None, leave=False))
            if format_ == "junit":
                click.echo(encode_junit(outcomes, client.url), nl=False)
            else:
                _print_records(format_, [outcome._asdict() for outcome in outcomes], tabulate(outcomes))
    except AccountsError as error:
        raise click.ClickException(f"{file}: {error}.") from error
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    counts = Counter(outcome.result for outcome in outcomes)
    click.echo(f"Answers: {', '.join(f'{counts[result]} {result}' for result in Result)}.", err=True)
    if counts[Result.WRONG] or counts[Result.REFUSED]:
        raise click.exceptions.Exit(1)


def _print_records(format_: str, records: Sequence[Mapping[str, object]], lines: Iterable[str]) -> None:
    """Print the records as JSON or CSV, or else the lines as a table."""
    match format_:
        case "json":
            click.echo(json.dumps(records, ensure_ascii=False, indent=2))
        case "csv":
            rows = io.StringIO()
            writer = csv.writer(rows, lineterminator="\n")
            writer.writerow(records[0])
            writer.writerows(map(_as_cell, record.values()) for record in records)
            click.echo(rows.getvalue(), nl=False)
        case _:
            _print_lines(lines)


def _as_cell(value: object) -> object:
    return " ".join(value) if isinstance(value, tuple) else value


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)

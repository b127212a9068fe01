"""The commands that users, customers and client applications have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import click
from sqlalchemy import Connection

from casemgr.accounts import listing
from casemgr.accounts.accounts import Account, load_login_id
from casemgr.accounts.login import change_disabled
from casemgr.accounts.throttling import forget_failures, load_failures, subject_of_account
from casemgr.cli.audit import note
from casemgr.cli.output import format_option, limit_option, print_list, print_record
from casemgr.cli.shell import find_account, open_database
from casemgr.database.engine import snapshot, writing
from casemgr.domain.actors import ActorKind
from casemgr.domain.texts import count_of, shorten


@dataclass(frozen=True, slots=True)
class Wording:
    """The words for a kind of account in help texts.

    :param group: the name of the group of commands.
    :param noun: the singular, in a sentence.
    :param names: by what an operator may name an account.
    :param order: by what the list is ordered.
    :param example: an account of the demo data.
    :param secret: what the account logs in with.
    """

    group: str
    noun: str
    names: str
    order: str
    example: str
    secret: str


WORDINGS = {
    ActorKind.USER: Wording("user", "user", "ID or login ID", "login ID", "nadia", "password"),
    ActorKind.CUSTOMER: Wording("customer", "customer", "ID, login ID or name", "name", "elodie", "password"),
    ActorKind.CLIENT_APPLICATION: Wording(
        "client", "client application", "ID, client ID or name", "name", "crm-bridge", "secret"
    ),
}


def add_commands(group: click.Group, kind: ActorKind) -> None:
    """Add the commands to the group of a kind of account."""
    _add_list(group, kind)
    _add_show(group, kind)
    _add_disable(group, kind)
    _add_enable(group, kind)
    _add_unlock(group, kind)


def name_account(connection: Connection, account: Account) -> str:
    """Name an account in a message, such as "user nadia (1)"."""
    return f"{WORDINGS[account.kind].noun} {shorten(listing.load_name(connection, account))} ({account.id})"


def _account_argument(kind: ActorKind) -> Callable[[Callable[..., None]], Callable[..., None]]:
    wording = WORDINGS[kind]
    return click.argument("name", metavar=wording.group.upper(), help=f"{wording.names}.")


def _examples(*lines: str) -> str:
    heading = "Example" if len(lines) == 1 else "Examples"
    return "\n".join(("", f"{heading}:", *(f"  $ casemgr {line}" for line in lines)))


def _add_list(group: click.Group, kind: ActorKind) -> None:
    wording = WORDINGS[kind]

    @group.command(
        "list",
        changes=False,
        help=f"""List the {wording.noun}s, ordered by {wording.order}.

        Prints a line for each below a header. With --format json, prints one JSON array, with an object on each line;
        its fields are named as in the dataset. A value in the table is cut after 100 characters.
        """,
        short_help=f"List the {wording.noun}s.",
        epilog=_examples(
            f"{wording.group} list --disabled", f"{wording.group} list --format json | jq '.[] | select(.disabled).id'"
        ),
    )
    @click.option("--disabled", "disabled_only", is_flag=True, help="Print disabled ones only.")
    @limit_option
    @format_option
    def list_(disabled_only: bool, limit: int | None, format_: str) -> None:
        with snapshot(open_database()) as connection:
            listed = listing.list_accounts(connection, kind, disabled_only=disabled_only, limit=limit)
            print_list(listed, listing.FIELDS[kind], format_)


def _add_show(group: click.Group, kind: ActorKind) -> None:
    wording = WORDINGS[kind]
    roles = "roles and foreign departments, " if kind is ActorKind.USER else ""

    @group.command(
        "show",
        changes=False,
        help=f"""Show a {wording.noun}.

        Prints names, {roles}whether there is a {wording.secret}, the number of live sessions, the failed logins of the
        last 15 minutes, and from where and until when logins are therefore refused. With --format json, prints one
        JSON object.
        """,
        short_help=f"Show a {wording.noun}.",
        epilog=_examples(
            f"{wording.group} show {wording.example}",
            f"{wording.group} show {wording.example} --format json | jq .throttled",
        ),
    )
    @_account_argument(kind)
    @format_option
    def show(name: str, format_: str) -> None:
        with snapshot(open_database()) as connection:
            account = find_account(connection, kind, name)
            described = listing.describe_account(connection, account, datetime.now(UTC))
        print_record(described, format_)


def _add_disable(group: click.Group, kind: ActorKind) -> None:
    wording = WORDINGS[kind]

    @group.command(
        "disable",
        help=f"""Disable a {wording.noun}.

        The {wording.secret} no longer works, and all sessions and tokens end. To undo it, run 'casemgr {wording.group}
        enable'. An import with --replace sets the account to what the dataset says. Repeating the command does no harm.
        """,
        short_help=f"Disable a {wording.noun}.",
        epilog=_examples(f"{wording.group} disable {wording.example}"),
    )
    @_account_argument(kind)
    def disable(name: str) -> None:
        _change_disabled(kind, name, disabled=True)


def _add_enable(group: click.Group, kind: ActorKind) -> None:
    wording = WORDINGS[kind]

    @group.command(
        "enable",
        help=f"""Enable a {wording.noun} that is disabled.

        The {wording.secret} works again, but sessions that have ended do not return. Repeating the command does no
        harm.
        """,
        short_help=f"Enable a {wording.noun} that is disabled.",
        epilog=_examples(f"{wording.group} enable {wording.example}"),
    )
    @_account_argument(kind)
    def enable(name: str) -> None:
        _change_disabled(kind, name, disabled=False)


def _change_disabled(kind: ActorKind, name: str, *, disabled: bool) -> None:
    state = "disabled" if disabled else "enabled"
    with writing(open_database()) as connection:
        account = find_account(connection, kind, name)
        live = listing.count_live_sessions(connection, datetime.now(UTC), account)[kind]
        changed = change_disabled(connection, account, disabled=disabled)
        named = name_account(connection, account)
    note(count=live if changed else 0)
    if not changed:
        click.echo(f"The {named} is {state} already.", err=True)
    elif disabled:
        click.echo(f"The {named} is disabled; {count_of(live, 'session')} ended.", err=True)
    else:
        click.echo(f"The {named} is enabled.", err=True)


def _add_unlock(group: click.Group, kind: ActorKind) -> None:
    wording = WORDINGS[kind]

    @group.command(
        "unlock",
        help=f"""Forget the failed logins of a {wording.noun}.

        After too many of them, logins are refused for up to 15 minutes; this command lifts that at once. Failures still
        count for the network address that they came from, over all accounts. Repeating the command does no harm.
        """,
        short_help=f"Forget the failed logins of a {wording.noun}.",
        epilog=_examples(f"{wording.group} unlock {wording.example}"),
    )
    @_account_argument(kind)
    def unlock(name: str) -> None:
        with writing(open_database()) as connection:
            account = find_account(connection, kind, name)
            named = name_account(connection, account)
            login_id = load_login_id(connection, account)
            count = 0
            if login_id is not None:
                subject = subject_of_account(kind, login_id)
                count = load_failures(connection, subject, datetime.now(UTC)).count
                forget_failures(connection, subject)
        if count:
            click.echo(f"The {named} is unlocked; {count_of(count, 'failed login')} forgotten.", err=True)
        else:
            click.echo(f"The {named} has no failed logins.", err=True)

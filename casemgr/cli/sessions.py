"""Commands for sessions."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import click

from casemgr.accounts import listing, sessions
from casemgr.accounts.throttling import purge_throttling
from casemgr.cli.account_commands import WORDINGS, name_account
from casemgr.cli.audit import note
from casemgr.cli.output import format_option, limit_option, print_list, print_secret
from casemgr.cli.shell import Duration, Group, find_account, open_database, standard_input
from casemgr.database.engine import snapshot, writing
from casemgr.domain.actors import ActorKind
from casemgr.domain.texts import count_of

_MAX_LIFETIME = timedelta(days=400)
"""The longest lifetime of a session that the operator creates. Source: contract LOG-5."""


def _account_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --user, --customer and --client, whose values become the parameters for `_parse_account`."""
    for kind, wording in reversed(WORDINGS.items()):
        option = click.option(
            f"--{wording.group}", kind.name, metavar="NAME", help=f"{wording.names} of a {wording.noun}."
        )
        command = option(command)
    return command


def _parse_account(names: Mapping[str, str | None]) -> tuple[ActorKind, str] | None:
    """Parse the options of an account.

    :returns: the kind and the name of the account; None when no option was given.
    :raises UsageError: when there are several.
    """
    given = [(ActorKind[kind], name) for kind, name in names.items() if name is not None]
    if len(given) > 1:
        raise click.UsageError("Give only one of --user, --customer and --client.")
    return given[0] if given else None


@click.group(cls=Group)
def session() -> None:
    """Create, list and end sessions.

    A session identifies a caller of the API, who sends its ID with every request.
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
@_account_options
@click.option(
    "--expires-in",
    type=Duration(),
    default="12h",
    show_default=True,
    help=f"The lifetime: a whole number followed by s, m, h or d; at most {_MAX_LIFETIME.days}d.",
)
def create_session(expires_in: timedelta, **names: str | None) -> None:
    """Create a session without a login and print its ID.

    Such sessions are for trials and for programs that cannot log in. Users and customers send the ID in
    X-egain-session, client applications in "Authorization: Bearer". The session lasts until it expires or is revoked,
    even if it is not used, or until the account gets another password or secret, or is disabled or enabled. The ID
    cannot be shown again.
    """
    owner = _parse_account(names)
    if owner is None:
        raise click.UsageError("Give one of --user, --customer and --client.")
    if expires_in > _MAX_LIFETIME:
        raise click.UsageError(f"A session may last {_MAX_LIFETIME.days} days at most.")
    with writing(open_database()) as connection:
        account = find_account(connection, *owner)
        session_id = sessions.generate_session_id()
        sessions.store_session(connection, session_id, account, datetime.now(UTC) + expires_in)
        print_secret(session_id)


@session.command(
    "list",
    changes=False,
    epilog="""
    Examples:
      $ casemgr session list --user nadia
      $ casemgr session list --format json | jq length
    """,
)
@_account_options
@limit_option
@format_option
def list_sessions(limit: int | None, format_: str, **names: str | None) -> None:
    """List the live sessions, those that expire first in front.

    Prints a line for each below a header: whose it is, when it was created by a login ("-" if an operator created it),
    when it expires, and when it ends unless it is used ("-" if it may stay unused). Access tokens of client
    applications are sessions too. Times are in UTC. With --format json, prints one JSON array, with an object on each
    line. Session IDs are not shown: the database does not have them.
    """
    owner = _parse_account(names)
    with snapshot(open_database()) as connection:
        account = find_account(connection, *owner) if owner else None
        listed = listing.list_sessions(connection, datetime.now(UTC), account, limit)
        print_list(listed, listing.SESSION_FIELDS, format_)


@session.command(
    "revoke",
    epilog="""
    Examples:
      $ session=$(casemgr session create --user nadia)
      $ echo "$session" | casemgr session revoke
      $ casemgr session revoke --user nadia
    """,
)
@_account_options
def revoke_session(**names: str | None) -> None:
    """End one session, or all sessions of an account.

    Without options, the command reads the session ID from the first line of standard input. It takes no ID as an
    argument, since other users could read one in the process list. With an option, it ends all sessions and tokens of
    the account, also those of the operator; it does no harm when there are none.
    """
    owner = _parse_account(names)
    if owner is None:
        # Bytes that are not UTF-8 belong to no session.
        _revoke_one(standard_input().buffer.readline().decode(errors="replace").strip())
        return
    with writing(open_database()) as connection:
        account = find_account(connection, *owner)
        live = listing.count_live_sessions(connection, datetime.now(UTC), account)[account.kind]
        sessions.end_sessions_of_accounts(connection, account.kind, [account.id])
        named = name_account(connection, account)
    note(count=live)
    click.echo(f"{count_of(live, 'session')} of the {named} ended.", err=True)


def _revoke_one(session_id: str) -> None:
    with writing(open_database()) as connection:
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
    """Delete expired sessions and outdated records of logins.

    They no longer have any effect and only take up space. Running this command once a day is enough.
    """
    with writing(open_database()) as connection:
        count = sessions.purge_sessions(connection, datetime.now(UTC))
        purge_throttling(connection, datetime.now(UTC))
    note(count=count)
    click.echo(f"{count_of(count, 'expired session')} deleted.", err=True)

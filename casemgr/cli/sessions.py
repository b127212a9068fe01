"""Commands for sessions."""

from datetime import UTC, datetime, timedelta

import click

from casemgr.accounts import sessions
from casemgr.accounts.throttling import purge_throttling
from casemgr.cli.shell import Duration, Group, find_account, open_database, standard_input
from casemgr.database.engine import writing
from casemgr.domain.actors import ActorKind

_MAX_LIFETIME = timedelta(days=400)
"""The longest lifetime of a session that the operator creates. Source: contract LOG-5."""


@click.group(cls=Group)
def session() -> None:
    """Create and end sessions.

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
@click.option("--user", metavar="NAME", help="ID or login ID of a user.")
@click.option("--customer", metavar="NAME", help="ID, login ID or name of a customer.")
@click.option("--client", metavar="NAME", help="ID, client ID or name of a client application.")
@click.option(
    "--expires-in",
    type=Duration(),
    default="12h",
    show_default=True,
    help=f"The lifetime: a whole number followed by s, m, h or d; at most {_MAX_LIFETIME.days}d.",
)
def create_session(user: str | None, customer: str | None, client: str | None, expires_in: timedelta) -> None:
    """Create a session without a login and print its ID.

    Such sessions are for trials and for programs that cannot log in. Users and customers send the ID in
    X-egain-session, client applications in "Authorization: Bearer". The session lasts until it expires or is revoked,
    even if it is not used, or until the account gets another password or secret, or is disabled or enabled. The ID
    cannot be shown again.
    """
    options = {ActorKind.USER: user, ActorKind.CUSTOMER: customer, ActorKind.CLIENT_APPLICATION: client}
    given = [(kind, name) for kind, name in options.items() if name is not None]
    if len(given) != 1:
        raise click.UsageError("Give exactly one of --user, --customer and --client.")
    if expires_in > _MAX_LIFETIME:
        raise click.UsageError(f"A session may last {_MAX_LIFETIME.days} days at most.")
    with writing(open_database()) as connection:
        account = find_account(connection, *given[0])
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
    """End the session whose ID is on standard input.

    The command reads the first line. It takes no argument, since other users could read one in the process list.
    """
    session_id = standard_input().readline().strip()
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
    click.echo(f"{count} expired sessions deleted.", err=True)

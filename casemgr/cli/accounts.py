"""Commands for users, customers and client applications."""

import sys

import click
from sqlalchemy import Connection

from casemgr.accounts import accounts
from casemgr.accounts.accounts import Account
from casemgr.accounts.login import change_secret
from casemgr.cases.admission import API
from casemgr.cli.shell import Group, find_account, open_database, standard_input
from casemgr.database.engine import writing
from casemgr.domain.actors import ActorKind
from casemgr.domain.texts import shorten

_MAX_PASSWORD = 512
"""Bytes of a password; a login with any such password fits into a request body."""


@click.group(cls=Group)
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


@click.group(cls=Group)
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


@click.group(cls=Group)
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
    with writing(open_database()) as connection:
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
    with writing(open_database()) as connection:
        _change_secret(connection, find_account(connection, ActorKind.CLIENT_APPLICATION, client), secret)
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
    with writing(open_database()) as connection:
        accounts.disable(connection, find_account(connection, ActorKind.CLIENT_APPLICATION, client))
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
    with open_database().connect() as connection:
        for listed in accounts.load_clients(connection):
            state = "disabled" if listed.disabled else "enabled"
            columns = (str(listed.id), listed.client_id or "-", listed.client_type, state, listed.name)
            click.echo("\t".join(map(shorten, columns)))


def _print_once(text: str) -> None:
    """Print a secret, which cannot be shown again; within the transaction, so that a failure undoes the change."""
    if sys.stdout is None:
        raise click.ClickException("Standard output is closed.")
    click.echo(text)


def _set_password(kind: ActorKind, name: str) -> None:
    engine = open_database()
    with engine.connect() as connection:
        account = find_account(connection, kind, name)
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
    stream = standard_input()
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

"""Commands for users, customers and client applications."""

import click
from sqlalchemy import Connection

from casemgr.accounts import accounts
from casemgr.accounts.accounts import Account
from casemgr.accounts.login import change_secret
from casemgr.cases.access import API
from casemgr.cli.account_commands import add_commands
from casemgr.cli.audit import note_account
from casemgr.cli.output import print_secret
from casemgr.cli.shell import Group, find_account, open_database, standard_input
from casemgr.database.engine import writing
from casemgr.domain.actors import ActorKind

_MAX_PASSWORD = 512
"""Maximum number of bytes of a password, so that every login fits into a request body."""


@click.group(cls=Group)
def user() -> None:
    """Manage users."""


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

    On a terminal, the command asks for the password twice; otherwise it reads the first line of standard input. A
    password has 1 to 512 bytes in UTF-8. A new password ends all sessions of the user; the same one again ends none.
    Either resets the count of failed logins.
    """
    _set_password(ActorKind.USER, user)


@click.group(cls=Group)
def customer() -> None:
    """Manage customers."""


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

    On a terminal, the command asks for the password twice; otherwise it reads the first line of standard input. A
    password has 1 to 512 bytes in UTF-8. A new password ends all sessions of the customer; the same one again ends
    none. Either resets the count of failed logins.
    """
    _set_password(ActorKind.CUSTOMER, customer)


@click.group(cls=Group)
def client() -> None:
    """Manage client applications.

    A client application is a program that fetches OAuth 2.0 tokens with a client ID and a secret. If its type is API,
    it may request every case.
    """


@client.command(
    "create",
    epilog="""
    Example:
      $ (umask 077; casemgr client create 'CRM bridge' > crm-bridge.env)
    """,
)
@click.argument("name", help="A name for operators; need not be unique.")
@click.option(
    "--type",
    "client_type",
    metavar="TYPE",
    default=API,
    show_default=True,
    help=f"Any word. Only client applications of type {API} may request cases.",
)
@click.option(
    "--client-id",
    metavar="ID",
    help="The client ID for fetching tokens: unique and without a colon; random by default.",
)
def create_client(name: str, client_type: str, client_id: str | None) -> None:
    """Create a client application and print its secret.

    Prints two lines, client_id=... and client_secret=.... The secret cannot be shown again.
    """
    with writing(open_database()) as connection:
        try:
            created = accounts.create_client(connection, name, client_type, client_id)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        note_account(created.account)
        print_secret(f"client_id={created.client_id}\nclient_secret={created.client_secret}")


@client.command(
    "rotate-secret",
    epilog="""
    Example:
      $ casemgr client rotate-secret crm-bridge
    """,
)
@click.argument("client", help="ID, client ID or name.")
def rotate_secret(client: str) -> None:
    """Replace the secret of a client application.

    Prints one line, client_secret=..., with the new secret, which cannot be shown again. The old secret becomes
    invalid, and all tokens and sessions of the client application end.
    """
    secret = accounts.generate_secret()
    with writing(open_database()) as connection:
        _change_secret(connection, find_account(connection, ActorKind.CLIENT_APPLICATION, client), secret)
        print_secret(f"client_secret={secret}")


for group, kind in (
    (user, ActorKind.USER),
    (customer, ActorKind.CUSTOMER),
    (client, ActorKind.CLIENT_APPLICATION),
):
    add_commands(group, kind)


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
        raise click.ClickException(f"{account.id}: The account has no login ID or client ID; an import can set one.")
    change_secret(connection, account, login_id, secret)


def _read_password() -> str:
    """Ask for a password twice on a terminal, without echo; otherwise read the first line of standard input."""
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

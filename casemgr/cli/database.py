"""Commands for the database."""

import click

from casemgr.cli.shell import Command, create_command_engine
from casemgr.database.schema import migrate


@click.command(
    "init-db",
    cls=Command,
    epilog="""
    Examples:
      $ casemgr init-db
      $ CASEMGR_DATABASE_URL=sqlite:////tmp/trial.db casemgr init-db
    """,
)
def init_db() -> None:
    """Create the database schema or migrate it to this version.

    Run this command for a new database and after each upgrade of casemgr; running it again does no harm. It creates
    the file of an SQLite database; a PostgreSQL database must exist already. The previous version of casemgr keeps
    working with the new schema.
    """
    migrate(create_command_engine())
    click.echo("The database schema is up to date.", err=True)

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
    """Create the database schema, or migrate it to this version.

    For a new database, and after an upgrade of casemgr; harmless when repeated. The file of SQLite is created, a
    database on PostgreSQL has to exist. The version before goes on working with the new schema.
    """
    migrate(create_command_engine())
    click.echo("The database schema is up to date.", err=True)

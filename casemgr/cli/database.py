"""Commands for the database."""

from functools import partial
from pathlib import Path

import click

from casemgr.cli.shell import Command, create_command_engine
from casemgr.database import backup
from casemgr.database.schema import find_schema_problem, migrate


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
    working with the new schema. The command says from which revision of the schema to which it went.

    If a long transaction uses a table that is to be changed on PostgreSQL, the command says whose it is and tries
    again for a minute.
    """
    migrate_database()


def migrate_database() -> None:
    """Create or migrate the schema of the database of the settings, and say so."""
    before, after = migrate(create_command_engine(), report=partial(click.echo, err=True))
    if before is None:
        outcome = f"created at {after}"
    elif before == after:
        outcome = f"up to date at {after}"
    else:
        outcome = f"migrated from {before} to {after}"
    click.echo(f"Database schema {outcome}.", err=True)


@click.command(
    "backup",
    cls=Command,
    epilog="""
    Example:
      $ casemgr backup /var/backups/casemgr/$(date +%F).db
    """,
)
@click.argument("file", type=click.Path(path_type=Path), help="The file to create; it must not exist yet.")
def back_up(file: Path) -> None:
    """Back up an SQLite database.

    The service and other commands may write to the database meanwhile: the backup has what was stored when the
    command began. It holds passwords (as hashes) and cases, so only its owner can read it. For PostgreSQL, use
    pg_dump.
    """
    backup.back_up(create_command_engine(), file)
    click.echo(f"{file} has a backup of the database.", err=True)


@click.command(
    "restore",
    cls=Command,
    epilog="""
    Example:
      $ casemgr restore /var/backups/casemgr/2026-11-26.db
    """,
)
@click.argument("file", type=click.Path(path_type=Path), help="A file that 'casemgr backup' has written.")
def restore(file: Path) -> None:
    """Restore an SQLite database from a backup.

    Stop the service first: the command replaces everything in the database, and refuses while others use it. It
    creates a database that does not exist. For PostgreSQL, use pg_restore.
    """
    engine = create_command_engine()
    backup.restore(engine, file)
    click.echo("The database is restored.", err=True)
    if problem := find_schema_problem(engine):
        click.echo(problem, err=True)

"""The command that tells how an installation is."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy import URL, Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from casemgr import __version__
from casemgr.accounts import listing
from casemgr.cli.output import format_option, print_record
from casemgr.cli.shell import Command, create_command_engine
from casemgr.database.engine import missing_file, snapshot
from casemgr.database.models import Dataset
from casemgr.database.schema import find_problem, load_revision, newest_revision
from casemgr.i18n.translation import missing_catalogues
from casemgr.imports.record_types import RECORD_TYPES

Record = dict[str, Any]


@click.command(
    "status",
    cls=Command,
    changes=False,
    epilog="""
    Exit status:
      0  Everything is as it should be.
      1  Something is wrong; a message says what, and what to do.
      2  Wrong usage.

    Examples:
      $ casemgr status
      $ casemgr status --format json | jq .records.case
    """,
)
@format_option
def status(format_: str) -> None:
    """Show version, database, schema, records and live sessions.

    Checks that the database can be reached, that its schema is that of this version, and that the message catalogues
    are compiled. The URL of the database is shown without its password. Types of records are named as in the dataset;
    "session" counts all sessions that have not been purged. With --format json, prints one JSON object, whose
    "problems" are the messages. The command changes nothing, and does not create a database.
    """
    engine = create_command_engine()
    problems: list[str] = []
    shown = {"version": __version__, "database": _without_password(engine.url), **_inspect(engine, problems)}
    if missing := missing_catalogues():
        problems.append(f"The message catalogues of {', '.join(missing)} are not compiled: run 'make catalogues'.")
    print_record({**shown, "problems": problems} if format_ == "json" else shown, format_)
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    if problems:
        raise click.exceptions.Exit(1)


def _without_password(url: URL) -> str:
    # PostgreSQL's driver also takes passwords as parameters, such as sslpassword.
    secrets = [name for name in url.query if "password" in name.lower()]
    return url.difference_update_query(secrets).render_as_string(hide_password=True)


def _inspect(engine: Engine, problems: list[str]) -> Record:
    """Inspect the database as far as that is possible.

    :param problems: gets a sentence for everything that is wrong.
    """
    if path := missing_file(engine.url):
        problems.append(f"The database {path.absolute()} does not exist: run 'casemgr init-db'.")
        return {}
    try:
        with snapshot(engine) as connection:
            revision = load_revision(connection)
            if problem := find_problem(revision):
                problems.append(problem)
                return {"schema": _describe_schema(revision)}
            live = listing.count_live_sessions(connection, datetime.now(UTC))
            return {
                "schema": _describe_schema(revision),
                "imports": connection.scalar(select(Dataset.version)) or 0,
                "lastImport": _describe_last_import(connection),
                "records": {
                    name: connection.scalar(select(func.count()).select_from(record_type.model))
                    for name, record_type in RECORD_TYPES.items()
                },
                "liveSessions": {listing.RECORD_TYPES[kind]: number for kind, number in live.items()},
            }
    except (DBAPIError, sqlite3.Error) as error:
        reason = " ".join(str(getattr(error, "orig", error)).split())
        problems.append(f"The database cannot be used. Check it and CASEMGR_DATABASE_URL: {reason}")
        return {}


def _describe_schema(revision: str | None) -> Record:
    return {"revision": revision, "newest": newest_revision(), "current": revision == newest_revision()}


def _describe_last_import(connection: Connection) -> Record | None:
    last = connection.execute(select(Dataset.imported, Dataset.records)).first()
    return {"committed": last.imported, "records": last.records} if last and last.imported else None

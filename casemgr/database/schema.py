"""The migration of the database schema."""

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from casemgr.database.engine import create_database, use_write_ahead_log, writing
from casemgr.database.reading import Reading
from casemgr.database.statements import Source, fetch_all

# Alembic is imported where it is used: it takes longer to load than all other modules together, and the service needs
# it for its readiness only.
if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory


_LOCK_TIMEOUT = 0.5
"""Seconds that a migration waits for a table on PostgreSQL; readers queue behind it meanwhile."""

_AUTOVACUUM_TIMEOUT = 2.0
"""The same when autovacuum has the table: PostgreSQL cancels it when a session has waited for a second."""

_PAUSE = 2.0
"""Seconds between two attempts, in which others are not delayed."""

_PATIENCE = 60.0
"""Seconds after which a migration gives up."""

_LOCK_NOT_AVAILABLE = "55P03"

# Sessions that lock a table of the schema in a transaction that is older than the attempt. PostgreSQL hides the state
# of sessions of other roles from roles without privileges.
_SELECT_BLOCKERS = text(
    """
    SELECT coalesce(bool_or(backend_type = 'autovacuum worker'), false),
        string_agg(
            'process ' || pid || ' (' || concat_ws(', ',
                coalesce('application ' || nullif(application_name, ''), backend_type), 'user ' || usename, state,
                'began ' || round(extract(epoch FROM clock_timestamp() - xact_start)) || ' s ago') || ')',
            ', ' ORDER BY xact_start)
    FROM pg_stat_activity
    WHERE coalesce(xact_start < clock_timestamp() - make_interval(secs => :waited), true) AND pid IN (
        SELECT pid
        FROM pg_locks
            JOIN pg_database ON pg_database.oid = pg_locks.database
            JOIN pg_class ON pg_class.oid = pg_locks.relation
            JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
        WHERE granted AND datname = current_database() AND nspname = current_schema()
    )
    """
)


class SchemaInUseError(Exception):
    """The schema was not migrated, since others used its tables all the time; the message names them."""


class UnknownSchemaError(Exception):
    """The schema is of another version of casemgr; the message says so."""


class Migration(NamedTuple):
    """The revisions of the schema before and after a migration.

    :param before: None when there was no schema.
    """

    before: str | None
    after: str | None


def migrate(
    engine: Engine,
    revision: str = "head",
    *,
    report: Callable[[str], object] = lambda _: None,
    pause: Callable[[float], object] = time.sleep,
    patience: float = _PATIENCE,
) -> Migration:
    """Create the schema or migrate it; harmless when repeated.

    :param revision: the revision to migrate to, by default the newest one.
    :param report: called with a sentence when others use the tables on PostgreSQL, before the next attempt.
    :param pause: called with the seconds to wait for between two attempts.
    :param patience: seconds after which no further attempt is made.
    :raises SchemaInUseError: when no attempt succeeded.
    :raises UnknownSchemaError: when this version has no migration to the revision of the schema.
    """
    if engine.dialect.name == "sqlite":
        create_database(engine).close()
        use_write_ahead_log(engine)
    if is_migrated(engine):
        return Migration(newest_revision(), newest_revision())
    if engine.dialect.name == "sqlite":
        with writing(engine) as connection:
            return _upgrade(connection, revision)
    end = time.monotonic() + patience
    lock_timeout = _LOCK_TIMEOUT
    while True:
        try:
            with writing(engine, lock_timeout) as connection:
                return _upgrade(connection, revision)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            with engine.connect() as connection:
                is_autovacuum, blockers = connection.execute(_SELECT_BLOCKERS, {"waited": lock_timeout}).one()
            reason = f"tables are in use by {blockers or 'others'}"
            if time.monotonic() >= end:
                raise SchemaInUseError(f"Nothing was changed: {reason}.") from error
            report(f"Waiting, since {reason}.")
            lock_timeout = _AUTOVACUUM_TIMEOUT if is_autovacuum else _LOCK_TIMEOUT
            pause(_PAUSE)


def _upgrade(connection: Connection, revision: str) -> Migration:
    from alembic import command

    config = _alembic_config()
    config.attributes["connection"] = connection
    before = load_revision(connection)
    if before and not _is_known_revision(before):
        raise UnknownSchemaError(find_problem(before))
    command.upgrade(config, revision)
    return Migration(before, load_revision(connection))


_COUNT_REVISION_TABLES = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'",
    "postgresql": "SELECT count(to_regclass('alembic_version'))",
}


def is_migrated(engine: Engine) -> bool:
    """Check that the schema is at the newest revision."""
    with Reading(engine) as source:
        return has_newest_revision(source)


def find_schema_problem(engine: Engine) -> str | None:
    """Say what is wrong with the schema and what to do; None when it is at the newest revision."""
    with Reading(engine) as source:
        return find_problem(load_revision(source))


def has_newest_revision(source: Source) -> bool:
    """Check the same on a connection that is open."""
    return load_revision(source) == newest_revision()


def load_revision(source: Source) -> str | None:
    """Load the revision of the schema; None when there is no schema."""
    [(tables,)] = fetch_all(source, _COUNT_REVISION_TABLES[source.dialect.name])
    revisions = fetch_all(source, "SELECT version_num FROM alembic_version") if tables else []
    return revisions[0][0] if revisions else None


@cache
def newest_revision() -> str | None:
    """Return the revision of the schema that this version of casemgr needs."""
    return _scripts().get_current_head()


def find_problem(revision: str | None) -> str | None:
    """Say what is wrong with the revision of a schema and what to do; None when it is the newest one."""
    if revision is None:
        return "The database has no schema: run 'casemgr init-db'."
    if revision == newest_revision():
        return None
    if _is_known_revision(revision):
        return f"The schema is at revision {revision}, not at {newest_revision()}: run 'casemgr init-db'."
    return f"The schema is at revision {revision}, which this version of casemgr does not know: upgrade casemgr."


def _is_known_revision(revision: str) -> bool:
    return any(script.revision == revision for script in _scripts().walk_revisions())


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_alembic_config())


def _alembic_config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config

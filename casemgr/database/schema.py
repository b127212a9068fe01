"""The migration of the database schema."""

import sqlite3
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from casemgr.database.engine import writing
from casemgr.database.reading import Reading
from casemgr.database.statements import Source, fetch_all

# Alembic is imported where it is used: it takes longer to load than all other modules together, and the service needs
# it for its readiness only.
if TYPE_CHECKING:
    from alembic.config import Config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Create the schema or migrate it; harmless when repeated.

    :param revision: the revision to migrate to, by default the newest one.
    """
    from alembic import command

    config = _alembic_config()
    with engine.connect() as connection:
        # SQLite stores the mode in the file, and cannot change it within a transaction.
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.execute("PRAGMA journal_mode = WAL")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


_COUNT_REVISION_TABLES = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'",
    "postgresql": "SELECT count(to_regclass('alembic_version'))",
}


def is_migrated(engine: Engine) -> bool:
    """Check that the schema is at the newest revision."""
    with Reading(engine) as source:
        return has_newest_revision(source)


def has_newest_revision(source: Source) -> bool:
    """Check the same on a connection that is open."""
    [(tables,)] = fetch_all(source, _COUNT_REVISION_TABLES[source.dialect.name])
    revisions = fetch_all(source, "SELECT version_num FROM alembic_version") if tables else []
    return [revision for (revision,) in revisions] == [_newest_revision()]


@cache
def _newest_revision() -> str | None:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_alembic_config()).get_current_head()


def _alembic_config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config

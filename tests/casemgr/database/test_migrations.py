"""Migrations and the constraints of the schema."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from casemgr.accounts.sessions import load_session
from casemgr.database import migrations, models
from casemgr.database.engine import create_engine
from casemgr.database.schema import is_migrated, migrate
from casemgr.domain.actors import User
from tests.conftest import MakeDatabase
from tests.factories import USER, actors, store


@pytest.fixture
def empty(make_database: MakeDatabase) -> Iterator[Engine]:
    engine = create_engine(make_database(migrated=False))
    yield engine
    engine.dispose()


def definitions(engine: Engine) -> list[str]:
    """Describe every table except that of Alembic, in an order that does not depend on how it was created."""
    inspector = inspect(engine)
    described = []
    for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
        parts = (
            inspector.get_columns(table),
            [inspector.get_pk_constraint(table)],
            inspector.get_foreign_keys(table),
            inspector.get_unique_constraints(table),
            inspector.get_check_constraints(table),
            inspector.get_indexes(table),
            [inspector.get_table_options(table)],
        )
        described += [f"{table}: {line}" for part in parts for line in sorted(map(repr, part))]
    return described


def test_alembic_finds_no_difference_between_a_migrated_database_and_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), models.Base.metadata) == []


def test_a_migrated_database_equals_one_made_from_the_models(engine: Engine, empty: Engine) -> None:
    models.Base.metadata.create_all(empty)
    assert definitions(engine) == definitions(empty)


def test_migrating_again_changes_no_definition(engine: Engine) -> None:
    before = definitions(engine)
    migrate(engine)
    assert definitions(engine) == before


def test_migrating_again_keeps_the_data(engine: Engine) -> None:
    store(engine, *actors())
    migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(models.Session)) == 3


def earlier_revisions() -> list[str]:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    return [script.revision for script in scripts.walk_revisions()][1:]


@pytest.mark.parametrize("revision", earlier_revisions())
def test_an_older_database_is_upgraded_with_its_data(empty: Engine, revision: str) -> None:
    migrate(empty, revision)
    digest = hashlib.sha256(USER.encode()).digest()
    with empty.begin() as connection:
        for statement in (
            "INSERT INTO departments (id, name) VALUES (10, 'Service')",
            "INSERT INTO users (id, login_id, first_name, last_name, department_id, disabled)"
            " VALUES (20, 'ada', 'Ada', 'Byron', 10, false)",
            "INSERT INTO sessions (digest, user_id, expires) VALUES (:digest, 20, '2099-01-01 00:00:00+00')",
        ):
            connection.execute(text(statement), {"digest": digest})
    assert not is_migrated(empty)
    migrate(empty)
    assert is_migrated(empty)
    with empty.connect() as connection:
        session = load_session(connection, USER, datetime.now(UTC))
    assert session
    assert session.actor == User(20, may_view_agent_console=False, readable_department_ids=frozenset({10}))


def test_the_version_before_can_write_to_the_new_schema(engine: Engine) -> None:
    store(engine, *actors())
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO failed_logins (subject, failed) VALUES (:digest, '2026-01-01 00:00:00+00')",
            "INSERT INTO sessions (digest, user_id, expires) VALUES (:digest, 20, '2099-01-01 00:00:00+00')",
        ):
            connection.execute(text(statement), {"digest": b"digest"})


def test_an_empty_database_is_not_migrated(empty: Engine) -> None:
    assert not is_migrated(empty)


def test_a_database_is_migrated_once_it_has_the_newest_revision(empty: Engine) -> None:
    migrate(empty)
    assert is_migrated(empty)


def test_a_database_with_an_unknown_revision_is_not_migrated(empty: Engine) -> None:
    migrate(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'another'"))
    assert not is_migrated(empty)


@pytest.mark.sqlite
def test_a_migrated_database_uses_write_ahead_logging(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"


def test_foreign_keys_are_enforced(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(IntegrityError, match=re.compile("foreign key", re.IGNORECASE)):
        connection.execute(insert(models.CustomerGrant).values(customer_id=1, on_customer_id=2))


@pytest.mark.parametrize(
    "owners",
    [
        pytest.param({}, id="none"),
        pytest.param({"user_id": 20, "customer_id": 30}, id="user and customer"),
        pytest.param({"user_id": 20, "client_application_id": 40}, id="user and client application"),
        pytest.param({"customer_id": 30, "client_application_id": 40}, id="customer and client application"),
        pytest.param({"user_id": 20, "customer_id": 30, "client_application_id": 40}, id="all"),
    ],
)
def test_a_session_must_have_exactly_one_owner(engine: Engine, owners: dict[str, int]) -> None:
    store(engine, *actors())
    session = {"digest": b"digest", "expires": func.now(), **owners}
    with engine.begin() as connection, pytest.raises(IntegrityError, match="ck_sessions_one_owner"):
        connection.execute(insert(models.Session).values(session))

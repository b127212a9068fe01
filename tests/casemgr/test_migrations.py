from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, Engine, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from casemgr import models
from casemgr.database import create_engine, is_migrated, migrate
from tests.factories import actors, store


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(URL.create("sqlite", database=str(tmp_path / "empty.db")))
    yield engine
    engine.dispose()


def definitions(engine: Engine) -> list[str]:
    """Describe every table but alembic's own, in an order that does not depend on how it came to be."""
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


def test_alembic_finds_nothing_between_a_migrated_database_and_the_models(engine: Engine) -> None:
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


def test_an_empty_database_is_not_migrated(empty: Engine) -> None:
    assert not is_migrated(empty)


def test_a_database_is_migrated_once_it_has_the_newest_revision(empty: Engine) -> None:
    migrate(empty)
    assert is_migrated(empty)


def test_a_database_of_another_revision_is_not_migrated(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'another'"))
    assert not is_migrated(engine)


def test_a_migrated_database_writes_ahead(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"


def test_foreign_keys_are_enforced(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(IntegrityError, match="FOREIGN KEY"):
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
def test_the_database_wants_exactly_one_owner_of_a_session(engine: Engine, owners: dict[str, int]) -> None:
    store(engine, *actors())
    session = {"digest": b"digest", "expires": func.now(), **owners}
    with engine.begin() as connection, pytest.raises(IntegrityError, match="ck_sessions_one_owner"):
        connection.execute(insert(models.Session).values(session))

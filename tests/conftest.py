"""Fixtures that every test may use: a database of its own, migrated once and copied."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from casemgr.database import create_engine, migrate


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "migrated.db"
    engine = create_engine(URL.create("sqlite", database=str(path)))
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def database_url(migrated_database: Path, tmp_path: Path) -> URL:
    """Name an empty database of this test alone."""
    path = tmp_path / "casemgr.db"
    shutil.copy(migrated_database, path)
    return URL.create("sqlite", database=str(path))


@pytest.fixture
def engine(database_url: URL) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()

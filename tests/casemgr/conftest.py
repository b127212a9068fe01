"""A database with the actors, a folder and a custom attribute, made once and copied."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from casemgr.database import create_engine
from tests.factories import (
    actors,
    attribute,
    folder,
    store,
)


@pytest.fixture(scope="session")
def stocked_database(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stocked") / "stocked.db"
    shutil.copy(migrated_database, path)
    engine = create_engine(URL.create("sqlite", database=str(path)))
    store(engine, *actors(), folder(), attribute("topics", multiple=True))
    engine.dispose()
    return path


@pytest.fixture
def stocked(stocked_database: Path, tmp_path: Path) -> Iterator[Engine]:
    """Name a database with the actors, a folder and the custom attribute "topics"."""
    path = tmp_path / "stocked.db"
    shutil.copy(stocked_database, path)
    engine = create_engine(URL.create("sqlite", database=str(path)))
    yield engine
    engine.dispose()

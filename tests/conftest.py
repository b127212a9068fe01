"""Fixtures for all tests: each test gets its own database, a copy of one that is migrated once."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import argon2
import pytest
from sqlalchemy import URL, Engine

from casemgr.accounts import passwords
from casemgr.database import models
from casemgr.database.engine import create_engine
from casemgr.database.schema import migrate
from tests.live.buildah import find_base_image
from tests.live.chromium import find_chromium
from tests.live.npm import has_npm_packages
from tests.postgresql import Cluster, find_binaries

_OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}

_EMPTY_TABLES = "; ".join(
    f"DELETE FROM {table}"  # noqa: S608 - the names are ours
    for table in reversed(models.Base.metadata.sorted_tables)
)

MakeDatabase = Callable[..., URL]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=["sqlite", "postgresql"], default="sqlite", help="the database that the tests run on"
    )


_PROGRAMS: dict[str, Callable[[], object]] = {
    "browser": find_chromium,
    "container": find_base_image,
    "node": partial(shutil.which, "node"),
    "npm": has_npm_packages,
}
"""Functions that find what tests with these markers need; their result is falsy where it is missing."""


def pytest_report_header() -> list[str]:
    return [f"Tests marked {mark} are left out, since what they run is not installed." for mark in _missing_programs()]


def _missing_programs() -> list[str]:
    return [mark for mark, find in _PROGRAMS.items() if not find()]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that are specific to the other database, and those whose programs are not installed.

    On PostgreSQL, also deselect the tests that use no database.
    """
    database = config.getoption("database")
    selected: list[pytest.Item] = []
    deselected: list[pytest.Item] = []
    missing = _missing_programs()
    for item in items:
        in_browser = item.get_closest_marker("browser") is not None
        needs_database = "make_database" in getattr(item, "fixturenames", ()) and not in_browser
        belongs = item.get_closest_marker(_OTHER[database]) is None and (needs_database or database == "sqlite")
        belongs = belongs and not any(item.get_closest_marker(mark) for mark in missing)
        (selected if belongs else deselected).append(item)
    items[:] = selected
    config.hook.pytest_deselected(items=deselected)


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords quickly in the process of the tests; the servers that tests start hash them as in production."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster | None]:
    """Run a PostgreSQL server if the tests run on PostgreSQL; None otherwise."""
    if request.config.getoption("database") == "sqlite":
        yield None
        return
    binaries = find_binaries()
    assert binaries, "There is no PostgreSQL 15 or newer on this machine."
    with Cluster(binaries) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def make_database(cluster: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeDatabase]:
    """Return a function that creates a database, which lasts for the whole session."""
    with ExitStack() as stack:

        def make_database(*, migrated: bool = True) -> URL:
            if cluster is None:
                path = tmp_path_factory.mktemp("database") / "casemgr.db"
                path.touch()
                url = URL.create("sqlite", database=str(path))
            else:
                url = stack.enter_context(cluster.database())
            if migrated:
                engine = create_engine(url)
                migrate(engine)
                engine.dispose()
            return url

        yield make_database


@pytest.fixture(scope="session")
def migrated_engine(make_database: MakeDatabase) -> Iterator[Engine]:
    """Create the database that `database_url` copies or empties."""
    engine = create_engine(make_database())
    yield engine
    engine.dispose()


@pytest.fixture
def database_url(cluster: Cluster | None, migrated_engine: Engine, tmp_path: Path) -> URL:
    """Provide a database with empty tables for one test."""
    if cluster is None:
        path = tmp_path / "casemgr.db"
        shutil.copy(str(migrated_engine.url.database), path)
        return URL.create("sqlite", database=str(path))
    # Much faster than a new database for each test, or than TRUNCATE.
    with migrated_engine.begin() as connection:
        connection.exec_driver_sql(_EMPTY_TABLES)
    return migrated_engine.url


@pytest.fixture
def engine(database_url: URL) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()

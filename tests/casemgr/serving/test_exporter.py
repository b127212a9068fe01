"""The metrics that the exporter itself collects."""

import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import URL, Engine

from casemgr import __version__
from casemgr.accounts.accounts import Account
from casemgr.accounts.sessions import store_session
from casemgr.database.engine import create_engine, writing
from casemgr.domain.actors import ActorKind
from casemgr.serving.exporter import BuildCollector, DatabaseCollector
from tests.conftest import MakeDatabase
from tests.factories import actors, session, store

SESSIONS = "casemgr_sessions"


def values(collector: BuildCollector | DatabaseCollector, name: str) -> dict[tuple[str, ...], float]:
    """Return the values of a metric by its labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for metric in collector.collect()
        for sample in metric.samples
        if sample.name == name
    }


def test_the_version_is_a_label() -> None:
    assert values(BuildCollector(), "casemgr_build_info") == {(__version__,): 1}


def test_live_sessions_are_counted_by_the_kind_of_their_owner(engine: Engine) -> None:
    store(engine, *actors(), session("a-second-session-of-the-user", user=20))
    store(engine, session("an-expired-session-of-the-user", "2020-01-01T00:00:00Z", user=20))
    assert values(DatabaseCollector(engine), SESSIONS) == {
        ("user",): 2,
        ("customer",): 1,
        ("client_application",): 1,
    }


def test_a_database_without_sessions_has_zeros(engine: Engine) -> None:
    assert set(values(DatabaseCollector(engine), SESSIONS).values()) == {0}


def test_the_database_is_asked_at_most_every_ten_seconds(engine: Engine) -> None:
    now = 0.0
    collector = DatabaseCollector(engine, lambda: now)
    store(engine, *actors())
    assert values(collector, SESSIONS)["user",] == 1
    with writing(engine) as connection:
        store_session(connection, "another", Account(ActorKind.USER, 20), datetime(2099, 1, 1, tzinfo=UTC))
    now = 9.9
    assert values(collector, SESSIONS)["user",] == 1
    now = 10.0
    assert values(collector, SESSIONS)["user",] == 2


def test_the_last_import_has_its_time_and_size(engine: Engine) -> None:
    before = time.time()
    store(engine, *actors())
    collector = DatabaseCollector(engine)
    [imported] = values(collector, "casemgr_last_import_timestamp_seconds").values()
    assert before - 1 <= imported <= time.time() + 1
    assert list(values(collector, "casemgr_last_import_records").values()) == [len(actors())]


def test_a_database_without_schema_gives_no_metrics(make_database: MakeDatabase) -> None:
    engine = create_engine(make_database(migrated=False))
    assert list(DatabaseCollector(engine).collect()) == []
    engine.dispose()


@pytest.mark.sqlite
def test_a_database_that_cannot_be_reached_gives_no_metrics() -> None:
    engine = create_engine(URL.create("postgresql+psycopg", host="/nowhere"))
    assert list(DatabaseCollector(engine).collect()) == []

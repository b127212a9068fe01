"""Reading from replicas of PostgreSQL, and without the primary."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from app import create_app
from casemgr.config import Config, Pool
from casemgr.database.databases import Databases, WriteBlockedError
from casemgr.database.engine import create_engine
from casemgr.database.schema import migrate
from casemgr.database.servers import Servers
from casemgr.database.statements import Source, fetch_all
from tests.api.client import CASE, LOGIN, cases
from tests.conftest import MakeDatabase
from tests.factories import NAME, PASSWORD, USER, actors, case, dispose, store
from tests.postgresql import Cluster, find_binaries, wait_until

pytestmark = pytest.mark.postgresql


@dataclass(frozen=True)
class Pair:
    """A primary with cases and its replica."""

    primary: Cluster
    replica: Cluster

    def engines(self) -> tuple[Engine, Engine]:
        return create_engine(self.primary.url("postgres")), create_engine(self.replica.url("postgres"))


def scalar(engine: Engine, statement: str) -> Any:
    with engine.connect() as connection:
        return connection.scalar(text(statement))


@pytest.fixture(scope="module")
def pair(make_database: MakeDatabase) -> Iterator[Pair]:
    binaries = find_binaries()
    assert binaries
    with Cluster(binaries) as primary:
        engine = create_engine(primary.url("postgres"))
        migrate(engine)
        store(engine, *actors(), case(1), case(2))
        engine.dispose()
        with Cluster(binaries, primary) as replica:
            yield Pair(primary, replica)


@pytest.fixture
def engines(pair: Pair) -> Iterator[tuple[Engine, Engine]]:
    """Connect to both, after the replica has replayed everything."""
    primary, replica = pair.engines()
    position = scalar(primary, "SELECT pg_current_wal_lsn()")
    wait_until(lambda: scalar(replica, f"SELECT pg_last_wal_replay_lsn() >= '{position}'"))
    wait_until(lambda: scalar(replica, "SELECT EXISTS (SELECT FROM pg_stat_wal_receiver)"))
    yield primary, replica
    primary.dispose()
    replica.dispose()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let servers that do not hang take their time on a busy machine."""
    monkeypatch.setattr("casemgr.database.databases._READ_PATIENCE", 2)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def is_replica(source: Source) -> bool:
    [(recovering,)] = fetch_all(source, "SELECT pg_is_in_recovery()")
    return bool(recovering)


def read(databases: Databases, work: Callable[[Source], object] = is_replica, version: int = 0) -> object:
    with databases.reading() as reads:
        return reads.from_replica(work, version)


def read_from_primary(databases: Databases) -> object:
    with databases.reading() as reads:
        return reads.from_primary(is_replica)


MAX_LAG = timedelta(seconds=10)


def databases_of(
    primary: Engine, *replicas: Engine, max_lag: timedelta = MAX_LAG, clock: Callable[[], float] = time.monotonic
) -> Databases:
    return Databases(Servers(primary, replicas, max_lag, clock), slots=1)


VERSION = "SELECT version FROM dataset"
TERMINATE = "SELECT pg_terminate_backend(pg_backend_pid())"


def test_an_up_to_date_replica_is_read(engines: tuple[Engine, Engine]) -> None:
    primary, replica = engines
    databases = databases_of(primary, replica)
    assert [read(databases) for _ in range(3)] == [True] * 3


def test_without_replicas_the_primary_is_read(engines: tuple[Engine, Engine]) -> None:
    assert not read(databases_of(engines[0]))


def record_use(used: list[str], name: str, *_: object) -> None:
    used.append(name)


def test_replicas_take_turns(engines: tuple[Engine, Engine]) -> None:
    primary, replica = engines
    other = create_engine(replica.url)
    databases = databases_of(primary, replica, other)
    used: list[str] = []
    for engine, name in ((replica, "replica"), (other, "other")):
        event.listen(engine, "checkout", partial(record_use, used, name))
    for _ in range(4):
        read(databases)
    other.dispose()
    assert used == ["replica", "other", "replica", "other"]


def test_an_unreachable_replica_is_skipped_and_tried_again_later(
    pair: Pair, engines: tuple[Engine, Engine], caplog: pytest.LogCaptureFixture
) -> None:
    primary, replica = engines
    clock = Clock()
    servers = Servers(primary, [replica], MAX_LAG, clock)
    reported: list[tuple[Engine, bool]] = []
    servers.report = lambda engine, skipped: reported.append((engine, skipped))
    databases = Databases(servers, slots=1)
    assert read(databases)
    pair.replica.stop()
    assert [read(databases) for _ in range(3)] == [False] * 3
    assert caplog.messages == ["Replica 1 is not used for 5 seconds: OperationalError"]
    assert reported == [(replica, True)]
    pair.replica.start()
    wait_until(lambda: scalar(replica, "SELECT EXISTS (SELECT FROM pg_stat_wal_receiver)"))
    assert not read(databases)
    clock.seconds += 5
    assert read(databases)
    assert reported == [(replica, True), (replica, False)]


def change(primary: Engine, subject: str) -> None:
    with primary.begin() as connection:
        connection.execute(text("UPDATE cases SET subject = :subject WHERE id = 1"), {"subject": subject})


def test_a_lagging_replica_is_skipped(engines: tuple[Engine, Engine]) -> None:
    primary, replica = engines
    clock = Clock()
    strict = databases_of(primary, replica, max_lag=timedelta(), clock=clock)
    lenient = databases_of(primary, replica, max_lag=timedelta(days=1))
    change(primary, "old")
    wait_until(lambda: scalar(replica, "SELECT subject FROM cases WHERE id = 1") == "old")
    assert read(strict)
    scalar(replica, "SELECT pg_wal_replay_pause()")
    try:
        change(primary, "new")
        wait_until(lambda: scalar(replica, "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"))
        clock.seconds += 1
        assert not read(strict)
        assert read(lenient)
    finally:
        scalar(replica, "SELECT pg_wal_replay_resume()")
    wait_until(lambda: scalar(replica, "SELECT subject FROM cases WHERE id = 1") == "new")
    clock.seconds += 5
    assert read(strict)


def test_a_new_import_is_read_from_the_primary_until_the_replica_has_it(engines: tuple[Engine, Engine]) -> None:
    primary, replica = engines
    app = create_app(Config(primary.url, replica_urls=(replica.url,), replica_max_lag=timedelta(days=1)))
    client = app.test_client()
    scalar(replica, "SELECT pg_wal_replay_pause()")
    try:
        store(primary, case(3, subject="just imported"))
        [imported] = cases(client.get(f"{CASE}/3", headers={"X-egain-session": USER}))
    finally:
        scalar(replica, "SELECT pg_wal_replay_resume()")
        dispose(app)
    assert imported["subject"] == "just imported"


def test_a_replica_is_read_again_once_it_has_the_newest_import(engines: tuple[Engine, Engine]) -> None:
    primary, replica = engines
    version = scalar(primary, VERSION)
    wait_until(lambda: scalar(replica, VERSION) == version)
    clock = Clock()
    databases = databases_of(primary, replica, max_lag=timedelta(days=1), clock=clock)
    assert read(databases, version=version)
    assert not read(databases, version=version + 1)
    store(primary, case(4))
    wait_until(lambda: scalar(replica, VERSION) == version + 1)
    clock.seconds += 5
    assert read(databases, version=version + 1)


def test_a_read_that_fails_on_a_replica_is_repeated_on_the_primary(engines: tuple[Engine, Engine]) -> None:
    primary, replica = engines

    def fail_on_replica(source: Source) -> bool:
        if is_replica(source):
            fetch_all(source, TERMINATE)
        return True

    assert read(databases_of(primary, replica), fail_on_replica)


def test_a_read_that_fails_on_the_primary_raises_the_error(engines: tuple[Engine, Engine]) -> None:
    def fail(source: Source) -> object:
        return fetch_all(source, TERMINATE)

    with pytest.raises(OperationalError):
        read(databases_of(*engines), fail)


def test_cases_come_from_the_replica_and_sessions_from_the_primary(
    engines: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    primary, replica = engines
    app = create_app(Config(primary.url, replica_urls=(replica.url,)))
    on_replica: dict[str, set[bool]] = {"cases": set(), "sessions": set()}

    def collect(source: Source, statement: str, parameters: object) -> Sequence[object]:
        for table, found in on_replica.items():
            if f"FROM {table}" in statement:
                found.add(is_replica(source))
        return fetch_all(source, statement, parameters)

    monkeypatch.setattr("casemgr.database.statements.fetch_all", collect)
    assert len(cases(app.test_client().get(f"{CASE}/1,2", headers={"X-egain-session": USER}))) == 2
    dispose(app)
    assert on_replica == {"cases": {True}, "sessions": {False}}


@contextmanager
def hanging(cluster: Cluster) -> Iterator[None]:
    """Keep the processes of a server from running; its sockets stay open."""
    cluster.suspend()
    try:
        yield
    finally:
        cluster.resume()


def test_a_replica_that_hangs_is_skipped(pair: Pair, engines: tuple[Engine, Engine]) -> None:
    databases = databases_of(*engines)
    assert read(databases)
    with hanging(pair.replica):
        assert not read(databases)


def test_connecting_to_a_replica_that_hangs_is_given_up(pair: Pair, engines: tuple[Engine, Engine]) -> None:
    with hanging(pair.replica):
        assert not read(databases_of(*engines))


@pytest.mark.parametrize("lose", [Cluster.suspend, Cluster.stop], ids=["hangs", "is stopped"])
def test_a_replica_stands_in_for_a_primary_that(
    pair: Pair, engines: tuple[Engine, Engine], lose: Callable[[Cluster], None]
) -> None:
    clock = Clock()
    databases = databases_of(*engines, clock=clock)
    assert not read_from_primary(databases)
    lose(pair.primary)
    try:
        assert read_from_primary(databases)
        assert read(databases)
        with pytest.raises(WriteBlockedError), databases.writing():
            pass
    finally:
        pair.primary.resume() if lose is Cluster.suspend else pair.primary.start()
    clock.seconds += 5
    assert not read_from_primary(databases)
    with databases.writing() as connection:
        connection.execute(text("UPDATE cases SET subject = 'written'"))


def test_a_replica_that_was_skipped_stands_in_for_the_primary(pair: Pair, engines: tuple[Engine, Engine]) -> None:
    databases = databases_of(*engines)
    with hanging(pair.replica):
        assert not read(databases)
    with hanging(pair.primary):
        assert read_from_primary(databases)


def test_a_primary_that_is_back_is_used_again_after_a_request_that_fails(
    pair: Pair, engines: tuple[Engine, Engine]
) -> None:
    clock = Clock()
    databases = databases_of(*engines, clock=clock)
    with hanging(pair.primary):
        assert read_from_primary(databases)
    clock.seconds += 5
    for _ in range(2):
        with pytest.raises(LookupError), databases.writing():
            raise LookupError


def test_an_error_in_a_statement_does_not_mean_that_the_primary_is_lost(engines: tuple[Engine, Engine]) -> None:
    databases = databases_of(*engines)
    with pytest.raises(DBAPIError), databases.writing() as connection:
        connection.execute(text("SELECT 1 / 0"))
    assert not read_from_primary(databases)


def test_without_replicas_a_primary_that_hangs_fails_in_time(pair: Pair) -> None:
    impatient = create_engine(pair.primary.url("postgres"), replace(Pool(), statement_timeout=timedelta(seconds=0.1)))
    databases = databases_of(impatient)
    assert not read_from_primary(databases)
    with hanging(pair.primary), pytest.raises(OperationalError, match="has not answered within 1"):
        read_from_primary(databases)
    impatient.dispose()


def test_cases_are_read_and_logins_are_put_off_while_the_primary_is_lost(
    pair: Pair, engines: tuple[Engine, Engine]
) -> None:
    primary, replica = engines
    app = create_app(Config(primary.url, replica_urls=(replica.url,)))
    client = app.test_client()
    pair.primary.stop()
    try:
        read_cases = client.get(f"{CASE}/1,2", headers={"X-egain-session": USER})
        login = client.post(LOGIN["user"], json={"userName": NAME, "password": PASSWORD})
        ready = client.get("/health/ready")
    finally:
        pair.primary.start()
        dispose(app)
    assert len(cases(read_cases)) == 2
    assert (login.status_code, json.loads(login.data)["code"], login.headers["Retry-After"]) == (503, "503-100", "5")
    assert ready.json == {"status": "ready"}

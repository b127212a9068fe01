"""PostgreSQL behind PgBouncer, in a time zone other than UTC."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, text

from app import create_app
from casemgr.config import Config, Pool
from casemgr.database.engine import create_engine
from casemgr.database.schema import migrate
from tests.api.client import CASE, LOGIN, cases
from tests.conftest import MakeDatabase
from tests.factories import NAME, PASSWORD, actors, case, dispose, store, store_accounts
from tests.postgresql import Cluster, find_binaries, unprivileged_user, wait_until

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="This machine has no PgBouncer."),
]
BEHIND_POOLER = Pool(behind_pooler=True)
CREATED = "2026-01-02T03:04:05.678Z"
MORE_THAN_PREPARE = 8
"""The driver prepares a statement that has run five times."""


@pytest.fixture(scope="module")
def server(make_database: MakeDatabase) -> Iterator[Cluster]:
    binaries = find_binaries()
    assert binaries
    with Cluster(binaries) as server:
        server.execute("ALTER DATABASE postgres SET timezone = 'Asia/Kolkata'")
        engine = create_engine(server.url("postgres"))
        migrate(engine)
        store(engine, *actors(), case(1, created=CREATED))
        store_accounts(engine)
        engine.dispose()
        yield server


@pytest.fixture(params=["session", "transaction"])
def pooler_url(request: pytest.FixtureRequest, server: Cluster) -> Iterator[URL]:
    """Run PgBouncer."""
    user = unprivileged_user()
    with tempfile.TemporaryDirectory(prefix="casemgr-pgbouncer-") as name:
        folder = Path(name)
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            f"[databases]\n* = host={server.folder} user=casemgr pool_size=2\n[pgbouncer]\nunix_socket_dir = {folder}\n"
            f"listen_port = 6432\nauth_type = any\npool_mode = {request.param}\nlogfile = {folder / 'log'}\n"
        )
        if user:
            shutil.chown(folder, user)
        process = subprocess.Popen(["pgbouncer", "-q", str(configuration)], user=user)  # noqa: S603, S607
        try:
            wait_until((folder / ".s.PGSQL.6432").exists)
            yield server.url("postgres").update_query_dict({"host": str(folder), "port": "6432"})
        finally:
            process.terminate()
            process.wait(timeout=30)


def test_requests_and_logins_succeed_behind_a_pooler(pooler_url: URL) -> None:
    app = create_app(Config(pooler_url, BEHIND_POOLER))
    client = app.test_client()
    login = {"userName": NAME, "password": PASSWORD}
    session = client.post(LOGIN["user"], json=login).headers["X-egain-session"]
    for _ in range(MORE_THAN_PREPARE):
        [found] = cases(client.get(f"{CASE}/1?$attribute=created", headers={"X-egain-session": session}))
        assert found["created"] == CREATED
    dispose(app)


def test_the_session_has_no_settings_of_its_own(pooler_url: URL) -> None:
    engine = create_engine(pooler_url, BEHIND_POOLER)
    with engine.connect() as connection:
        for _ in range(MORE_THAN_PREPARE):
            assert connection.scalar(text("SHOW timezone")) == "Asia/Kolkata"
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
        assert connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")) == 0
    engine.dispose()


def test_an_import_succeeds_behind_a_pooler(pooler_url: URL) -> None:
    engine = create_engine(pooler_url, BEHIND_POOLER)
    store(engine, case(1, created=CREATED, subject="imported"), replace=True)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT subject FROM cases WHERE id = 1")) == "imported"
    engine.dispose()

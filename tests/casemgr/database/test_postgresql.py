"""Behaviour specific to PostgreSQL."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from flask.testing import FlaskClient
from sqlalchemy import URL, Connection, Engine, select, text
from sqlalchemy.exc import OperationalError

from app import create_app
from casemgr.config import Config, Pool
from casemgr.database.engine import create_engine, writing
from casemgr.database.models import Case, Customer, User
from casemgr.database.schema import SchemaInUseError, is_migrated, migrate
from casemgr.imports.importer import DatasetError
from tests.api.client import CASE, LOGIN
from tests.conftest import MakeDatabase
from tests.factories import NAME, PASSWORD, USER, actors, case, customer, dispose, note, store, store_accounts, user
from tests.postgresql import Cluster, find_binaries

pytestmark = pytest.mark.postgresql
HEADERS = {"X-egain-session": USER}
BLOCKER = r"application yearly report, user casemgr, idle in transaction, began \d+ s ago"


@pytest.fixture(scope="module")
def own_cluster(make_database: MakeDatabase) -> Iterator[Cluster]:
    """Run a separate server, which a test may stop."""
    binaries = find_binaries()
    assert binaries
    with Cluster(binaries) as cluster:
        yield cluster


@pytest.fixture
def client(own_cluster: Cluster) -> Iterator[FlaskClient]:
    with own_cluster.database() as url:
        engine = create_engine(url)
        migrate(engine)
        store(engine, *actors(), case(1))
        engine.dispose()
        app = create_app(Config(url))
        yield app.test_client()
        dispose(app)


def test_requests_succeed_again_after_a_restart_of_postgresql(client: FlaskClient, own_cluster: Cluster) -> None:
    assert client.get(f"{CASE}/1", headers=HEADERS).status_code == 200
    own_cluster.stop()
    response = client.get(f"{CASE}/1", headers=HEADERS)
    assert (response.status_code, json.loads(response.data)["code"]) == (500, "500-100")
    own_cluster.start()
    assert client.get(f"{CASE}/1", headers=HEADERS).status_code == 200


def test_who_is_named_by_a_case_can_log_in_while_it_is_imported(database_url: URL, engine: Engine) -> None:
    store_accounts(engine)
    client = create_app(Config(database_url)).test_client()
    with writing(engine) as importing:
        for model in (User, Customer):
            # The lock that a foreign key takes on the row that it refers to: FOR KEY SHARE.
            importing.execute(select(model.id).with_for_update(read=True, key_share=True))
        for path in LOGIN.values():
            assert client.post(path, json={"userName": NAME, "password": PASSWORD}).status_code == 204
    dispose(client.application)


@pytest.mark.slow
def test_the_certificate_of_the_server_is_verified(make_database: MakeDatabase, tmp_path: Path) -> None:
    binaries = find_binaries()
    assert binaries
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    other.cert_pem.write_to_path(tmp_path / "other.pem")

    def speaks_tls(host: str, root: str) -> bool:
        parameters = f"sslmode=verify-full&sslrootcert={tmp_path / root}"
        url = f"postgresql://casemgr@{host}:{cluster.port}/postgres?{parameters}"
        config = Config.from_environment({"CASEMGR_DATABASE_URL": url})
        engine = create_engine(config.database_url, config.pool)
        try:
            with engine.connect() as connection:
                query = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                return bool(connection.scalar(query))
        finally:
            engine.dispose()

    with Cluster(binaries, certificate=authority.issue_cert("localhost")) as cluster:
        assert speaks_tls("localhost", "ca.pem")
        for host, root, problem in (
            ("localhost", "other.pem", "certificate verify failed"),
            ("127.0.0.1", "ca.pem", "does not match host name"),
            ("localhost", "nothing.pem", "root certificate file .* does not exist"),
        ):
            with pytest.raises(OperationalError, match=problem):
                speaks_tls(host, root)


def test_a_slow_statement_is_cancelled(engine: Engine) -> None:
    strict = create_engine(engine.url, replace(Pool(), statement_timeout=timedelta(milliseconds=50)))
    with strict.connect() as connection, pytest.raises(OperationalError, match="statement timeout"):
        connection.execute(text("SELECT pg_sleep(60)"))
    strict.dispose()


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        pytest.param(case(2, subject="a\0b"), "subject: has U+0000", id="text"),
        pytest.param(case(2, notes=[note(content="\0")]), "notes.0.content: has U+0000", id="note"),
        pytest.param(case(2, custom={"\0": []}), "custom.\\x00: has U+0000", id="custom attribute"),
        pytest.param(customer(31, "\0"), "name: has U+0000", id="name of a customer"),
        pytest.param(user(21, loginId="\\u0000\0"), "loginId: has U+0000", id="beside the escape of U+0000"),
    ],
)
def test_a_text_with_u_0000_makes_its_line_invalid(engine: Engine, record: dict[str, object], problem: str) -> None:
    with pytest.raises(DatasetError) as caught:
        store(engine, *actors(), record)
    assert caught.value.problems == {10: f"{problem}, which PostgreSQL cannot store"}


def test_a_text_that_spells_out_the_escape_of_u_0000_is_imported(engine: Engine) -> None:
    store(engine, *actors(), case(1, subject="\\u0000"))
    with engine.connect() as connection:
        assert connection.scalar(Case.__table__.select().with_only_columns(Case.subject)) == "\\u0000"


@pytest.fixture
def old(own_cluster: Cluster) -> Iterator[Engine]:
    """Provide a database whose migration changes a table."""
    with own_cluster.database() as url:
        engine = create_engine(url)
        migrate(engine, "0003")
        yield engine
        engine.dispose()


@contextmanager
def long_read(engine: Engine) -> Iterator[Connection]:
    """Keep a transaction open that has read the table."""
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection, connection.begin():
        connection.execute(text("SET LOCAL application_name = 'yearly report'"))
        connection.execute(text("SELECT count(*) FROM failed_logins"))
        yield connection


def test_a_migration_lets_others_read_while_it_waits_and_names_whom_it_waits_for(old: Engine) -> None:
    reports: list[str] = []

    with long_read(old) as reader:
        process = reader.scalar(text("SELECT pg_backend_pid()"))

        def pause(_: float) -> None:
            with writing(old, lock_timeout=0.001) as other:
                other.execute(text("SELECT count(*) FROM failed_logins"))
            if len(reports) == 2:
                reader.rollback()

        migrate(old, report=reports.append, pause=pause)
    assert is_migrated(old)
    assert len(reports) == 2
    pattern = rf"Waiting, since tables are in use by process {process} \({BLOCKER}\)\."
    assert [report for report in reports if not re.fullmatch(pattern, report)] == []


def test_a_migration_that_waits_in_vain_changes_nothing_and_names_the_others(old: Engine) -> None:
    with long_read(old), long_read(old), old.connect() as idle:
        idle.execute(text("SELECT count(*) FROM failed_logins"))
        with pytest.raises(SchemaInUseError) as caught:
            migrate(old, patience=0)
    one = rf"process \d+ \({BLOCKER}\)"
    assert re.fullmatch(rf"Nothing was changed: tables are in use by {one}, {one}\.", str(caught.value))
    with old.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0003"


def test_a_current_schema_is_not_locked(engine: Engine) -> None:
    with writing(engine) as connection:
        for table in ("alembic_version", "failed_logins"):
            connection.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        migrate(engine, patience=0)

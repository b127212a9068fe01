"""Fixtures for tests that speak HTTP through Flask's client."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import URL, Engine, select, update
from werkzeug.test import TestResponse

from app import create_app
from casemgr.config import Config
from casemgr.database.models import FailedLogin, Session
from tests.api.client import CASE, LOGIN, CheckedClient, credentials
from tests.factories import NAME, PASSWORD, USER, Record, actors, dispose, store, store_accounts

Get = Callable[..., TestResponse]
Have = Callable[..., None]
MakeApp = Callable[..., Flask]
LogIn = Callable[..., TestResponse]
LetPass = Callable[[timedelta], None]


@pytest.fixture
def make_app(database_url: URL) -> Iterator[MakeApp]:
    """Create applications on the database of the test, with these settings."""
    made = []

    def make_app(**settings: Any) -> Flask:
        app = create_app(Config(database_url, **settings))
        app.test_client_class = CheckedClient
        made.append(app)
        return app

    yield make_app
    for app in made:
        dispose(app)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> CheckedClient:
    client = app.test_client()
    assert isinstance(client, CheckedClient)
    return client


@pytest.fixture
def have(engine: Engine) -> Have:
    """Store one actor of each kind, and these records."""

    def have(*records: Record) -> None:
        store(engine, *actors(), *records)

    return have


@pytest.fixture
def get(client: CheckedClient) -> Get:
    """Ask for cases: the last part of the path with its query, the session, other header fields."""

    def get(path: str, session: str = USER, **headers: str) -> TestResponse:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get(f"{CASE}/{path}", headers=credentials(session) | fields)

    return get


@pytest.fixture
def stored_accounts(engine: Engine) -> None:
    """Store a user, a customer and a client application that can log in."""
    store_accounts(engine)


@pytest.fixture
def log_in(client: CheckedClient, stored_accounts: None) -> LogIn:
    """Log in to one of the stored accounts."""

    def log_in(
        kind: str = "user", name: str = NAME, password: str = PASSWORD, query: str = "", **headers: str
    ) -> TestResponse:
        fields = {header.replace("_", "-"): value for header, value in headers.items()}
        body = {"userName": name, "password": password}
        return client.post(f"{LOGIN[kind]}{query}", json=body, headers=fields)

    return log_in


@pytest.fixture
def let_pass(engine: Engine) -> LetPass:
    """Make everything that has an end or a date older, as if time had passed."""

    def let_pass(duration: timedelta) -> None:
        columns = (
            *(Session.__table__.c[name] for name in ("created", "expires", "idle_expires")),
            FailedLogin.__table__.c.failed,
        )
        with engine.begin() as connection:
            for column in columns:
                for instant in connection.scalars(
                    select(column).distinct().where(column.is_not(None)).order_by(column)
                ).all():
                    earlier = {column: instant - duration}
                    connection.execute(update(column.table).where(column == instant).values(earlier))

    return let_pass


@pytest.fixture
def session_actors(have: Have) -> None:
    """Store one actor of each kind and nothing else."""
    have()

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
from casemgr.database.models import FailedLogin, KnownAddress, Session
from tests.api.client import CASE, LOGIN, CheckedClient, credentials
from tests.factories import NAME, PASSWORD, USER, Record, actors, dispose, store, store_accounts

GetCases = Callable[..., TestResponse]
StoreRecords = Callable[..., None]
MakeApp = Callable[..., Flask]
LogIn = Callable[..., TestResponse]
AdvanceTime = Callable[[timedelta], None]


@pytest.fixture
def make_app(database_url: URL) -> Iterator[MakeApp]:
    """Return a function that creates an application with some settings, on the database of the test."""
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
def store_records(engine: Engine) -> StoreRecords:
    """Return a function that stores one actor of each kind, and the records that it is given."""

    def store_records(*records: Record) -> None:
        store(engine, *actors(), *records)

    return store_records


@pytest.fixture
def get_cases(client: CheckedClient) -> GetCases:
    """Return a function that requests cases.

    It takes the IDs with the query string, the session, and further header fields with underscores for hyphens.
    """

    def get_cases(path: str, session: str = USER, **headers: str) -> TestResponse:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get(f"{CASE}/{path}", headers=credentials(session) | fields)

    return get_cases


@pytest.fixture
def stored_accounts(engine: Engine) -> None:
    """Store a user, a customer and a client application, with NAME and PASSWORD as their credentials."""
    store_accounts(engine)


@pytest.fixture
def log_in(client: CheckedClient, stored_accounts: None) -> LogIn:
    """Return a function that logs in to one of the stored accounts."""

    def log_in(
        kind: str = "user", name: str = NAME, password: str = PASSWORD, query: str = "", **headers: str
    ) -> TestResponse:
        fields = {header.replace("_", "-"): value for header, value in headers.items()}
        body = {"userName": name, "password": password}
        return client.post(f"{LOGIN[kind]}{query}", json=body, headers=fields)

    return log_in


@pytest.fixture
def advance_time(engine: Engine) -> AdvanceTime:
    """Return a function that moves all instants of sessions and logins into the past, as if time had passed."""

    def advance_time(duration: timedelta) -> None:
        columns = (
            *(Session.__table__.c[name] for name in ("created", "expires", "idle_expires")),
            FailedLogin.__table__.c.failed,
            KnownAddress.__table__.c.succeeded,
        )
        with engine.begin() as connection:
            for column in columns:
                for instant in connection.scalars(
                    select(column).distinct().where(column.is_not(None)).order_by(column)
                ).all():
                    earlier = {column: instant - duration}
                    connection.execute(update(column.table).where(column == instant).values(earlier))

    return advance_time


@pytest.fixture
def session_actors(store_records: StoreRecords) -> None:
    """Store one actor of each kind and nothing else."""
    store_records()

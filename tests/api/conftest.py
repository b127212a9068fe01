"""Fixtures for tests that speak HTTP through Flask's client."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import URL, Engine
from werkzeug.test import TestResponse

from app import create_app
from casemgr.config import Config
from tests.api.client import CASE, CheckedClient, credentials
from tests.factories import USER, Record, actors, store

Get = Callable[..., TestResponse]
Have = Callable[..., None]


@pytest.fixture
def app(database_url: URL) -> Flask:
    app = create_app(Config(database_url))
    app.test_client_class = CheckedClient
    return app


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
def session_actors(have: Have) -> None:
    """Store one actor of each kind and nothing else."""
    have()

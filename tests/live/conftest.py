"""Fixtures for tests that speak to gunicorn."""

import socket
from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Engine

from tests.factories import actors, case, store, store_accounts
from tests.live.server import Server


@pytest.fixture
def server(database_url: URL, engine: Engine) -> Iterator[Server]:
    store(engine, *actors(), case(1), case(2))
    store_accounts(engine)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(database_url, listener)
        yield server
        if server.process.poll() is None:
            server.stop()
        assert server.process.returncode == 0

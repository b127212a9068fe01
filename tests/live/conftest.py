"""Fixtures for tests that send requests to gunicorn."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import URL, Engine

from casemgr.database.engine import create_engine
from tests.conftest import MakeDatabase
from tests.factories import actors, case, store, store_accounts, store_demo_data
from tests.live.server import Server

Serve = Callable[..., Server]


@pytest.fixture
def serve(database_url: URL, engine: Engine) -> Iterator[Serve]:
    """Return a function that starts a server with some settings, on the database of the test."""
    store(engine, *actors(), case(1), case(2))
    store_accounts(engine)
    with ExitStack() as stack:

        def serve(**settings: str) -> Server:
            return _start(stack, database_url, settings)

        yield serve


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve()


@pytest.fixture(scope="module")
def demo_server(make_database: MakeDatabase) -> Iterator[Server]:
    """Start a server with the demo data, for all tests of a module."""
    database_url = make_database()
    engine = create_engine(database_url)
    store_demo_data(engine)
    engine.dispose()
    with ExitStack() as stack:
        yield _start(stack, database_url, {"CASEMGR_DEMO_ACCOUNTS": "yes"})


def _start(stack: ExitStack, database_url: URL, settings: dict[str, str]) -> Server:
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    server = Server(database_url, listener, settings)
    stack.callback(_end, server)
    return server


def _end(server: Server) -> None:
    if server.process.poll() is None:
        server.stop()

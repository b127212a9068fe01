"""Fixtures for tests that speak to gunicorn."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import URL, Engine

from tests.factories import actors, case, store, store_accounts
from tests.live.server import Server

Serve = Callable[..., Server]


@pytest.fixture
def serve(database_url: URL, engine: Engine) -> Iterator[Serve]:
    """Start servers on the database of the test, with these settings."""
    store(engine, *actors(), case(1), case(2))
    store_accounts(engine)
    with ExitStack() as stack:

        def serve(**settings: str) -> Server:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            server = Server(database_url, listener, settings)
            stack.callback(end, server)
            return server

        yield serve


def end(server: Server) -> None:
    if server.process.poll() is None:
        server.stop()


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve()

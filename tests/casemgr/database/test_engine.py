"""SQLite connections for reading."""

import sqlite3
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine

from casemgr.database.reading import Reading
from casemgr.database.statements import fetch_all

pytestmark = pytest.mark.sqlite


def test_a_thread_keeps_its_connection(engine: Engine) -> None:
    with Reading(engine) as source:
        kept = source.connection
    with Reading(engine) as source:
        assert source.connection is kept


def test_threads_do_not_share_a_connection(engine: Engine) -> None:
    connections = []

    def read() -> None:
        with Reading(engine) as source:
            connections.append(source.connection)

    # More than the pool has room for.
    threads = [Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(connection) for connection in connections}) == len(threads)


def test_a_lost_connection_is_replaced(engine: Engine) -> None:
    with Reading(engine) as source:
        lost = source.connection
        assert lost.dbapi_connection
        lost.dbapi_connection.close()
    with Reading(engine) as source:
        assert source.connection is not lost
        assert fetch_all(source, "SELECT 1") == [(1,)]


def test_disposing_of_an_engine_closes_the_connection_of_the_thread(engine: Engine) -> None:
    with Reading(engine) as source:
        kept: Any = source.connection.dbapi_connection
    engine.dispose()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        kept.execute("SELECT 1")

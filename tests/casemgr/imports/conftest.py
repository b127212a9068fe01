"""The effort of an import."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from sqlalchemy import event

from casemgr.database.engine import create_engine
from tests.conftest import MakeDatabase
from tests.factories import Record, actors, store

CountSteps = Callable[[Iterable[Record], Iterable[Record]], int]


@pytest.fixture
def count_steps(make_database: MakeDatabase) -> CountSteps:
    """Return a function that imports into a new database, and counts the steps of SQLite's virtual machine for that.

    It takes the records that are stored beside the actors beforehand, and the dataset; it counts thousands of steps.
    """

    def count_steps(stored: Iterable[Record], dataset: Iterable[Record]) -> int:
        steps = 0

        def count() -> None:
            nonlocal steps
            steps += 1

        def observe(connection: Any, _: object) -> None:
            connection.set_progress_handler(count, 1000)

        engine = create_engine(make_database())
        store(engine, *actors(), *stored)
        # The next connection is observed.
        engine.dispose()
        event.listen(engine, "connect", observe)
        store(engine, *dataset)
        engine.dispose()
        return steps

    return count_steps

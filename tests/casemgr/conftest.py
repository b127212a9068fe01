"""A database with the actors, a folder and a custom attribute."""

import pytest
from sqlalchemy import Engine

from tests.factories import actors, attribute, folder, store


@pytest.fixture
def stocked(engine: Engine) -> Engine:
    """Store the actors, a folder and the custom attribute "topics"."""
    store(engine, *actors(), folder(), attribute("topics", multiple=True))
    return engine

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Engine

from casemgr.cli import main
from tests.factories import store_accounts

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: URL, engine: Engine) -> Run:
    """Run the command, in this process, on a database with accounts."""
    store_accounts(engine)
    url = database_url.render_as_string(hide_password=False)

    def run(*arguments: str, stdin: bytes = b"") -> Result:
        return CliRunner().invoke(main, arguments, input=stdin, env={"CASEMGR_DATABASE_URL": url})

    return run

"""gunicorn while all requests wait for PostgreSQL."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest
from sqlalchemy import Engine, text

from casemgr.database.engine import writing
from tests.api.client import CASE
from tests.live.conftest import Serve
from tests.live.test_server import status

pytestmark = pytest.mark.live_server


@pytest.mark.postgresql
def test_the_server_says_that_it_is_busy_while_requests_wait_for_a_lock(serve: Serve, engine: Engine) -> None:
    slots = 2
    server = serve(WEB_CONCURRENCY="1", CASEMGR_POOL_SIZE=str(slots))
    with ThreadPoolExecutor(slots + 1) as pool:
        with writing(engine) as connection:
            connection.execute(text("LOCK TABLE cases"))
            requests = [pool.submit(status, server, f"{CASE}/1") for _ in range(slots + 1)]
            [refused], waiting = wait(requests, return_when=FIRST_COMPLETED)
            assert refused.result() == 503
            assert status(server, f"{CASE}/1") == 503
            assert status(server, "/health/live") == 200
            assert status(server, "/health/ready") == 503
            assert status(server, "/nowhere") == 404
        assert [request.result() for request in waiting] == [200] * slots

"""`casemgr serve` in a folder that is not the checkout."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from tests.api.client import CASE
from tests.factories import USER, actors, case, store
from tests.live.server import ROOT, Server

pytestmark = [pytest.mark.live_server, pytest.mark.sqlite]

COMMAND = (sys.executable, "-c", "from casemgr.cli import main; main()", "serve")


@pytest.fixture
def served(database_url: URL, engine: Engine, tmp_path: Path) -> Iterator[Server]:
    """Serve with the command, in a folder with modules that have the names of ours."""
    store(engine, *actors(), case(1))
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("app.py", "schemas.py", "gunicorn.conf.py"):
        (folder / name).write_text("raise SystemExit('This is not casemgr.')")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Without -P, Python itself would look for modules in the folder, which the command of the package does not.
        command = (COMMAND[0], "-P", *COMMAND[1:])
        server = Server(database_url, listener, {"PYTHONPATH": str(ROOT)}, command, folder)
        yield server
        if server.process.poll() is None:
            server.stop()


def status(server: Server) -> int:
    connection = server.connect()
    connection.request("GET", f"{CASE}/1", headers={"X-egain-session": USER})
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_case_is_served_from_any_folder_and_after_a_reload(served: Server) -> None:
    assert status(served) == 200
    served.workers()
    os.kill(served.process.pid, signal.SIGHUP)
    served.workers()
    assert status(served) == 200


def test_ctrl_c_stops_the_service(served: Server) -> None:
    assert status(served) == 200
    served.process.send_signal(signal.SIGINT)
    served.wait_for_end()
    assert served.process.returncode == 0

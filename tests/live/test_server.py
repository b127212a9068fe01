"""A real gunicorn with the configuration of the repository, over a socket."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from tests.api.client import CASE
from tests.factories import USER, actors, case, store

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 30
"""How long anything may take before the test gives up; nothing waits that long."""

pytestmark = pytest.mark.live_server
HEADERS = {"X-egain-session": USER}


class Server:
    """A gunicorn that inherits a listening socket: connections wait in its queue until a worker is up."""

    def __init__(self, database_url: URL, listener: socket.socket) -> None:
        self.port: int = listener.getsockname()[1]
        self.process = subprocess.Popen(  # noqa: S603 - the arguments are ours
            [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "app:create_app()"],
            cwd=ROOT,
            env=os.environ | {"CASEMGR_DATABASE_URL": database_url.render_as_string(hide_password=False)},
            pass_fds=[listener.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def exchange(self, request: bytes) -> bytes:
        """Send bytes and read what comes until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as connection:
            answer = b""
            try:
                connection.sendall(request)
                while received := connection.recv(65536):
                    answer += received
            except ConnectionError:  # the server may stop reading before the end of what it refuses
                pass
            return answer

    def workers(self) -> list[int]:
        """Read the process IDs of both workers from the log."""
        assert self.process.stdout
        booted = (re.search(rb"Booting worker with pid: (\d+)", line) for line in self.process.stdout)
        return [int(match[1]) for match in islice(filter(None, booted), 2)]

    def stop(self) -> str:
        """Stop the server and get the rest of its log."""
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=SECONDS)
        return str(output, "utf-8")


@pytest.fixture
def server(database_url: URL, engine: Engine) -> Iterator[Server]:
    store(engine, *actors(), case(1), case(2))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(database_url, listener)
        yield server
        if server.process.poll() is None:
            server.stop()
        assert server.process.returncode == 0


def status(server: Server, path: str, **headers: str) -> int:
    connection = server.connect()
    try:
        connection.request("GET", path, headers=HEADERS | headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param("1," * 9_999 + "1", id="20000 characters less one"),
        pytest.param("9" * 20_000, id="20000 digits"),
        pytest.param("%39" * 20_000, id="percent-encoded"),
        pytest.param("%EF%BC%91" * 20_000, id="percent-encoded, three bytes each"),
    ],
)
def test_a_path_of_20000_characters_reaches_the_application(server: Server, ids: str) -> None:
    connection = server.connect()
    connection.request("GET", f"{CASE}/{ids}", headers=HEADERS)
    response = connection.getresponse()
    assert response.status in {400, 404}
    assert response.headers["X-egain-session"] == USER
    response.read()
    connection.close()


def test_a_request_line_of_200_kb_is_refused(server: Server) -> None:
    answer = server.exchange(b"GET " + CASE.encode() + b"/" + b"1" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 414 ") or not answer
    assert status(server, f"{CASE}/1") == 200


def test_head_has_the_length_of_get_and_no_body(server: Server) -> None:
    fields = f"Host: x\r\nX-egain-session: {USER}\r\nConnection: close\r\n\r\n"
    got = server.exchange(f"GET {CASE}/1 HTTP/1.1\r\n{fields}".encode())
    head = server.exchange(f"HEAD {CASE}/1 HTTP/1.1\r\n{fields}".encode())
    head_fields, _, head_body = head.partition(b"\r\n\r\n")
    assert head_body == b""
    assert b"Content-Length: %d" % len(got.partition(b"\r\n\r\n")[2]) in head_fields


def test_a_connection_is_kept_alive(server: Server) -> None:
    connection = server.connect()
    sockets = set()
    for _ in range(3):
        connection.request("GET", f"{CASE}/1,2", headers=HEADERS)
        response = connection.getresponse()
        assert (response.status, bool(response.read())) == (200, True)
        sockets.add(id(connection.sock))
    assert len(sockets) == 1
    connection.close()


def test_repeated_credentials_do_not_get_in(server: Server) -> None:
    fields = f"Host: x\r\nX-egain-session: {USER}\r\nX-egain-session: {USER}\r\nConnection: close\r\n\r\n"
    assert b'"401-101"' in server.exchange(f"GET {CASE}/1 HTTP/1.1\r\n{fields}".encode())


def test_a_killed_worker_is_replaced(server: Server) -> None:
    assert status(server, f"{CASE}/1") == 200
    workers = server.workers()
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    assert status(server, f"{CASE}/1") == 200


def test_the_log_has_the_request_id_and_no_session(server: Server) -> None:
    assert status(server, f"{CASE}/1", **{"X-Request-ID": "request-of-the-test"}) == 200
    log = server.stop()
    assert "request-of-the-test" in log
    assert USER not in log

"""gunicorn with the configuration of the repository, over a socket."""

import http.client
import os
import signal
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack

import psutil
import pytest

from tests.api.client import CASE, JSON, LOGIN
from tests.factories import USER
from tests.live.conftest import Serve
from tests.live.server import Server

pytestmark = [pytest.mark.live_server, pytest.mark.sqlite]
HEADERS = {"X-egain-session": USER}


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
    response = server.send(b"GET " + CASE.encode() + b"/" + b"1" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 414 ") or not response
    assert status(server, f"{CASE}/1") == 200


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(["Host: x", *["Accept: */*"] * 62, "Connection: close"], b"200", id="64 fields"),
        pytest.param(["Host: x", *["Accept: */*"] * 63, "Connection: close"], b"431", id="65 fields"),
        pytest.param(["Host: x", "Connection: close", "Accept: */*;a=" + "b" * 4080], b"200", id="4096 bytes"),
        pytest.param(["Host: x", "Connection: close", "Accept: */*;a=" + "b" * 4081], b"431", id="4097 bytes"),
        pytest.param(["Host: x", "Connection: close", *["Accept: */*;a=" + "b" * 4081] * 300], b"431", id="1.2 MB"),
    ],
)
def test_header_fields_have_limits(server: Server, fields: list[str], expected: bytes) -> None:
    lines = "\r\n".join(["GET /health/live HTTP/1.1", *fields])
    response = server.send(f"{lines}\r\n\r\n".encode())
    # A connection that is closed before all of the request has been read may lose the response.
    assert response[9:12] == expected or (len(lines) > 1_000_000 and not response)
    assert status(server, f"{CASE}/1") == 200


def test_head_has_the_length_of_get_and_no_body(server: Server) -> None:
    fields = f"Host: x\r\nX-egain-session: {USER}\r\nConnection: close\r\n\r\n"
    get = server.send(f"GET {CASE}/1 HTTP/1.1\r\n{fields}".encode())
    head = server.send(f"HEAD {CASE}/1 HTTP/1.1\r\n{fields}".encode())
    head_fields, _, head_body = head.partition(b"\r\n\r\n")
    assert head_body == b""
    assert b"Content-Length: %d" % len(get.partition(b"\r\n\r\n")[2]) in head_fields


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


def test_a_repeated_session_header_is_refused(server: Server) -> None:
    fields = f"Host: x\r\nX-egain-session: {USER}\r\nX-egain-session: {USER}\r\nConnection: close\r\n\r\n"
    assert b'"401-101"' in server.send(f"GET {CASE}/1 HTTP/1.1\r\n{fields}".encode())


def test_a_killed_worker_is_replaced(server: Server) -> None:
    assert status(server, f"{CASE}/1") == 200
    workers = server.workers()
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    assert status(server, f"{CASE}/1") == 200


@pytest.mark.parametrize("signal_number", [signal.SIGHUP, signal.SIGTERM], ids=["reload", "end of workers"])
def test_no_request_is_lost_when_workers_are_replaced(server: Server, signal_number: int) -> None:
    workers = server.workers()
    # The server has started and handles signals.
    assert status(server, f"{CASE}/1") == 200
    with ThreadPoolExecutor(4) as pool:
        statuses = [pool.submit(status, server, f"{CASE}/1") for _ in range(400)]
        wait(statuses[:100])
        for process in [server.process.pid] if signal_number == signal.SIGHUP else workers:
            os.kill(process, signal_number)
        assert Counter(future.result() for future in statuses) == {200: 400}
    assert set(server.workers()).isdisjoint(workers)


def connect(server: Server) -> http.client.HTTPConnection:
    """Open a connection that a worker keeps alive."""
    connection = server.connect()
    connection.request("GET", "/health/live")
    connection.getresponse().read()
    return connection


def count_connections(workers: list[int]) -> list[int]:
    """Count the connections of each worker."""
    return [
        sum(one.status == psutil.CONN_ESTABLISHED for one in psutil.Process(worker).net_connections())
        for worker in workers
    ]


@pytest.mark.parametrize("number", [8, 32])
def test_kept_connections_are_shared_evenly_among_workers(server: Server, number: int) -> None:
    workers = server.workers()
    connections = [connect(server)]
    # The second worker may not have started yet.
    while 0 in count_connections(workers):
        connections.append(connect(server))
    connections += [connect(server) for _ in range(number - len(connections))]
    shares = count_connections(workers)
    for connection in connections:
        connection.close()
    assert sum(shares) == len(connections)
    assert max(shares) - min(shares) <= 2


MORE_THAN_THREADS = 100
LOGIN_HEAD = f"POST {LOGIN['user']} HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: 3000\r\n\r\n"
LAST_REQUEST = f"GET {CASE}/1 HTTP/1.1\r\nHost: x\r\nX-egain-session: {USER}\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("", id="nothing"),
        pytest.param("G", id="one byte"),
        pytest.param(LOGIN_HEAD + "{", id="a part of the body"),
        pytest.param(LAST_REQUEST, id="a request, and do not close"),
    ],
)
def test_clients_stop_the_server_for_seconds_at_most_when_they_send(serve: Serve, sent: str) -> None:
    server = serve(WEB_CONCURRENCY="1")
    with ExitStack() as stack:
        for _ in range(MORE_THAN_THREADS):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(sent.encode())
        assert status(server, f"{CASE}/1") == 200


def test_the_log_contains_the_request_id_and_no_session(server: Server) -> None:
    assert status(server, f"{CASE}/1", **{"X-Request-ID": "request-of-the-test"}) == 200
    log = server.stop()
    assert "request-of-the-test" in log
    assert USER not in log

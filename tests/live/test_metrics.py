"""Metrics of gunicorn with several workers."""

import os
import signal
import socket
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import pytest
from prometheus_client.parser import text_string_to_metric_families

from casemgr import __version__
from tests.api.client import CASE, JSON, LOGIN, XML
from tests.factories import CLIENT, USER
from tests.live.conftest import Serve
from tests.live.server import SECONDS, Server

pytestmark = [pytest.mark.live_server, pytest.mark.sqlite]

ROUTE = "/core/casemgr/v3/case/<ids>"


@pytest.fixture
def address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def server(serve: Serve, address: str, tmp_path: Path) -> Server:
    server = serve(CASEMGR_METRICS_ADDRESS=address, TMPDIR=str(tmp_path))
    server.wait_for_log("metrics are at")
    return server


def request(server: Server, path: str, **headers: str) -> None:
    connection = server.connect()
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    connection.getresponse().read()
    connection.close()


def samples(address: str) -> dict[tuple[str, ...], float]:
    """Return the samples by their name and the values of their labels, without empty ones."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=SECONDS) as response:
        families = text_string_to_metric_families(response.read().decode())
        return {
            (sample.name, *filter(None, sample.labels.values())): sample.value
            for family in families
            for sample in family.samples
        }


def wait_for(address: str, name: str, value: float) -> bool:
    """Fetch the metrics until one has a value."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if samples(address)[name,] == value:
            return True
    return False


def test_the_metrics_add_up_all_workers(server: Server, address: str) -> None:
    for _ in range(20):
        request(server, f"{CASE}/1", X_egain_session=USER)
    request(server, f"{CASE}/9", Authorization=f"Bearer {CLIENT}", Accept=XML, Accept_Language="fr-CA")
    request(server, "/secret")
    counted = samples(address)

    def requests(*labels: str) -> float:
        [value] = [
            value for key, value in counted.items() if key[0] == "casemgr_requests_total" and {*key[1:]} == {*labels}
        ]
        return value

    assert requests("GET", ROUTE, "200", JSON, "user", "en-US") == 20
    assert requests("GET", ROUTE, "404", "404-100", XML, "client_application", "fr-CA") == 1
    assert requests("404", "404-001", JSON, "en-US") == 1
    assert counted["casemgr_request_duration_seconds_count", ROUTE, "200"] == 20
    assert counted["casemgr_database_duration_seconds_count", ROUTE] == 21
    assert counted["casemgr_database_duration_seconds_sum", ROUTE] > 0
    assert counted["casemgr_statements_total", ROUTE] >= 40
    assert counted["casemgr_pool_connections_in_use", "primary"] == 0
    assert counted["casemgr_pool_connections", "primary"] >= 1
    assert counted["casemgr_requests_in_flight",] == 0
    assert counted["casemgr_processes_skipping", "primary"] == 0
    assert counted["casemgr_sessions", "user"] == 1
    assert counted["casemgr_build_info", __version__] == 1


def test_a_request_that_is_being_answered_is_in_flight(server: Server, address: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as connection:
        connection.sendall(
            f"POST {LOGIN['user']} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            "Content-Length: 100\r\n\r\n".encode()
        )
        assert wait_for(address, "casemgr_requests_in_flight", 1)
    assert wait_for(address, "casemgr_requests_in_flight", 0)


def test_a_killed_worker_leaves_its_counts_but_not_its_connections(server: Server, address: str) -> None:
    workers = server.workers()
    request(server, f"{CASE}/1", X_egain_session=USER)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    server.workers()
    request(server, "/health/live")
    counted = samples(address)
    assert counted["casemgr_request_duration_seconds_count", ROUTE, "200"] == 1
    assert counted.get(("casemgr_pool_connections", "primary"), 0) == 0


def test_a_reload_keeps_the_counts(server: Server, address: str) -> None:
    server.workers()
    request(server, "/health/live")
    server.process.send_signal(signal.SIGHUP)
    server.workers()
    request(server, "/health/live")
    assert samples(address)["casemgr_request_duration_seconds_count", "/health/live", "200"] == 2


def test_the_public_port_has_no_metrics(server: Server) -> None:
    assert b" 404 " in server.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_the_exporter_stops_when_the_server_stops(server: Server, address: str, signal_number: int) -> None:
    request(server, "/health/live")
    server.process.send_signal(signal_number)
    server.wait_for_end()
    with pytest.raises(URLError):
        samples(address)


def test_a_stopped_server_leaves_no_files(server: Server, tmp_path: Path) -> None:
    request(server, f"{CASE}/1")
    assert list(tmp_path.glob("casemgr-metrics-*/*"))
    server.stop()
    assert not list(tmp_path.glob("casemgr-metrics-*"))


def test_the_service_runs_even_if_the_metrics_address_is_in_use(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = f"127.0.0.1:{listener.getsockname()[1]}"
        server = serve(CASEMGR_METRICS_ADDRESS=taken)
        server.wait_for_log(f"casemgr: no metrics on {taken}: Address already in use.")
        assert b" 200 " in server.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

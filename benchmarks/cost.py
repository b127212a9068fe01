"""Measures the CPU time that a request takes in each part of a deployment: `python -m benchmarks.cost`."""

import argparse
import http.client
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import make_url

from casemgr.database.engine import create_engine
from casemgr.database.schema import migrate
from tests.api.client import CASE
from tests.factories import USER
from tests.faults.deployment import Deployment, Node, deploy, url
from tests.faults.load import fill
from tests.postgresql import Cluster, free_ports

_CONNECTIONS = 4
_LONG = ",".join(map(str, range(1, 76)))
_REQUESTS = {
    "1 case": f"{CASE}/1",
    "1 case, all attributes": f"{CASE}/1?$attribute=all",
    "75 cases": f"{CASE}/{_LONG}",
    "75 cases, all attributes": f"{CASE}/{_LONG}?$attribute=all",
}

Parts = Mapping[str, int]
"""The process ID of each part of a deployment."""


def _cluster_process(cluster: Cluster) -> int:
    return int((cluster.folder / "data" / "postmaster.pid").read_text().split()[0])


@contextmanager
def _node(name: str, settings: dict[str, str], folder: Path) -> Iterator[tuple[Node, int]]:
    [port] = free_ports(1)
    node = Node(port, settings, folder / f"{name}.log")
    node.start()
    try:
        yield node, port
    finally:
        node.stop()


def _cpu_seconds(process_id: int) -> float:
    process = psutil.Process(process_id)
    times = [part.cpu_times() for part in (process, *process.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def _send(port: int, path: str, number: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(number):
        connection.request("GET", path, headers={"X-egain-session": USER})
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise AssertionError(f"{path}: status {response.status}")
    connection.close()


def _load(port: int, path: str, number: int) -> None:
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        list(pool.map(_send, [port] * _CONNECTIONS, [path] * _CONNECTIONS, [number // _CONNECTIONS] * _CONNECTIONS))


def _measure(title: str, port: int, parts: Parts, number: int) -> None:
    for request, path in _REQUESTS.items():
        _load(port, path, number // 4)
        before = {part: _cpu_seconds(process_id) for part, process_id in parts.items()}
        _load(port, path, number)
        costs = (
            f"{part} {(_cpu_seconds(process_id) - before[part]) * 1000 / number:.2f} ms"
            for part, process_id in parts.items()
        )
        print(f"{title:<26} {request:<26} {', '.join(costs)}", flush=True)


def _on_sqlite(folder: Path, number: int) -> None:
    database = f"sqlite:///{folder}/casemgr.db"
    engine = create_engine(make_url(database))
    migrate(engine)
    fill(engine)
    engine.dispose()
    with _node("sqlite", {"CASEMGR_DATABASE_URL": database}, folder) as (node, port):
        _measure("SQLite", port, {"node": node.process_id}, number)


def _on_postgresql(deployment: Deployment, folder: Path, number: int) -> None:
    primary, replica = deployment.primary, deployment.replica
    alone = {"CASEMGR_DATABASE_URL": url(primary)}
    for title, settings in (
        ("PostgreSQL", alone),
        ("PostgreSQL and a replica", alone | {"CASEMGR_REPLICA_URLS": url(replica)}),
    ):
        with _node(title, settings, folder) as (node, port):
            parts = {
                "node": node.process_id,
                "primary": _cluster_process(primary),
                "replica": _cluster_process(replica),
            }
            _measure(title, port, parts, number)


def main() -> None:
    """Print the CPU time of each kind of request in each kind of deployment."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost", description=__doc__)
    parser.add_argument(
        "--requests", type=int, default=2000, help="number of requests of each kind (default: %(default)s)"
    )
    number = parser.parse_args().requests
    with tempfile.TemporaryDirectory(prefix="casemgr-cost-") as name:
        folder = Path(name)
        _on_sqlite(folder, number)
        with deploy(fill) as deployment:
            _on_postgresql(deployment, folder, number)


if __name__ == "__main__":
    main()

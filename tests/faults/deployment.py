"""Starts a deployment on this machine: two nodes, HAProxy, PostgreSQL and a replica."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import psutil
from sqlalchemy import Engine, text

from casemgr.database.engine import create_engine
from casemgr.database.schema import migrate
from tests.postgresql import Cluster, find_binaries

ROOT = Path(__file__).resolve().parents[2]
_DATABASE = "postgres"
_SECONDS = 30
"""Longest time that a process may take to start or to stop."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The parts of a running deployment."""

    proxy_port: int
    nodes: tuple["Node", ...]
    primary: Cluster
    replica: Cluster


def find_missing() -> list[str]:
    """List the required programs that are not installed."""
    return [
        name
        for name, path in (("HAProxy", shutil.which("haproxy")), ("PostgreSQL 15 or newer", find_binaries()))
        if path is None
    ]


@contextmanager
def deploy(fill: Callable[[Engine], None]) -> Iterator[Deployment]:
    """Run a deployment for the duration of the `with` block.

    :param fill: stores data in the migrated database.
    """
    binaries = find_binaries()
    assert binaries
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="casemgr-faults-")))
        primary = stack.enter_context(Cluster(binaries))
        engine = create_engine(primary.url(_DATABASE))
        migrate(engine)
        fill(engine)
        engine.dispose()
        replica = stack.enter_context(Cluster(binaries, primary))
        wait_until(lambda: is_streaming(replica))
        ports = free_ports(3)
        settings = {
            "CASEMGR_DATABASE_URL": url(primary),
            "CASEMGR_REPLICA_URLS": url(replica),
            "CASEMGR_TRUSTED_PROXIES": "127.0.0.1",
        }
        nodes = tuple(Node(port, settings, folder / f"node-{port}.log") for port in ports[1:])
        for node in nodes:
            node.start()
            stack.callback(node.stop)
        stack.enter_context(_proxy(folder, *ports))
        yield Deployment(ports[0], nodes, primary, replica)


class Node:
    """A node: gunicorn with two workers."""

    def __init__(self, port: int, settings: dict[str, str], log: Path) -> None:
        self._port = port
        self._log = log
        self._settings = settings | {"WEB_CONCURRENCY": "2", "PORT": str(port)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the node and wait until it is ready."""
        command = [sys.executable, "-m", "gunicorn", "app:create_app()"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the arguments are ours
                command, cwd=ROOT, env=os.environ | self._settings, stdout=log, stderr=log
            )
        wait_until(lambda: _is_successful(self._port, "/health/ready"))

    def stop(self) -> None:
        """Stop the node gracefully."""
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=_SECONDS)
            self._process = None

    def reload(self) -> None:
        """Replace the workers by SIGHUP, and wait until the old ones have ended."""
        old = self._workers()
        self._running.send_signal(signal.SIGHUP)
        wait_until(lambda: not old & self._workers())

    def kill_worker(self) -> None:
        """Kill one worker."""
        os.kill(min(self._workers()), signal.SIGKILL)

    @property
    def process_id(self) -> int:
        """The process ID of the master."""
        return self._running.pid

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process
        return self._process

    def _workers(self) -> set[int]:
        return {process.pid for process in psutil.Process(self.process_id).children()}


@contextmanager
def _proxy(folder: Path, port: int, first: int, second: int) -> Iterator[None]:
    """Run HAProxy with docs/haproxy.cfg and other ports."""
    configuration = (ROOT / "docs" / "haproxy.cfg").read_text()
    for example, actual in (("8080", port), ("8001", first), ("8002", second)):
        assert f"127.0.0.1:{example}" in configuration
        configuration = configuration.replace(f"127.0.0.1:{example}", f"127.0.0.1:{actual}")
    file = folder / "haproxy.cfg"
    file.write_text(configuration)
    with (folder / "haproxy.log").open("ab") as log:
        process = subprocess.Popen(["haproxy", "-f", str(file)], stdout=log, stderr=log)  # noqa: S603, S607
    try:
        wait_until(lambda: _is_successful(port, "/health/ready"))
        yield
    finally:
        process.terminate()
        process.wait(timeout=_SECONDS)


def is_streaming(replica: Cluster) -> bool:
    """Check whether a replica is receiving changes from its primary."""
    engine = create_engine(replica.url(_DATABASE))
    try:
        with engine.connect() as connection:
            return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM pg_stat_wal_receiver)")))
    finally:
        engine.dispose()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true.

    :raises TimeoutError: after _SECONDS.
    """
    end = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"A part of the deployment is not ready after {_SECONDS} seconds.")
        time.sleep(0.02)


def _is_successful(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=_SECONDS):
            return True
    except (URLError, ConnectionError):
        return False


def url(cluster: Cluster) -> str:
    """Return the URL of the database of a cluster."""
    return cluster.url(_DATABASE).render_as_string()


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [listener.getsockname()[1] for listener in sockets]

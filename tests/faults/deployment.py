"""Starts a deployment on this machine: two nodes, PostgreSQL and a replica."""

import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext
from urllib.error import URLError

import psutil
from sqlalchemy import Engine, text

from casemgr.database.engine import create_engine
from casemgr.database.schema import migrate
from tests.postgresql import Cluster, find_binaries, free_ports, wait_until

ROOT = Path(__file__).resolve().parents[2]
_DATABASE = "postgres"
_NICENESS = 5
"""Of a node that gives way, for `nice`."""

SECONDS = 30
"""Longest time that a process may take to start or to stop."""


@dataclass(slots=True)
class Deployment:
    """The parts of a running deployment.

    :param folder: for the files of whatever runs in front of the nodes; it is removed with the deployment.
    """

    folder: Path
    nodes: tuple["Node", ...]
    primary: Cluster
    replica: Cluster

    def promote_replica(self) -> None:
        """Make the replica the primary."""
        self.replica.promote()
        self.primary, self.replica = self.replica, self.primary

    def return_as_replica(self) -> None:
        """Start the primary that was stopped before the promotion as a replica of the new one."""
        self.replica.follow(self.primary)


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
        settings = {
            "CASEMGR_DATABASE_URL": _url_of_primary(primary, replica),
            "CASEMGR_REPLICA_URLS": f"{url(primary)} {url(replica)}",
            "CASEMGR_TRUSTED_PROXIES": "127.0.0.1",
        }
        nodes = tuple(Node(port, settings, folder / f"node-{port}.log") for port in free_ports(2))
        for node in nodes:
            node.start()
            stack.callback(node.stop)
        yield Deployment(folder, nodes, primary, replica)


class Node:
    """A node: gunicorn with two workers."""

    def __init__(self, port: int, settings: dict[str, str], log: Path) -> None:
        self.port = port
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
        wait_until(lambda: is_ready(self.port))

    def stop(self) -> None:
        """Stop the node gracefully."""
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=SECONDS)
            self._process = None

    def reload(self) -> None:
        """Replace the workers by SIGHUP, and wait until the old ones have ended."""
        old = self._workers()
        self._running.send_signal(signal.SIGHUP)
        wait_until(lambda: not old & self._workers())

    def kill_worker(self) -> None:
        """Kill one worker."""
        os.kill(min(self._workers()), signal.SIGKILL)

    def replace_hanging_worker(self) -> None:
        """Make one worker hang, and wait until it has been replaced."""
        worker = min(self._workers())
        os.kill(worker, signal.SIGSTOP)
        wait_until(lambda: worker not in self._workers())

    def give_way(self) -> None:
        """Let other processes use the processor first, until the node is started again."""
        for process_id in (self.process_id, *self._workers()):
            psutil.Process(process_id).nice(_NICENESS)

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


def is_streaming(replica: Cluster) -> bool:
    """Check whether a replica is receiving changes from its primary."""
    engine = create_engine(replica.url(_DATABASE))
    try:
        with engine.connect() as connection:
            return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM pg_stat_wal_receiver)")))
    finally:
        engine.dispose()


def is_ready(port: int, context: SSLContext | None = None) -> bool:
    """Check whether a node is ready, or one behind a proxy.

    :param context: for a port that speaks TLS.
    """
    scheme = "https" if context else "http"
    try:
        with urllib.request.urlopen(  # noqa: S310 - the scheme is one of these two
            f"{scheme}://127.0.0.1:{port}/health/ready", timeout=SECONDS, context=context
        ):
            return True
    except (URLError, ConnectionError):
        return False


def url(cluster: Cluster) -> str:
    """Return the URL of the database of a cluster."""
    return cluster.url(_DATABASE).render_as_string()


def _url_of_primary(*clusters: Cluster) -> str:
    """Return the URL of the database of whichever of these clusters takes writes."""
    hosts, ports = ([str(getattr(cluster, name)) for cluster in clusters] for name in ("folder", "port"))
    query = {"host": ",".join(hosts), "port": ",".join(ports), "target_session_attrs": "read-write"}
    return clusters[0].url(_DATABASE).update_query_dict(query).render_as_string()

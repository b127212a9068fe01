"""The metrics exporter, a process that serves the metrics of all gunicorn workers to Prometheus."""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from casemgr.config.parsers import Address

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

_TRIES = 20
"""Attempts to read the values while a process is starting."""

# prometheus_client is imported on demand: it reads this variable only once, when it is imported.
_SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class MetricsExporter:
    """Controls the exporter from the master process of gunicorn."""

    def __init__(self) -> None:
        """Create the folder in which processes that start later share their values."""
        self._folder = tempfile.mkdtemp(prefix="casemgr-metrics-")
        os.environ[_SHARED_FOLDER] = self._folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the exporter; it ends when this process ends."""
        # In a session of its own, so that it does not receive the Ctrl-C that stops gunicorn gracefully.
        command = [sys.executable, "-m", "casemgr.serving.exporter"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603

    def forget_process(self, process_id: int) -> None:
        """Remove an ended process from the gauges."""
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(process_id)

    def stop(self) -> None:
        """Stop the exporter and remove the folder."""
        if self._process:
            self._process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)


def serve(address: Address, collectors: Sequence["Collector"] = ()) -> None:
    """Serve the metrics of the workers until standard input ends.

    :param collectors: collect further metrics.
    :raises OSError: when the address cannot be used.
    """
    from prometheus_client import CollectorRegistry, Metric, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector
    from prometheus_client.registry import Collector

    collector: Any = MultiProcessCollector(None)

    class PatientCollector(Collector):
        """Retries when a process that is starting has created its file but not filled it yet."""

        def collect(self) -> Iterable[Metric]:
            for _ in range(_TRIES):
                with suppress(struct.error):
                    return list(collector.collect())
            return list(collector.collect())

    registry = CollectorRegistry()
    for one in (PatientCollector(), *collectors):
        registry.register(one)
    start_http_server(address.port, address.host, registry)
    print(f"casemgr: metrics are at http://{address}/metrics", file=sys.stderr, flush=True)  # noqa: T201
    sys.stdin.read()

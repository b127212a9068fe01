"""The exporter: serves the metrics of all processes of one gunicorn to Prometheus, in a process of its own."""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from casemgr.config import Address, Config

_TRIES = 20
"""How often the values are read until all of them can be."""

# prometheus_client is imported where it is used: on import it decides for good whether processes share their values.
_SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class MetricsExporter:
    """The exporter as the master process of gunicorn sees it."""

    def __init__(self) -> None:
        """Make the folder in which the processes share their values; those that are started afterwards use it."""
        self._folder = tempfile.mkdtemp(prefix="casemgr-metrics-")
        os.environ[_SHARED_FOLDER] = self._folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it ends when this one does, however that happens."""
        # In a session of its own it does not hear the Ctrl-C that stops gunicorn gracefully.
        command = [sys.executable, "-m", "casemgr.metrics_exporter"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603

    def forget_process(self, process_id: int) -> None:
        """Take a process that has ended out of what is true of those alive."""
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(process_id)

    def stop(self) -> None:
        """Stop the process and remove the folder."""
        if self._process:
            self._process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)


def serve(address: Address) -> None:
    """Serve the metrics until standard input ends.

    :raises OSError: when it cannot listen there.
    """
    from prometheus_client import CollectorRegistry, Metric, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector
    from prometheus_client.registry import Collector

    collector: Any = MultiProcessCollector(None)

    class PatientCollector(Collector):
        """Reads again when a process that is starting has made its file and not filled it yet."""

        def collect(self) -> Iterable[Metric]:
            for _ in range(_TRIES):
                with suppress(struct.error):
                    return list(collector.collect())
            return list(collector.collect())

    registry = CollectorRegistry()
    registry.register(PatientCollector())
    start_http_server(address.port, address.host, registry)
    print(f"casemgr: metrics are at http://{address}/metrics", file=sys.stderr, flush=True)  # noqa: T201
    sys.stdin.read()


def main() -> None:
    """Serve the metrics where CASEMGR_METRICS_ADDRESS says."""
    address = Config.from_environment().metrics_address
    if address:
        try:
            serve(address)
        except OSError as error:
            sys.exit(f"casemgr: no metrics on {address}: {error.strerror or error}.")


if __name__ == "__main__":
    main()

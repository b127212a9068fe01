"""How gunicorn serves casemgr; its command line overrides these settings."""

import logging
import os
import sys

from gunicorn.arbiter import Arbiter
from gunicorn.http import message
from gunicorn.workers.base import Worker

from casemgr.config import Config, ConfigError
from casemgr.gunicorn_worker import LeastConnectionsWorker, forget
from casemgr.metrics_exporter import MetricsExporter

# Read with the code that is there now, and forgotten: workers, new ones after a reload too, import it for themselves.
try:
    casemgr_config = Config.from_environment()
except ConfigError as error:
    sys.exit(f"casemgr: {error}")
for name in [name for name in sys.modules if name.split(".")[0] == "casemgr"]:
    del sys.modules[name]

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"

# A process for each core, and threads for requests that wait.
workers = int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)
worker_class = LeastConnectionsWorker
threads = 4

# What is going on when a worker is replaced or the service stops has this many seconds to end.
graceful_timeout = 30

# Workers are replaced now and then, whatever they may have piled up, and not all at once.
max_requests = 100_000
max_requests_jitter = 20_000

# 20000 characters of IDs, each of three bytes and percent-encoded with nine characters, and a query string: what is
# longer is refused before it is read to the end. gunicorn caps the setting at a constant, 0 would lift every limit.
limit_request_line = message.MAX_REQUEST_LINE = 192 * 1024

# Nobody else tells whether a client came by TLS; gunicorn itself would believe all of this machine.
forwarded_allow_ips = ",".join(map(str, casemgr_config.trusted_proxies))

# No header decides on the path, whoever sends it.
forwarder_headers = ""

# The application logs requests itself: without the URL, which is for clients to fill.
accesslog = None


class WithoutInput(logging.Filter):
    """Cuts what gunicorn repeats of a request that it cannot read, which may be a body with a password."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep what is wrong and leave out with what; every record passes."""
        if isinstance(record.msg, str) and record.msg.startswith("Invalid request from ip="):
            record.msg = ": ".join(record.msg.split(": ")[:2])
        return True


def on_starting(server: Arbiter) -> None:
    """Prepare the log and the metrics before there are workers."""
    server.log.error_log.addFilter(WithoutInput())
    # Kept with the server: this file is read again when gunicorn is told to reload.
    server.metrics_exporter = MetricsExporter() if casemgr_config.metrics_address else None


def when_ready(server: Arbiter) -> None:
    """Start the metrics exporter."""
    if server.metrics_exporter:
        server.metrics_exporter.start()


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Forget the connections of a worker that has ended."""
    forget(worker)
    if server.metrics_exporter:
        server.metrics_exporter.forget_process(worker.pid)


def on_exit(server: Arbiter) -> None:
    """Stop the metrics exporter."""
    if server.metrics_exporter:
        server.metrics_exporter.stop()


# Nothing is controlled through a socket file.
control_socket_disable = True

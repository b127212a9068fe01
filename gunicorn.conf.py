"""How gunicorn serves casemgr; its command line overrides these settings."""

import gc
import logging
import os
import sys

from gunicorn.arbiter import Arbiter
from gunicorn.http import message
from gunicorn.workers.base import Worker

# This file is read again for a reload, which is for the code that is there by then.
for name in [name for name in sys.modules if name.split(".")[0] in {"app", "casemgr", "schemas"}]:
    del sys.modules[name]

# Loaded here, once for all workers, which share the memory and start within a tenth of a second.
import app  # noqa: E402, F401
from casemgr.config import Config, ConfigError  # noqa: E402
from casemgr.gunicorn_worker import LeastConnectionsWorker, forget, hold_signals_while_forking  # noqa: E402
from casemgr.metrics_exporter import MetricsExporter  # noqa: E402

try:
    casemgr_config = Config.from_environment()
    # The driver of the database is loaded as well; nothing connects.
    casemgr_config.database_url.get_dialect().import_dbapi()
except ConfigError as error:
    sys.exit(f"casemgr: {error}")

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
    """Prepare signals, log and metrics before there are workers."""
    hold_signals_while_forking()
    server.log.error_log.addFilter(WithoutInput())
    # Kept with the server: this file is read again when gunicorn is told to reload.
    server.metrics_exporter = MetricsExporter() if casemgr_config.metrics_address else None


def when_ready(server: Arbiter) -> None:
    """Start the metrics exporter, and keep the memory that workers share as it is."""
    gc.collect()
    gc.freeze()
    if server.metrics_exporter:
        server.metrics_exporter.start()


def post_worker_init(worker: Worker) -> None:
    """Let the garbage collector leave alone what is there before the first request, and look less often.

    A request for 75 cases makes thousands of objects and leaves no cycle. Some errors do: what they leave has to be
    found before looking for it takes longer than a request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


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

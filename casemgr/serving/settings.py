"""The settings of gunicorn; its command line and GUNICORN_CMD_ARGS override them.

`casemgr.serving.configuration` reads this module; gunicorn takes the names that are settings of its own.
"""

import gc
import logging
import resource
import sys

from gunicorn.arbiter import Arbiter
from gunicorn.http import message
from gunicorn.workers.base import Worker

from casemgr.config import Config, ConfigError
from casemgr.http.limits import MAX_WAITING_LOGINS
from casemgr.i18n.translation import MissingCatalogueError, check_catalogues
from casemgr.observability.metrics_exporter import MetricsExporter
from casemgr.serving.environment import read_port, read_workers
from casemgr.serving.worker import BalancedWorker, forget_worker, hold_signals_while_forking

try:
    _config = Config.from_environment()
    bind = f"127.0.0.1:{read_port()}"
    # One process for each core.
    workers = read_workers()
    # Loads the database driver in the master process, without connecting.
    _config.database_url.get_dialect().import_dbapi()
except ConfigError as error:
    sys.exit(f"casemgr: {error}")

worker_class = BalancedWorker

# As many threads as the pool has connections use the databases, one verifies a login, and some wait for that. Two more
# answer everything else, and refuse requests when those with slots hang.
threads = _config.pool.size + 1 + MAX_WAITING_LOGINS + 2

# Seconds after which the master process kills a worker that hangs.
timeout = 15

# Seconds that open requests have to finish when a worker is replaced or the service stops.
graceful_timeout = 30

# Workers are replaced now and then, in case they leak memory, and not all at once.
max_requests = 100_000
max_requests_jitter = 20_000

# Room for 20000 characters of IDs, each of three bytes and percent-encoded with nine characters, and a query string.
# gunicorn refuses longer request lines before it has read them. It caps the setting at a constant, which is
# therefore raised too; 0 would lift every limit.
limit_request_line = message.MAX_REQUEST_LINE = 192 * 1024

# gunicorn answers larger headers with 431 itself, within 10 ms for 1 MB. The size includes name and line break.
limit_request_fields = 64
limit_request_field_size = 4096

# By default, gunicorn would trust X-Forwarded-Proto from every program on this machine.
forwarded_allow_ips = ",".join(map(str, _config.trusted_proxies))

# Ignore the SCRIPT_NAME and PATH_INFO fields.
forwarder_headers = ""

# The application logs requests itself, without the URL, which may hold anything.
accesslog = None

# No control socket in the file system.
control_socket_disable = True

_OPEN_FILES = 8192


class _StripInput(logging.Filter):
    """Strips the quoted input from gunicorn's message about an invalid request, which may be a body with a password."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str) and record.msg.startswith("Invalid request from ip="):
            record.msg = ": ".join(record.msg.split(": ")[:2])
        return True


def _raise_limit_of_open_files() -> None:
    """Make room for `worker_connections` and what else a worker opens: running out of files ends it."""
    current, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(current, enough), hard))


def on_starting(server: Arbiter) -> None:
    """Check the message catalogues, and prepare signals, log and metrics before the first worker starts."""
    try:
        check_catalogues()
    except MissingCatalogueError as error:
        # Otherwise each worker would log a traceback.
        sys.exit(f"casemgr: {error}")
    hold_signals_while_forking()
    _raise_limit_of_open_files()
    server.log.error_log.addFilter(_StripInput())
    # Stored with the server, since this module is loaded again when gunicorn reloads.
    server.metrics_exporter = MetricsExporter() if _config.metrics_address else None


def when_ready(server: Arbiter) -> None:
    """Start the metrics exporter, and keep the memory that the workers share unchanged."""
    gc.collect()
    gc.freeze()
    if server.metrics_exporter:
        server.metrics_exporter.start()


def post_worker_init(worker: Worker) -> None:
    """Make the garbage collector run less often, and skip the objects that exist before the first request.

    A request creates thousands of objects and few reference cycles: with Python's own settings, 75 cases with all
    attributes and long texts take 20.2 ms instead of 18.3 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Forget a worker that has ended."""
    forget_worker(worker)
    if server.metrics_exporter:
        server.metrics_exporter.forget_process(worker.pid)


def on_exit(server: Arbiter) -> None:
    """Stop the metrics exporter."""
    if server.metrics_exporter:
        server.metrics_exporter.stop()

"""How gunicorn serves casemgr; its command line overrides these settings."""

import logging
import os

from gunicorn.arbiter import Arbiter
from gunicorn.http import message

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"

# For a small machine: two processes for two cores, and threads for requests that wait.
workers = 2
worker_class = "gthread"
threads = 4

# 20000 characters of IDs, each of three bytes and percent-encoded with nine characters, and a query string: what is
# longer is refused before it is read to the end. gunicorn caps the setting at a constant, 0 would lift every limit.
limit_request_line = message.MAX_REQUEST_LINE = 192 * 1024

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
    """Prepare the log before there are workers."""
    server.log.error_log.addFilter(WithoutInput())


# Nothing is controlled through a socket file.
control_socket_disable = True

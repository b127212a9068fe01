"""How gunicorn serves casemgr; its command line overrides these settings."""

import os

from gunicorn.http import message

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"

# For a small machine: two processes for two cores, and threads so that slow clients hold up nobody.
workers = 2
worker_class = "gthread"
threads = 4

# 20000 characters of IDs, each of three bytes and percent-encoded with nine characters, and a query string: what is
# longer is refused before it is read to the end. gunicorn caps the setting at a constant, 0 would lift every limit.
limit_request_line = message.MAX_REQUEST_LINE = 192 * 1024

# No header decides on the path, whoever sends it.
forwarder_headers = ""

# One line a request, with its ID; no field of it carries a credential.
accesslog = "-"
access_log_format = '%(t)s [%({x-request-id}o)s] "%(r)s" %(s)s %(B)s bytes %(M)s ms'

# Nothing is controlled through a socket file.
control_socket_disable = True

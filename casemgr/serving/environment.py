"""The environment variables that gunicorn and other servers share, of which `settings` makes settings of gunicorn."""

import os

from casemgr.config import ConfigError
from casemgr.config.parsers import parse_number

PORT = "PORT"
WORKERS = "WEB_CONCURRENCY"


def read_port() -> int:
    """Read the port to listen on.

    :raises ConfigError: when it is not a port.
    """
    return _read_number(PORT, 8000, 65535)


def read_workers() -> int:
    """Read the number of processes, by default one for each core.

    :raises ConfigError: when it is not a number.
    """
    return _read_number(WORKERS, os.cpu_count() or 1, 9999)


def _read_number(name: str, default: int, maximum: int) -> int:
    try:
        return parse_number(os.environ.get(name) or str(default), maximum)
    except ValueError as error:
        raise ConfigError(f"{name}{error}.") from error

"""The ID of a request, which ties a response to the lines of the log."""

import logging
import random
import re

from casemgr import observations

SANE = r"[!-~]{1,128}"
"""The regular expression of an ID that is taken over from the caller (contract HDR-2)."""

_SANE = re.compile(SANE)


def select_request_id(sent: str | None) -> str:
    """Select the ID of a request: the caller's own when it is sane, else a new one (contract HDR-2)."""
    if sent and _SANE.fullmatch(sent):
        return sent
    # To be told apart from others is all that it has to be, and the system's own random numbers take a system call.
    return f"{random.getrandbits(128):032x}"


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to log records; `-` outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ID; every record passes."""
        observed = observations.current()
        record.request_id = observed.request_id if observed else "-"
        return True

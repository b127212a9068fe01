"""A threaded gunicorn worker that leaves new connections to the worker with the fewest."""

import mmap
import os
import signal
import time
from functools import partial
from socket import socket

from gunicorn.workers.gthread import ThreadWorker

_SLOTS = 256
"""Slots for the number of connections of each worker, more than there are workers at a time."""

_ABSENT = -1

_PAUSE = 0.001
"""Seconds that a worker waits for another one to accept a connection."""

_PATIENCE = 2
"""Pauses that a worker makes for each connection that it has more than the worker with the fewest."""

_MAX_PATIENCE = 50
"""Pauses that a worker makes at most: the worker with the fewest connections may hang."""

_STOPPING = {signal.SIGTERM, signal.SIGQUIT, signal.SIGINT}

# Anonymous memory is shared with forked processes.
_CONNECTIONS = memoryview(mmap.mmap(-1, _SLOTS * 4)).cast("i")
_CONNECTIONS[:] = memoryview(bytearray(b"\xff" * 4 * _SLOTS)).cast("i")


class LeastConnectionsWorker(ThreadWorker):
    """Distributes connections evenly.

    The kernel wakes every worker for a new connection, and the first one accepts it. So a few clients that keep their
    connections can all end up with one worker while the other cores idle, which halves the throughput. With
    `reuse_port` each worker would have its own queue, and connections in it would be lost when the worker ends.
    """

    _pauses = 0

    def init_signals(self) -> None:
        """Handle signals from now on, including those that arrived since the fork."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)

    def accept(self, listener: socket) -> None:
        """Accept a connection, unless a worker with fewer connections should."""
        fewest = min((count for count in _CONNECTIONS if count != _ABSENT), default=self.nr_conns)
        if self._pauses < min(_PATIENCE * (self.nr_conns - fewest), _MAX_PATIENCE):
            self._pauses += 1
            # The listener stays readable, so that gunicorn calls this method again if no worker accepts.
            time.sleep(_PAUSE)
            return
        self._pauses = 0
        super().accept(listener)
        self._publish(self.nr_conns)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Publish the number of connections, and wait for events."""
        self._publish(self.nr_conns if self.alive else _ABSENT)
        super().wait_for_and_dispatch_events(timeout)

    def _publish(self, count: int) -> None:
        _CONNECTIONS[self.age % _SLOTS] = count


def hold_signals_while_forking() -> None:
    """Keep a worker that has just been forked from losing a signal to stop.

    Until it installs its own handlers, the worker has those of the master, which only queue the signal: the worker
    would go on, and the master would wait for it until the graceful timeout.
    """
    os.register_at_fork(
        before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, _STOPPING),
        after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, _STOPPING),
    )


def forget_worker(worker: ThreadWorker) -> None:
    """Clear the slot of a worker that has ended."""
    _CONNECTIONS[worker.age % _SLOTS] = _ABSENT

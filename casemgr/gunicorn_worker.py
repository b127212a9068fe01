"""A gunicorn worker with threads that leaves new connections to the worker that has fewest."""

import mmap
import os
import signal
import time
from functools import partial
from socket import socket

from gunicorn.workers.gthread import ThreadWorker

_SLOTS = 256
"""More than there are workers at a time; each has one slot, those that are not in use are negative."""

_ABSENT = -1

_PAUSE = 0.001
"""Seconds after which a worker looks whether another one has taken a connection that is waiting."""

_PATIENCE = 2
"""How many pauses a connection waits for a busy worker, for each connection that this worker has more."""

_MAX_PATIENCE = 50
"""How many pauses it waits at the most, for a worker that may be about to be killed since it hangs."""

_STOPPING = {signal.SIGTERM, signal.SIGQUIT, signal.SIGINT}

# Anonymous memory is shared with the processes that are forked from this one.
_CONNECTIONS = memoryview(mmap.mmap(-1, _SLOTS * 4)).cast("i")
_CONNECTIONS[:] = memoryview(bytearray(b"\xff" * 4 * _SLOTS)).cast("i")


class LeastConnectionsWorker(ThreadWorker):
    """Shares connections out evenly.

    The kernel tells every worker of a new connection, and the first to come takes it; a few clients that keep their
    connections could thus all end up with one worker, while the other cores idle. With `reuse_port` each worker would
    have a queue of its own, but by chance a longer one, and what waits in it would be lost when the worker ends.
    """

    _pauses = 0

    def init_signals(self) -> None:
        """Take signals from now on, also one that has come since the process was forked."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)

    def accept(self, listener: socket) -> None:
        """Accept a connection, unless a worker with fewer of them should."""
        fewest = min((count for count in _CONNECTIONS if count != _ABSENT), default=self.nr_conns)
        if self._pauses < min(_PATIENCE * (self.nr_conns - fewest), _MAX_PATIENCE):
            self._pauses += 1
            # The listener stays readable, so that this is called again at once if nobody accepts.
            time.sleep(_PAUSE)
            return
        self._pauses = 0
        super().accept(listener)
        self._publish(self.nr_conns)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for events, as long as others can see how many connections there are."""
        self._publish(self.nr_conns if self.alive else _ABSENT)
        super().wait_for_and_dispatch_events(timeout)

    def _publish(self, count: int) -> None:
        _CONNECTIONS[self.age % _SLOTS] = count


def hold_signals_while_forking() -> None:
    """Keep a signal to stop from getting lost in a worker that has just been forked.

    Until it has handlers of its own it has those of the master, which would only note the signal: the worker would go
    on, and the master wait for it as long as it waits for the longest request.
    """
    os.register_at_fork(
        before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, _STOPPING),
        after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, _STOPPING),
    )


def forget(worker: ThreadWorker) -> None:
    """Count no connections of a worker that has ended, however it did."""
    _CONNECTIONS[worker.age % _SLOTS] = _ABSENT

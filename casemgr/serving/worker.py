"""A threaded gunicorn worker that shares connections out evenly, and does not let slow clients hold its threads."""

import errno
import mmap
import os
import signal
import socket
import struct
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.http.message import Request
from gunicorn.workers.gthread import TConn, ThreadWorker

_MAX_WORKERS = 256
"""Places for the number of connections of each worker, more than there are workers at a time."""

_ABSENT = -1

_PAUSE = 0.001
"""Seconds that a worker waits for another one to accept a connection."""

_PATIENCE = 2
"""Pauses that a worker makes for each connection that it has more than the worker with the fewest."""

_MAX_PATIENCE = 50
"""Pauses that a worker makes at most: the worker with the fewest connections may hang."""

_FIRST_BYTE = 5.0
"""Seconds that a new connection has for its first byte; it does not occupy a thread meanwhile."""

_RECEIVE = 5.0
"""Seconds that a request has to arrive, with its body, after its first byte; it occupies a thread meanwhile."""

_SEND = 5
"""Seconds that one send waits for the client; a large response takes two or three of them."""

_LINGER = 2.0
"""Seconds that a client has to close its end after the worker has closed its own."""

_MAX_LINGERING = 500
"""Connections that may wait for their clients to close them; above that, the oldest is closed."""

_WITH_BODY = {"POST"}
"""Methods whose body the application reads."""

_STOPPING = {signal.SIGTERM, signal.SIGQUIT, signal.SIGINT}

# Anonymous memory is shared with forked processes.
_CONNECTIONS = memoryview(mmap.mmap(-1, _MAX_WORKERS * 4)).cast("i")
_CONNECTIONS[:] = memoryview(bytearray(b"\xff" * 4 * _MAX_WORKERS)).cast("i")


class BalancedWorker(ThreadWorker):
    """Distributes connections evenly, and bounds the time that a client can hold a thread.

    The kernel wakes every worker for a new connection, and the first one accepts it. So a few clients that keep their
    connections can all end up with one worker while the other cores idle, which halves the throughput. With
    `reuse_port` each worker would have its own queue, and connections in it would be lost when the worker ends.

    gunicorn leaves slow clients to a proxy in front of it. Without one, a few that send nothing, half a request, or do
    not close their end would stop the worker for as long as they like. Here it recovers within seconds.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create the worker, still in the master process."""
        super().__init__(*args, **kwargs)
        self._pauses = 0
        self._receiving: dict[TConn, float] = {}
        self._lingering: dict[TConn, float] = {}
        self._swept = 0.0

    def init_signals(self) -> None:
        """Handle signals from now on, including those that arrived since the fork."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)

    def accept(self, listener: socket.socket) -> None:
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

    def enqueue_req(self, conn: TConn) -> None:
        """Hand a request to a thread, once a new connection has sent something."""
        if conn.initialized or conn.data_ready:
            self._receiving[conn] = time.monotonic() + _RECEIVE
            super().enqueue_req(conn)
            return
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", _SEND, 0))
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + _FIRST_BYTE
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: TConn) -> Any:
        """Receive and process a request, in a thread."""
        try:
            return super().handle(conn)
        finally:
            self._receiving.pop(conn, None)

    def handle_request(self, req: Request, conn: TConn) -> Any:
        """Process a request whose head has arrived."""
        if req.method not in _WITH_BODY:
            self._receiving.pop(conn, None)
        try:
            return super().handle_request(req, conn)
        except BlockingIOError as error:
            # gunicorn would log a traceback.
            raise BrokenPipeError(errno.EPIPE, "the client does not read") from error

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """Keep or close the connection; do not wait here until the client has closed its end, as gunicorn would."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
            return
        conn.sock.setblocking(False)
        self._lingering[conn] = time.monotonic() + _LINGER
        self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))
        if len(self._lingering) > _MAX_LINGERING:
            self._end_lingering(next(iter(self._lingering)))

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Publish the number of connections, and wait for events."""
        self._publish(self.nr_conns if self.alive else _ABSENT)
        super().wait_for_and_dispatch_events(timeout)
        now = time.monotonic()
        if now - self._swept >= 1:
            self._swept = now
            self._sweep(now)

    def _sweep(self, now: float) -> None:
        """End what has taken too long."""
        for conn, end in list(self._receiving.items()):
            if end < now:
                # Wakes the thread, for which the client now seems to have closed the connection.
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)
        for conn, end in list(self._lingering.items()):
            if end < now:
                self._end_lingering(conn)

    def _drain(self, conn: TConn, sock: socket.socket) -> None:
        """Discard what the client still sends.

        Closing with unread data would reset the connection, and the client could lose its response.
        """
        try:
            if sock.recv(65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end_lingering(conn)

    def _end_lingering(self, conn: TConn) -> None:
        # Its event may come when it has just been closed.
        if self._lingering.pop(conn, None) is not None:
            self.nr_conns -= 1
            self.poller.unregister(conn.sock)
            conn.close()

    def _publish(self, count: int) -> None:
        _CONNECTIONS[self.age % _MAX_WORKERS] = count


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
    _CONNECTIONS[worker.age % _MAX_WORKERS] = _ABSENT

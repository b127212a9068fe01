"""Starts gunicorn for a test."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from sqlalchemy import URL

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30
"""Timeout of everything that a test waits for."""


class Server:
    """A gunicorn that inherits a listening socket, in whose queue connections wait until a worker accepts them."""

    def __init__(
        self,
        database_url: URL,
        listener: socket.socket,
        settings: dict[str, str],
        command: Sequence[str] = (sys.executable, "-m", "gunicorn", "app:create_app()"),
        folder: Path = ROOT,
    ) -> None:
        defaults = {
            "WEB_CONCURRENCY": "2",
            "CASEMGR_DATABASE_URL": database_url.render_as_string(hide_password=False),
            "GUNICORN_CMD_ARGS": f"--bind fd://{listener.fileno()}",
        }
        self.port: int = listener.getsockname()[1]
        self.process = subprocess.Popen(  # noqa: S603 - the arguments are ours
            command,
            cwd=folder,
            env=os.environ | defaults | settings,
            pass_fds=[listener.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._log: SimpleQueue[str] = SimpleQueue()
        self._workers: SimpleQueue[int] = SimpleQueue()
        self._log_reader = Thread(target=self._read_log, daemon=True)
        self._log_reader.start()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def send(self, request: bytes, *, shut_down: bool = False) -> bytes:
        """Send bytes and receive bytes until the server closes the connection.

        :param shut_down: whether to shut down the sending direction afterwards.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as connection:
            response = b""
            try:
                connection.sendall(request)
                if shut_down:
                    connection.shutdown(socket.SHUT_WR)
                while received := connection.recv(65536):
                    response += received
            except ConnectionError:  # The server may close the connection before it has read a request that it refuses.
                pass
            return response

    def workers(self) -> list[int]:
        """Return the process IDs of the next two workers that start."""
        return [self._workers.get(timeout=SECONDS) for _ in range(2)]

    def wait_for_log(self, text: str) -> None:
        """Read the log until a line contains a text."""
        while text not in self._log.get(timeout=SECONDS):
            pass

    def wait_for_end(self) -> None:
        """Wait until the server and all its processes have ended."""
        self.process.wait(timeout=SECONDS)
        self._log_reader.join(timeout=SECONDS)
        assert not self._log_reader.is_alive()

    def stop(self) -> str:
        """Stop the server and return the rest of its log."""
        self.process.send_signal(signal.SIGTERM)
        self.wait_for_end()
        assert self.process.returncode == 0
        return "".join(self._log.get_nowait() for _ in range(self._log.qsize()))

    def _read_log(self) -> None:
        # The server would stop when the pipe is full.
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                if booted := re.search(r"Booting worker with pid: (\d+)", line):
                    self._workers.put(int(booted[1]))
                self._log.put(line)

"""Starts the services that are measured, and puts them under load."""

import http.client
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

from benchmarks.requests import Request
from tests.faults.deployment import ROOT
from tests.postgresql import free_ports, wait_until

_GUNICORN = ("-m", "gunicorn")
WORKERS = "2"

_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Measurement:
    """The result of a load.

    :param rate: requests per second.
    :param p50: the median latency in milliseconds.
    :param p99: the 99th percentile of the latency in milliseconds.
    :param cpu: milliseconds of CPU time per request, of all processes of the service.
    :param floor: the rate of the service that this one is compared with, measured shortly before.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    floor: float = math.nan


class Server:
    """A service with two workers, which runs for the duration of the `with` block."""

    def __init__(self, name: str, command: Sequence[str], settings: Mapping[str, str], folder: Path) -> None:
        """Choose a free port.

        :param command: the arguments for Python; `{port}` stands for the port.
        """
        self.name = name
        self._settings = settings
        self._command = command
        self._folder = folder
        [self.port] = free_ports(1)
        self.seconds_to_start = 0.0

    def __enter__(self) -> "Server":
        """Start the service and wait until it responds."""
        command = [sys.executable, *(part.format(port=self.port) for part in self._command)]
        environment = os.environ | {"WEB_CONCURRENCY": WORKERS, "PORT": str(self.port)} | dict(self._settings)
        started = time.monotonic()
        with (self._folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)  # noqa: S603
        wait_until(self._responds)
        self.seconds_to_start = time.monotonic() - started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the service."""
        self._process.terminate()
        self._process.wait(timeout=60)

    def send(self, request: Request) -> tuple[int, bytes]:
        """Send one request.

        :returns: the status and the body of the response.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(request.method, request.path, headers=dict(request.headers))
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body

    def put_under_load(self, request: Request, seconds: float, connections: int = 8) -> Measurement:
        """Send requests with wrk, each connection the next one as soon as it has its response."""
        before = self._cpu_seconds()
        output = self._run_wrk(request, seconds, connections)
        cpu = self._cpu_seconds() - before
        number = float(_find(r"(\d+) requests in", output)[0])
        return Measurement(
            float(_find(r"Requests/sec:\s+([\d.]+)", output)[0]),
            _milliseconds(_find(r"50%\s+([\d.]+)(us|ms|s)", output)),
            _milliseconds(_find(r"99%\s+([\d.]+)(us|ms|s)", output)),
            cpu * 1000 / number,
        )

    def memory(self) -> float:
        """Return the proportional set size of all processes together, in MB."""
        return sum(process.memory_full_info().pss for process in self._processes()) / 1e6

    def _run_wrk(self, request: Request, seconds: float, connections: int) -> str:
        script = self._folder / f"{request.method}.lua"
        script.write_text(f'wrk.method = "{request.method}"\n')
        headers = [part for name, value in request.headers.items() for part in ("-H", f"{name}: {value}")]
        options = ["-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency", "-s", str(script)]
        url = f"http://127.0.0.1:{self.port}{request.path}"
        return subprocess.run(  # noqa: S603 - a constant program and our own arguments
            ["wrk", *options, *headers, url],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def _processes(self) -> list[psutil.Process]:
        master = psutil.Process(self._process.pid)
        return [master, *master.children(recursive=True)]

    def _cpu_seconds(self) -> float:
        """Return the CPU time of all processes, including workers that have been replaced."""
        master, *workers = [process.cpu_times() for process in self._processes()]
        ended = master.children_user + master.children_system
        return ended + sum(times.user + times.system for times in (master, *workers))

    def _responds(self) -> bool:
        try:
            self.send(Request("", "/"))
        except (OSError, http.client.HTTPException):
            return False
        return True


def gunicorn(name: str, application: str, settings: Mapping[str, str], folder: Path) -> Server:
    """Serve an application with the configuration of the repository."""
    return Server(name, (*_GUNICORN, application), settings, folder)


def uvicorn(name: str, application: str, settings: Mapping[str, str], folder: Path) -> Server:
    """Serve an ASGI application with uvicorn, without an access log, as gunicorn does."""
    options = ("--port", "{port}", "--workers", WORKERS, "--no-access-log")
    return Server(name, ("-m", "uvicorn", application, *options), settings, folder)


def _find(pattern: str, output: str) -> tuple[str, ...]:
    found = re.search(pattern, output)
    if not found:
        raise AssertionError(f"unexpected output of wrk: {output}")
    return found.groups()


def _milliseconds(found: tuple[str, ...]) -> float:
    value, unit = found
    return float(value) * _MILLISECONDS[unit]

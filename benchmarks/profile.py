"""Measures where the time of a request goes, in one process and without a server: `python -m benchmarks.profile`."""

import cProfile
import os
import pstats
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from sqlalchemy import URL
from werkzeug.test import create_environ, run_wsgi_app

from app import create_app
from benchmarks import dataset
from benchmarks.requests import CASES, Request
from casemgr.config import Config
from casemgr.database.engine import create_engine

_PARTS = (
    ("sqlite3", "SQLite"),
    ("sqlalchemy", "SQLAlchemy"),
    ("marshmallow", "marshmallow"),
    ("lxml", "lxml"),
    ("babel", "Babel"),
    ("logging", "log"),
    ("observability/log", "log"),
    ("werkzeug", "Flask, Werkzeug"),
    ("flask", "Flask, Werkzeug"),
    ("compiled from a schema", "our own code"),
    ("casemgr", "our own code"),
    ("schemas", "our own code"),
    ("json", "JSON"),
)
"""Maps a part of the file name or function name to a component; the first match counts."""

_OTHERS = "Python's built-in functions and others"


def _prepare(app: Flask, request: Request) -> Callable[[], None]:
    path, _, query = request.path.partition("?")

    def send() -> None:
        run_wsgi_app(app, create_environ(path, query_string=query, headers=dict(request.headers)))

    return send


def _milliseconds(send: Callable[[], None], number: int) -> float:
    """Measure the CPU time of a request: the least of five runs, since other processes slow some of them down."""
    runs = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(number):
            send()
        runs.append(time.process_time() - started)
    return min(runs) * 1000 / number


def _shares(send: Callable[[], None], number: int) -> Counter[str]:
    """Return the percentage of the time that each component takes itself."""
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(number):
        send()
    profile.disable()
    shares: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        shares[next((part for mark, part in _PARTS if mark in f"{file} {name}"), _OTHERS)] += own
    total = shares.total()
    return Counter({part: 100 * own / total for part, own in shares.items()})


def main() -> None:
    """Print the CPU time of each kind of request, and the shares of the components."""
    with tempfile.TemporaryDirectory(prefix="casemgr-profile-") as name:
        url = URL.create("sqlite", database=str(Path(name) / "casemgr.db"))
        engine = create_engine(url)
        dataset.fill(engine, 1000)
        engine.dispose()
        app = create_app(Config(url))
        # The service writes its log as usual, but to nowhere.
        with Path(os.devnull).open("w") as null:
            os.dup2(null.fileno(), 2)
        for request in CASES:
            send = _prepare(app, request)
            send()
            number = 100 if request.name.startswith("75") else 300
            shares = ", ".join(f"{part} {share:.0f} %" for part, share in _shares(send, number).most_common(7))
            print(f"| {request.name} | {_milliseconds(send, number):.2f} | {shares} |", flush=True)


if __name__ == "__main__":
    main()

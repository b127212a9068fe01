"""Where the time of a request goes: `python -m benchmarks.profile`, in one process and without a server."""

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
    ("request_log", "log"),
    ("werkzeug", "Flask, Werkzeug"),
    ("flask", "Flask, Werkzeug"),
    ("compiled from a schema", "our own code"),
    ("casemgr", "our own code"),
    ("schemas", "our own code"),
    ("json", "JSON"),
)
"""What a function belongs to, by what its file or its name contains; the first that fits."""

_OTHERS = "Python's built-in functions and others"


def _prepare(app: Flask, request: Request) -> Callable[[], None]:
    path, _, query = request.path.partition("?")

    def ask() -> None:
        run_wsgi_app(app, create_environ(path, query_string=query, headers=dict(request.headers)))

    return ask


def _milliseconds(ask: Callable[[], None], number: int) -> float:
    """Take the best of several runs, which others on the machine have disturbed least."""
    runs = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(number):
            ask()
        runs.append(time.perf_counter() - began)
    return min(runs) * 1000 / number


def _shares(ask: Callable[[], None], number: int) -> Counter[str]:
    """Tell which share of the time each part has, without what it calls in others."""
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(number):
        ask()
    profile.disable()
    shares: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        shares[next((part for mark, part in _PARTS if mark in f"{file} {name}"), _OTHERS)] += own
    total = shares.total()
    return Counter({part: 100 * own / total for part, own in shares.items()})


def main() -> None:
    """Print how long each kind of request takes, and where."""
    with tempfile.TemporaryDirectory(prefix="casemgr-profile-") as name:
        url = URL.create("sqlite", database=str(Path(name) / "casemgr.db"))
        engine = create_engine(url)
        dataset.fill(engine, 1000)
        engine.dispose()
        app = create_app(Config(url))
        # Lines of the log are written as by the service, but nowhere.
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        for request in CASES:
            ask = _prepare(app, request)
            ask()
            number = 20 if request.name.startswith("75") else 300
            shares = ", ".join(f"{part} {share:.0f} %" for part, share in _shares(ask, number).most_common(7))
            print(f"| {request.name} | {_milliseconds(ask, number):.2f} | {shares} |", flush=True)


if __name__ == "__main__":
    main()

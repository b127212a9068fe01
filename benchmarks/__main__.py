"""Puts the service and other services under load: `make bench`, or `make bench QUICK=1`."""

import argparse
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL

from benchmarks import dataset, report
from benchmarks.report import FLASK, POSTGRESQL, SQLITE
from benchmarks.requests import CASES, CONSTANT, Request, errors
from benchmarks.servers import Measurement, Server, gunicorn, uvicorn
from casemgr.database.engine import create_engine
from tests.faults.deployment import ROOT
from tests.postgresql import Cluster, find_binaries

_BARE, _FASTAPI = "bare WSGI constant", "FastAPI, SQLAlchemy Core"
_CASEMGR = "app:create_app()"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_SLICE = 100_000
"""Requests between two measurements of memory."""

_GROUP = 4
"""Number of tasks between two measurements of the floor."""

Task = tuple[Server, Request]


def _find_missing() -> list[str]:
    found = {
        "wrk": shutil.which("wrk"),
        "PostgreSQL 15 or newer": find_binaries(),
        "FastAPI (make bench installs it)": find_spec("fastapi"),
    }
    return [name for name, value in found.items() if not value]


@contextmanager
def _database(url: URL, number: int) -> Iterator[dict[str, str]]:
    """Fill a database and return the settings that name it."""
    print(f"Storing {number} cases ({url.get_backend_name()}) …", file=sys.stderr, flush=True)
    engine = create_engine(url)
    dataset.fill(engine, number)
    engine.dispose()
    yield {"CASEMGR_DATABASE_URL": url.render_as_string()}


@contextmanager
def _sqlite(folder: Path, number: int) -> Iterator[dict[str, str]]:
    with _database(URL.create("sqlite", database=str(folder / f"{number}.db")), number) as settings:
        yield settings


@contextmanager
def _postgresql(number: int) -> Iterator[dict[str, str]]:
    binaries = find_binaries()
    assert binaries  # noqa: S101 - main() has checked it
    with Cluster(binaries) as cluster, _database(cluster.url("postgres"), number) as settings:
        yield settings


def _check(tasks: Sequence[Task]) -> None:
    """Check every response before anything is timed."""
    for server, request in tasks:
        status, body = server.send(request)
        if request is not CONSTANT:
            request.check(status, body)


def _measure(
    tasks: Sequence[Task], rounds: int, seconds: float, floor: Task | None = None
) -> defaultdict[tuple[str, Request], list[Measurement]]:
    """Measure all tasks in turn, in every round.

    :param floor: the task that the others are compared with. It is measured again before every _GROUP tasks, since the
        speed of a shared machine changes.
    """
    measurements: defaultdict[tuple[str, Request], list[Measurement]] = defaultdict(list)

    def measure(number: int, server: Server, request: Request, floor_rate: float | None) -> Measurement:
        print(f"Round {number}: {server.name}, {request.name} …", file=sys.stderr, flush=True)
        measured = server.put_under_load(request, seconds)
        measured = replace(measured, floor=floor_rate or measured.rate)
        measurements[server.name, request].append(measured)
        return measured

    for number in range(1, rounds + 1):
        floor_rate = None
        for index, (server, request) in enumerate(tasks):
            if floor and index % _GROUP == 0:
                floor_rate = measure(number, *floor, None).rate
            measure(number, server, request, floor_rate)
    return measurements


def _compare(number: int, rounds: int, seconds: float, folder: Path) -> Iterator[str]:
    """Measure all candidates; the result is lines of Markdown."""
    with ExitStack() as stack:
        enter = stack.enter_context
        on_sqlite, on_postgresql = enter(_sqlite(folder, number)), enter(_postgresql(number))
        bare = enter(gunicorn(_BARE, "benchmarks.floors:wsgi", {}, folder))
        flask = enter(gunicorn(FLASK, "benchmarks.floors:flask", {}, folder))
        fastapi = enter(uvicorn(_FASTAPI, "benchmarks.comparison:app", on_sqlite, folder))
        sqlite = enter(gunicorn(SQLITE, _CASEMGR, on_sqlite, folder))
        postgresql = enter(gunicorn(POSTGRESQL, _CASEMGR, on_postgresql, folder))
        floor: Task = (flask, CONSTANT)
        tasks: list[Task] = [(bare, CONSTANT)]
        tasks += [(fastapi, request) for request in CASES if request.name in {"1 case", "75 cases"}]
        tasks += [(server, request) for request in CASES for server in (sqlite, postgresql)]
        tasks += [(sqlite, request) for request in errors(number)]
        _check([floor, *tasks])
        lines = report.summarise(_measure(tasks, rounds, seconds, floor))
        yield from report.write_table(lines)
        yield ""
        yield from report.write_comparison_of_databases(lines)
        yield ""
        yield from _measure_latency(sqlite, seconds)
        yield ""
        yield "| service | ready after s | memory, PSS, MB |"
        yield "| --- | --: | --: |"
        for server in (bare, flask, fastapi, sqlite, postgresql):
            yield f"| {server.name} | {server.seconds_to_start:.2f} | {server.memory():.0f} |"
        (folder / "plot.svg").write_text(report.draw(lines))


def _measure_latency(server: Server, seconds: float) -> Iterator[str]:
    """Measure the latency at 32 connections."""
    yield "| at 32 connections | p50 ms | p99 ms | p99 to p50 (goal: 5 at most) |"
    yield "| --- | --: | --: | --: |"
    for request in CASES[:4]:
        measured = server.put_under_load(request, seconds, connections=32)
        yield f"| {request.name} | {measured.p50:.2f} | {measured.p99:.2f} | {measured.p99 / measured.p50:.1f} |"


def _compare_sizes(small: int, large: int, rounds: int, seconds: float, folder: Path) -> Iterator[str]:
    """Measure whether a request costs more in a larger database."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                gunicorn(f"{number} cases", _CASEMGR, stack.enter_context(_sqlite(folder, number)), folder)
            )
            for number in (small, large)
        ]
        tasks = [(server, request) for request in CASES[:4] for server in servers]
        _check(tasks)
        measurements = _measure(tasks, rounds, seconds)
        yield f"| CPU ms of a request | {small} cases | {large} cases | ratio |"
        yield "| --- | --: | --: | --: |"
        for request in CASES[:4]:
            costs = [min(one.cpu for one in measurements[server.name, request]) for server in servers]
            yield f"| {request.name} | {costs[0]:.3f} | {costs[1]:.3f} | {costs[1] / costs[0]:.2f} |"


def _soak(number: int, folder: Path) -> Iterator[str]:
    """Measure memory over so many requests."""
    mixed = (*CASES, *errors(dataset.BUSY_CASE * 2))
    with _sqlite(folder, dataset.BUSY_CASE * 2) as settings, gunicorn("soak", _CASEMGR, settings, folder) as server:
        yield "| requests | memory, PSS, MB |"
        yield "| --: | --: |"
        yield f"| 0 | {server.memory():.0f} |"
        done, shown = 0.0, 0
        while done < number:
            for request in mixed:
                done += server.put_under_load(request, 2).rate * 2
            if done // _SLICE > shown:
                shown = int(done // _SLICE)
                yield f"| {done:.0f} | {server.memory():.0f} |"


def _write(tables: str, folder: Path) -> None:
    document = ROOT / "docs" / "performance.md"
    before, _, rest = document.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    document.write_text(f"{before}{_BEGIN}\n{tables}\n{_END}{after}")
    shutil.copy(folder / "plot.svg", document.with_suffix(".svg"))


def main() -> None:
    """Print the figures; without `--quick`, also write them into docs/performance.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="measure one short round, which takes a minute, and write nothing"
    )
    arguments = parser.parse_args()
    if missing := _find_missing():
        sys.exit(f"Missing on this machine: {', '.join(missing)}.")
    with tempfile.TemporaryDirectory(prefix="casemgr-bench-") as name:
        folder = Path(name)
        if arguments.quick:
            print("\n".join(_compare(20_000, 1, 1, folder)))
            return
        parts = (
            _compare(100_000, 5, 2, folder),
            _compare_sizes(10_000, 1_000_000, 3, 2, folder),
            _soak(1_000_000, folder),
        )
        tables = "\n\n".join("\n".join(part) for part in parts)
        print(tables)
        _write(tables, folder)


if __name__ == "__main__":
    main()

"""Writes the figures as tables and a plot."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import median

from benchmarks.requests import CASES, Request
from benchmarks.servers import Measurement

FLASK, SQLITE, POSTGRESQL = "Flask constant", "casemgr, SQLite", "casemgr, PostgreSQL"

Measurements = Mapping[tuple[str, Request], Sequence[Measurement]]

_BAR, _GAP, _LEFT, _WIDTH = 14, 8, 220, 480


@dataclass(frozen=True, slots=True)
class Line:
    """The medians of a kind of request on one service.

    :param ratio: the request rate divided by that of the Flask constant.
    """

    service: str
    request: Request
    measured: Measurement
    ratio: float


def summarise(measurements: Measurements) -> list[Line]:
    """Compute the medians of all rounds; each ratio refers to the floor that was measured shortly before."""
    return [
        Line(service, request, _median(rounds), median(one.rate / one.floor for one in rounds))
        for (service, request), rounds in measurements.items()
    ]


def _median(rounds: Sequence[Measurement]) -> Measurement:
    return Measurement(*(median(getattr(one, name) for one in rounds) for name in ("rate", "p50", "p99", "cpu")))


def write_table(lines: Sequence[Line]) -> Iterator[str]:
    """Write a table with a line for each kind of request on each service."""
    yield "| service | request | requests/s | ratio to Flask | goal | p50 ms | p99 ms | CPU ms |"
    yield "| --- | --- | --: | --: | --: | --: | --: | --: |"
    for line in lines:
        measured = line.measured
        yield (
            f"| {line.service} | {line.request.name} | {measured.rate:.0f} | {line.ratio:.3f} | {_goal(line, lines)} "
            f"| {measured.p50:.2f} | {measured.p99:.2f} | {measured.cpu:.2f} |"
        )


def _goal(line: Line, lines: Sequence[Line]) -> str:
    goal = line.request.goal
    if goal is None or line.service == POSTGRESQL or not line.service.startswith("casemgr"):
        return ""
    if not line.request.relative_to:
        return f"{goal:.2f} {'reached' if line.ratio >= goal else 'missed'}"
    other = _find(lines, line.service, line.request.relative_to)
    ratio = line.ratio / other.ratio
    return f"{goal:.2f} of JSON, is {ratio:.2f}: {'reached' if ratio >= goal else 'missed'}"


def write_comparison_of_databases(lines: Sequence[Line]) -> Iterator[str]:
    """Write a table of the request rate on PostgreSQL divided by that on SQLite."""
    yield "| request | PostgreSQL to SQLite |"
    yield "| --- | --: |"
    for request in CASES:
        on_both = [
            [line for line in lines if line.service == name and line.request is request]
            for name in (POSTGRESQL, SQLITE)
        ]
        if all(on_both):
            [[postgresql], [sqlite]] = on_both
            yield f"| {request.name} | {postgresql.ratio / sqlite.ratio:.2f} |"


def _find(lines: Sequence[Line], service: str, name: str) -> Line:
    return next(line for line in lines if line.service == service and line.request.name == name)


def draw(lines: Sequence[Line]) -> str:
    """Draw an SVG with a bar for each ratio to the Flask constant, and a line at each goal."""
    drawn = [line for line in lines if line.request.code is None]
    height = 30 + len(drawn) * (_BAR + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 160} {height}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="16">requests per second divided by those of the Flask constant; red: the goal</text>',
    ]
    scale = _WIDTH / max(line.ratio for line in drawn)
    for position, line in enumerate(drawn):
        y = 28 + position * (_BAR + _GAP)
        own = line.service.startswith("casemgr")
        label = escape(
            f"{line.service}: {line.request.name}" if not own else f"{line.request.name} ({line.service[9:]})"
        )
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 11}" text-anchor="end">{label}</text>')
        colour = "#2a6f97" if own else "#adb5bd"
        parts.append(f'<rect x="{_LEFT}" y="{y}" width="{line.ratio * scale:.1f}" height="{_BAR}" fill="{colour}"/>')
        parts.append(f'<text x="{_LEFT + line.ratio * scale + 4:.1f}" y="{y + 11}">{line.ratio:.2f}</text>')
        if own and line.request.goal and not line.request.relative_to and line.service == SQLITE:
            x = _LEFT + line.request.goal * scale
            parts.append(f'<path d="M{x:.1f} {y - 2}v{_BAR + 4}" stroke="#d00000" stroke-width="2"/>')
    return "\n".join((*parts, "</svg>\n"))

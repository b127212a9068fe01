"""The outcomes of a check, as a table for people and as JUnit XML for build servers."""

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from lxml import etree

from casemgr.errors.catalogue import CATALOGUE
from casemgr.http.media_types import MediaType

_MAX_SHOWN = 20
"""Maximum number of wrong responses whose differences the table shows."""


class Result(StrEnum):
    """The result of a probe."""

    RIGHT = "right"
    WRONG = "wrong"
    REFUSED = "refused"
    NOT_PROVOKED = "not provoked"


class Outcome(NamedTuple):
    """The outcome of provoking an error in a locale and a media type.

    :param name: the unique name of the error.
    :param explanation: the differences, or the reason why the error was not provoked; empty when the response is right.
    """

    code: str
    name: str
    locale: str
    media_type: str
    result: Result
    explanation: str


_JUNIT_ELEMENTS = {Result.WRONG: "failure", Result.REFUSED: "error", Result.NOT_PROVOKED: "skipped"}
"""The elements of JUnit that explain a result; a test case without any of them has passed."""


def tabulate(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Draw the table of errors and locales, followed by the reasons and the differences."""
    locales = list(dict.fromkeys(outcome.locale for outcome in outcomes))
    cells: dict[str, dict[str, list[Outcome]]] = {}
    for outcome in outcomes:
        cells.setdefault(outcome.name, {}).setdefault(outcome.locale, []).append(outcome)
    width = max(len(definition.name) for definition in CATALOGUE)
    yield f"{'':{10 + width}} {' '.join(locales)}"
    for definition in CATALOGUE:
        if definition.name in cells:
            row = " ".join(f"{_cell(cells[definition.name][locale]):5}" for locale in locales)
            yield f"{definition.code:9} {definition.name:{width}} {row}".rstrip()
    yield ""
    yield "ok: right wherever it was provoked; JSON, XML or both: wrong; -: not provoked"
    yield "406-100 is always in en-US, and 406-101 always in JSON."
    reasons: dict[str, dict[str, None]] = {}
    for outcome in outcomes:
        if outcome.result in (Result.REFUSED, Result.NOT_PROVOKED):
            reasons.setdefault(outcome.explanation, {})[outcome.name] = None
    yield from (f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
    wrong = [outcome for outcome in outcomes if outcome.result is Result.WRONG]
    yield from (f"{one.name} {one.locale} {one.media_type}: {one.explanation}" for one in wrong[:_MAX_SHOWN])
    if len(wrong) > _MAX_SHOWN:
        yield f"… and {len(wrong) - _MAX_SHOWN} more wrong responses"


def _cell(outcomes: Sequence[Outcome]) -> str:
    wrong = [MediaType(outcome.media_type).name for outcome in outcomes if outcome.result is Result.WRONG]
    if wrong:
        return wrong[0] if len(wrong) == 1 else "both"
    results = {outcome.result for outcome in outcomes}
    return "ok" if Result.RIGHT in results and Result.REFUSED not in results else "-"


def encode_junit(outcomes: Sequence[Outcome], url: str) -> bytes:
    """Encode the outcomes as JUnit XML: wrong is a failure, refused an error, not provoked skipped.

    :param url: the URL of the service, which becomes the name of the test suite.
    """
    counts = Counter(outcome.result for outcome in outcomes)
    totals = {
        "tests": len(outcomes),
        "failures": counts[Result.WRONG],
        "errors": counts[Result.REFUSED],
        "skipped": counts[Result.NOT_PROVOKED],
    }
    attributes = {name: str(total) for name, total in totals.items()}
    suites = etree.Element("testsuites", attributes, name="casemgr errors")
    suite = etree.SubElement(suites, "testsuite", attributes, name=url)
    for outcome in outcomes:
        name = f"{outcome.code} {outcome.locale} {outcome.media_type}"
        case = etree.SubElement(suite, "testcase", {"classname": f"casemgr.errors.{outcome.name}", "name": name})
        if element := _JUNIT_ELEMENTS.get(outcome.result):
            etree.SubElement(case, element, message=outcome.explanation)
    return etree.tostring(suites, xml_declaration=True, encoding="UTF-8", pretty_print=True)

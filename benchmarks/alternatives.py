"""Measures the CPU time that each trick on the path of a request saves: `python -m benchmarks.alternatives`.

Each comparison runs the code of the service and the plain way to do the same.
"""

import io
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flask_babel
import orjson
from flask import Flask, Response, g, request
from lxml import etree
from sqlalchemy import URL, Engine, bindparam, select
from werkzeug.test import create_environ

from benchmarks import dataset
from casemgr.cases.repository import load_cases
from casemgr.database import models
from casemgr.database.engine import create_engine
from casemgr.database.reading import Reading
from casemgr.database.statements import Statement
from casemgr.domain.actors import ActorKind
from casemgr.domain.cases import Case, NamedValue
from casemgr.domain.instants import format_instant
from casemgr.errors.catalogue import CASES_FORBIDDEN
from casemgr.http import negotiation
from casemgr.http.headers import REQUEST_ID_HEADER, RESPONSE_HEADERS, VARY
from casemgr.http.media_types import XML_NAMESPACE, MediaType
from casemgr.i18n import translation
from casemgr.i18n.locales import DEFAULT_LOCALE, LOCALES
from casemgr.observability.context import AccessRecord, RequestContext, select_request_id
from casemgr.representations import case_encoder
from casemgr.representations.plan import Kind, Member, plan_of
from casemgr.web.application import Application
from schemas import schema_for
from schemas.fields import WHOLE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_MIN_SECONDS = 0.02
"""Least CPU time of a run, so that the clock is precise enough."""

_IDS = list(range(1, 76))
_SUMMARY: tuple[ActorKind, frozenset[Any]] = (ActorKind.USER, frozenset())
_XML_ATTRIBUTES = {"id", "rel", "href"}


@dataclass(frozen=True, slots=True)
class Timing:
    """The CPU time that one way to do something takes.

    :param task: what is done.
    :param way: how it is done.
    """

    task: str
    way: str
    microseconds: float


def _compare(task: str, ways: Mapping[str, Callable[[], object]]) -> Iterator[Timing]:
    for way, function in ways.items():
        yield Timing(task, way, _microseconds(function))


def _microseconds(function: Callable[[], object]) -> float:
    """Measure the CPU time of a function: the least of five runs, since other processes slow some of them down."""
    function()
    number, runs = 1, [0.0]
    while min(runs) * number < _MIN_SECONDS:
        number *= 2
        runs = [_seconds_per_call(function, number) for _ in range(5)]
    return min(runs) * 1e6


def _seconds_per_call(function: Callable[[], object], number: int) -> float:
    started = time.process_time()
    for _ in range(number):
        function()
    return (time.process_time() - started) / number


def _closure(members: Sequence[Member]) -> Callable[[Any, str], dict[str, Any]]:
    """Build a function that dumps an object, from one closure for each member.

    Its second argument is the prefix of the names of the attributes.
    """
    parts = [(member.name, _member_closure(member)) for member in members]

    def dump(holder: Any, prefix: str) -> dict[str, Any]:
        return {name: value for name, get in parts if (value := get(holder, prefix)) is not None}

    return dump


def _member_closure(member: Member) -> Callable[[Any, str], Any]:
    inner = _closure(member.members)
    whole = member.attribute == WHOLE

    def attribute(holder: Any, prefix: str) -> Any:
        return getattr(holder, prefix + member.attribute)

    def group(holder: Any, prefix: str) -> Any:
        is_present = not member.keys or any(getattr(holder, prefix + key) is not None for key in member.keys)
        return inner(holder, prefix if whole else f"{prefix}{member.attribute}_") if is_present else None

    match member.kind:
        case Kind.CONSTANT:
            return lambda *_: member.constant
        case Kind.PATH:
            return lambda holder, prefix: member.pieces[0].format(id=getattr(holder, f"{prefix}id"))
        case Kind.NUMBER_AS_TEXT:
            return lambda holder, prefix: str(attribute(holder, prefix))
        case Kind.DISPLAY_VALUE:
            # The real display values would only take longer.
            return lambda holder, prefix: dict.fromkeys(("value", "displayValue"), attribute(holder, prefix))
        case Kind.OBJECT:
            return group
        case Kind.LIST_OF_ONE:
            return lambda holder, prefix: [group(holder, prefix)]
        case _:
            return attribute


def _append(parent: etree._Element, name: str, data: Any) -> None:
    qualified = f"{{{XML_NAMESPACE}}}{name}"
    if isinstance(data, Mapping):
        element = etree.SubElement(parent, qualified)
        for member, value in data.items():
            if member in _XML_ATTRIBUTES:
                element.set(member, value)
            else:
                _append(element, member, value)
    elif isinstance(data, str):
        etree.SubElement(parent, qualified).text = data
    else:
        for item in data:
            _append(parent, name, item)


def _write_tree(dumped: list[Any]) -> bytes:
    root = etree.Element(f"{{{XML_NAMESPACE}}}cases", nsmap={None: XML_NAMESPACE})
    _append(root, "case", dumped)
    return etree.tostring(root)


def _write(file: Any, name: str, data: Any) -> None:
    if isinstance(data, Mapping):
        attributes = {member: value for member, value in data.items() if member in _XML_ATTRIBUTES}
        with file.element(name, attributes):
            for member, value in data.items():
                if member not in attributes:
                    _write(file, member, value)
    elif isinstance(data, str):
        with file.element(name):
            file.write(data)
    else:
        for item in data:
            _write(file, name, item)


def _write_file(dumped: list[Any]) -> bytes:
    stream = io.BytesIO()
    with etree.xmlfile(stream) as file, file.element("cases", nsmap={None: XML_NAMESPACE}):
        _write(file, "case", dumped)
    return stream.getvalue()


def _compare_encoders(cases: list[Case]) -> Iterator[Timing]:
    schema = schema_for(*_SUMMARY)
    dump = _closure(plan_of(schema))
    dumped: Any = schema.dump(cases, many=True)
    encode_json, encode_xml = (case_encoder(media_type, *_SUMMARY) for media_type in (MediaType.JSON, MediaType.XML))
    yield from _compare(
        "75 summaries to JSON",
        {
            "compiled code": lambda: encode_json(cases, DEFAULT_LOCALE),
            "closures and orjson": lambda: orjson.dumps([dump(case, "") for case in cases]),
            "marshmallow's `dump` and orjson": lambda: orjson.dumps(schema.dump(cases, many=True)),
        },
    )
    yield from _compare(
        "75 summaries to XML",
        {
            "compiled code": lambda: encode_xml(cases, DEFAULT_LOCALE),
            "`etree.xmlfile`, from plain data": lambda: _write_file(dumped),
            "a tree of lxml, from plain data": lambda: _write_tree(dumped),
        },
    )


def _compare_database_access(engine: Engine) -> Iterator[Timing]:
    def use_reading() -> None:
        with Reading(engine) as source:
            source.connection.cursor().execute("SELECT 1")

    def use_connect() -> None:
        with engine.connect() as connection, connection.begin():
            connection.connection.cursor().execute("SELECT 1")

    yield from _compare("a connection and its transaction", {"`Reading`": use_reading, "`Engine.connect`": use_connect})
    by_id = select(models.Case.id, models.Case.subject).where(models.Case.id == bindparam("id"))
    statement, parameters = Statement(by_id), {"id": 1}
    with Reading(engine) as source, engine.connect() as connection:
        yield from _compare(
            "a case by its ID",
            {
                "`Statement.execute`": lambda: statement.execute(source, parameters),
                "`Connection.execute`": lambda: connection.execute(by_id, parameters).all(),
            },
        )
    names = ("id", "department_id", "status", "severity", "subject", "owner_id", "folder_id", "customer_id")
    columns = [getattr(models.Case, name) for name in names]
    summaries = select(*columns, models.Department.name).join_from(models.Case, models.Department)
    summaries = summaries.where(models.Case.id <= bindparam("id"))
    as_json, as_rows = Statement(summaries, many=True), Statement(summaries)
    with Reading(engine) as source:
        yield from _compare(
            "75 cases from SQLite",
            {
                "as one JSON text": lambda: as_json.execute(source, {"id": 75}),
                "as rows": lambda: as_rows.execute(source, {"id": 75}),
            },
        )


def _compare_instants(path: Path) -> Iterator[Timing]:
    driver = sqlite3.connect(path)

    def fetch(column: str) -> Callable[[], object]:
        return lambda: driver.execute(f"SELECT {column} FROM cases LIMIT 1000").fetchall()  # noqa: S608 - our own names

    formatted = _microseconds(fetch("substr(created, 1, 10) || 'T' || substr(created || '.000', 12, 12) || 'Z'"))
    plain = _microseconds(fetch("created"))
    driver.close()
    yield Timing("an instant as text", "SQLite", (formatted - plain) / 1000)
    instant = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    yield from _compare("an instant as text", {"`format_instant`": lambda: format_instant(instant)})


def _compare_translations() -> Iterator[Timing]:
    app = Flask(__name__)
    translation.init_app(app)
    [german] = [locale for locale in LOCALES if locale.language_tag == "de-DE"]
    message = CASES_FORBIDDEN.user
    with app.app_context(), flask_babel.force_locale(german.babel):
        yield from _compare(
            "a message in German",
            {
                "`translation.translate`": lambda: translation.translate(german, message),
                "`flask_babel.gettext`": lambda: flask_babel.gettext(message),
            },
        )


def _compare_objects() -> Iterator[Timing]:
    @dataclass(frozen=True, slots=True)
    class FrozenValue:
        value: str
        display_value: str | None = None

    yield from _compare(
        "an object with two attributes",
        {
            "a named tuple": lambda: NamedValue("open", "Open"),
            "a frozen dataclass": lambda: FrozenValue("open", "Open"),
        },
    )


class _HookedApplication(Application):
    """Does with Flask's hooks what `Application` does in `wsgi_app`; everything else is the same."""

    def __init__(self, listener: Callable[[AccessRecord], None]) -> None:
        super().__init__()
        self._listener = listener
        self.before_request(self._enter)
        self.after_request(self._complete_response)

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request as Flask does."""
        return Flask.wsgi_app(self, environ, start_response)

    def _enter(self) -> None:
        g.context = RequestContext(select_request_id(request.headers.get(REQUEST_ID_HEADER)))

    def _complete_response(self, response: Response) -> Response:
        context = g.context
        fields = [("Content-Language", context.locale.language_tag), (REQUEST_ID_HEADER, context.request_id)]
        response.headers.extend([("Vary", VARY), *RESPONSE_HEADERS.items(), *fields])
        record = AccessRecord(
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            media_type=response.mimetype,
            body_size=response.content_length,
            seconds=time.perf_counter() - context.started,
            context=context,
        )
        self._listener(record)
        return response


def _compare_applications() -> Iterator[Timing]:
    records: list[AccessRecord] = []

    def keep_last(record: AccessRecord) -> None:
        records[:] = [record]

    overriding, hooked = Application([keep_last]), _HookedApplication(keep_last)
    for app in (overriding, hooked):
        app.add_url_rule("/", view_func=lambda: "")
    environ = create_environ("/")
    yield from _compare(
        "a constant response, completed and recorded",
        {
            "`Application.wsgi_app`": lambda: list(overriding.wsgi_app(dict(environ), _start_response)),
            "Flask's hooks": lambda: list(hooked.wsgi_app(dict(environ), _start_response)),
        },
    )


def _start_response(*_: object) -> Callable[[bytes], object]:
    return lambda _: None


def _compare_negotiation() -> Iterator[Timing]:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    yield from _compare(
        "the Accept value of a browser",
        {
            "cached": lambda: negotiation.select_media_type(accept),
            "parsed": lambda: negotiation._best_media_type.__wrapped__(accept),
        },
    )


def _compare_all(path: Path) -> Iterator[Timing]:
    engine = create_engine(URL.create("sqlite", database=str(path)))
    dataset.fill(engine, 1000)
    with Reading(engine) as source:
        cases = list(load_cases(source, _IDS).values())
    translation.load_catalogues()
    yield from _compare_encoders(cases)
    yield from _compare_database_access(engine)
    yield from _compare_objects()
    yield from _compare_instants(path)
    yield from _compare_translations()
    yield from _compare_applications()
    yield from _compare_negotiation()
    engine.dispose()


def main() -> None:
    """Print the CPU time that each way takes."""
    print("| task | way | µs |\n| --- | --- | --: |")
    with tempfile.TemporaryDirectory(prefix="casemgr-alternatives-") as name:
        for timing in _compare_all(Path(name) / "casemgr.db"):
            print(f"| {timing.task} | {timing.way} | {timing.microseconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()

"""What each trick of the hot path is worth, beside the plain way: `python -m benchmarks.alternatives`."""

import gc
import io
import logging
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flask_babel
import orjson
from flask import Flask, Response, g, request
from lxml import etree
from sqlalchemy import URL, Engine, bindparam, select
from werkzeug.datastructures import EnvironHeaders
from werkzeug.test import create_environ, run_wsgi_app

from app import create_app
from benchmarks import dataset
from benchmarks.requests import CASES
from casemgr.cases.repository import load_cases
from casemgr.config import Config
from casemgr.database import models
from casemgr.database.engine import create_engine
from casemgr.database.reading import Reading
from casemgr.database.statements import Statement
from casemgr.domain.actors import ActorKind
from casemgr.domain.cases import ActivitySummary, Case
from casemgr.domain.instants import format_instant
from casemgr.errors.catalogue import IDS_NOT_VALID
from casemgr.errors.definitions import ApiError
from casemgr.http import negotiation
from casemgr.http.headers import REQUEST_ID_HEADER, read_field
from casemgr.http.media_types import XML_NAMESPACE, MediaType
from casemgr.i18n import translation
from casemgr.i18n.locales import LOCALES
from casemgr.observability import context, log
from casemgr.observability.context import AccessRecord, RequestContext, select_request_id
from casemgr.representations import case_encoder
from casemgr.representations.plan import Kind, Member, plan_of
from casemgr.web import responses
from casemgr.web.application import ExchangeMiddleware
from casemgr.web.errors import respond_to_error
from schemas import schema_for
from schemas.fields import WHOLE

_ENOUGH = 0.02
"""Seconds that a run has to take at the least."""

_IDS = list(range(1, 76))
_SUMMARY: tuple[ActorKind, frozenset[Any]] = (ActorKind.USER, frozenset())

Comparison = tuple[str, Mapping[str, Callable[[], object]]]


def _microseconds(work: Callable[[], object]) -> float:
    """Take the best of several runs, which others on the machine have disturbed least."""
    work()
    number, runs = 1, [0.0]
    while min(runs) * number < _ENOUGH:
        number *= 2
        runs = [_run(work, number) for _ in range(5)]
    return min(runs) * 1e6


def _run(work: Callable[[], object], number: int) -> float:
    began = time.perf_counter()
    for _ in range(number):
        work()
    return (time.perf_counter() - began) / number


def _closure(members: Sequence[Member]) -> Callable[[Any, str], dict[str, Any]]:
    """Dump summaries by closures, one for each member.

    They take an object, and what the names of its attributes begin with.
    """
    parts = [(member.name, _member_closure(member)) for member in members]

    def dump(holder: Any, beginning: str) -> dict[str, Any]:
        return {name: value for name, get in parts if (value := get(holder, beginning)) is not None}

    return dump


def _member_closure(member: Member) -> Callable[[Any, str], Any]:
    inner = _closure(member.members)
    whole = member.attribute == WHOLE

    def attribute(holder: Any, beginning: str) -> Any:
        return getattr(holder, beginning + member.attribute)

    def group(holder: Any, beginning: str) -> Any:
        there = not member.keys or any(getattr(holder, beginning + key) is not None for key in member.keys)
        return inner(holder, beginning if whole else f"{beginning}{member.attribute}_") if there else None

    match member.kind:
        case Kind.CONSTANT:
            return lambda *_: member.constant
        case Kind.PATH:
            return lambda holder, beginning: member.pieces[0].format(id=getattr(holder, f"{beginning}id"))
        case Kind.NUMBER_AS_TEXT:
            return lambda holder, beginning: str(attribute(holder, beginning))
        case Kind.DISPLAY_VALUE:
            # Without the names, which would only take longer.
            return lambda holder, beginning: dict.fromkeys(("value", "displayValue"), attribute(holder, beginning))
        case Kind.OBJECT:
            return group
        case Kind.LIST_OF_ONE:
            return lambda holder, beginning: [group(holder, beginning)]
        case _:
            return attribute


def _append(parent: etree._Element, name: str, data: Any) -> None:
    qualified = f"{{{XML_NAMESPACE}}}{name}"
    if isinstance(data, Mapping):
        element = etree.SubElement(parent, qualified)
        for member, value in data.items():
            if member in {"id", "rel", "href"}:
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
        attributes = {member: value for member, value in data.items() if member in {"id", "rel", "href"}}
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


def _representations(cases: list[Case]) -> Iterator[Comparison]:
    schema = schema_for(*_SUMMARY)
    closures = _closure(plan_of(schema))
    dumped: Any = schema.dump(cases, many=True)
    encode_json, encode_xml = (case_encoder(media_type, *_SUMMARY) for media_type in MediaType)
    yield (
        "75 summaries to JSON",
        {
            "compiled code": lambda: encode_json(cases),
            "closures, with orjson": lambda: orjson.dumps([closures(case, "") for case in cases]),
            "marshmallow's dump, with orjson": lambda: orjson.dumps(schema.dump(cases, many=True)),
        },
    )
    yield (
        "75 summaries to XML",
        {
            "compiled code": lambda: encode_xml(cases),
            "etree.xmlfile, of plain data": lambda: _write_file(dumped),
            "a tree of lxml, of plain data": lambda: _write_tree(dumped),
        },
    )


def _statements(engine: Engine) -> Iterator[Comparison]:
    plain = select(models.Case.id, models.Case.subject).where(models.Case.id == bindparam("id"))
    statement, parameters = Statement(plain), {"id": 1}

    def plain_connection() -> None:
        with engine.connect() as connection, connection.begin():
            connection.connection.cursor().execute("SELECT 1")

    def lean_connection() -> None:
        with Reading(engine) as source:
            source.connection.cursor().execute("SELECT 1")

    yield "a connection and its transaction", {"Reading()": lean_connection, "Engine.connect()": plain_connection}
    with Reading(engine) as source:
        yield "a case by its ID", {"Statement.execute()": lambda: statement.execute(source, parameters)}
        short = ("id", "department_id", "status", "severity", "subject", "owner_id", "folder_id", "customer_id")
        columns = [getattr(models.Case, name) for name in short]
        summaries = select(*columns, models.Department.name).join_from(models.Case, models.Department)
        summaries = summaries.where(models.Case.id <= bindparam("id"))
        as_rows, at_once = Statement(summaries), Statement(summaries, many=True)
        yield (
            "75 cases of SQLite",
            {
                "as one JSON text": lambda: at_once.execute(source, {"id": 75}),
                "as rows": lambda: as_rows.execute(source, {"id": 75}),
            },
        )
    with engine.connect() as connection:
        yield "a case by its ID", {"Connection.execute()": lambda: connection.execute(plain, parameters).all()}


def _texts(path: Path) -> Iterator[Comparison]:
    driver = sqlite3.connect(path)
    engine = create_engine(URL.create("sqlite", database=str(path)))
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        lenient = raw.text_factory
    query = "SELECT subject, description, solution, status FROM cases LIMIT 75"

    def read(text_factory: Any) -> Callable[[], object]:
        def fetch() -> object:
            driver.text_factory = text_factory
            return driver.execute(query).fetchall()

        return fetch

    yield "300 texts of SQLite", {"read strictly": read(str), "read leniently": read(lenient)}
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    yield "an instant", {"format_instant()": lambda: format_instant(at)}
    in_sql = "SELECT substr(created, 1, 10) || 'T' || substr(created || '.000', 12, 12) || 'Z' FROM cases LIMIT 1000"
    written, plain = (
        _microseconds(lambda query=query: driver.execute(query).fetchall())  # type: ignore[misc]
        for query in (in_sql, "SELECT created FROM cases LIMIT 1000")
    )
    print(f"| an instant | written by SQLite | {(written - plain) / 1000:.2f} |")
    driver.close()


def _objects() -> Iterator[Comparison]:
    @dataclass(frozen=True, slots=True)
    class FrozenSummary:
        recent_activity_date: str
        unread_activity_count: int

    yield (
        "an object of two attributes",
        {
            "a named tuple": lambda: ActivitySummary("2026", 1),
            "a frozen dataclass": lambda: FrozenSummary("2026", 1),
        },
    )


def _messages(app: Flask) -> Iterator[Comparison]:
    message = "What you asked for could not be found."
    locale = LOCALES[4]
    with app.test_request_context(), flask_babel.force_locale(locale.babel), translation.use_locale(locale):
        yield (
            "a message in German",
            {
                "i18n.translate()": lambda: translation.translate(message),
                "flask_babel.gettext()": lambda: flask_babel.gettext(message),
            },
        )


def _lines() -> Iterator[Comparison]:
    observed = RequestContext("0" * 32, actor_kind=ActorKind.USER, id_count=1, statements=2)
    exchange = AccessRecord("GET", "/case/<ids>", 200, "application/json", "en-US", 766, 0.001, observed)
    write, log = log.writer(timedelta(seconds=1)), logging.getLogger("casemgr.alternatives")
    yield (
        "a line of the log",
        {
            "request_log.writer()": lambda: write(exchange),
            "Logger.info(), without the facts": lambda: log.info("GET /case/<ids> 200 1.0 ms"),
        },
    )


def _exchanges() -> Iterator[Comparison]:
    """Compare what is done around every request with the same by Flask's hooks."""
    seen: list[AccessRecord] = []
    every_response = [("Vary", "Accept"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]

    def begin() -> None:
        g.observations = RequestContext(select_request_id(request.headers.get(REQUEST_ID_HEADER, "")))

    def end(response: Response) -> Response:
        observed = g.observations
        language_tag = observed.locale.language_tag
        fields = [("Content-Language", language_tag), (REQUEST_ID_HEADER, observed.request_id)]
        response.headers.extend([*every_response, *fields])
        seen[:] = [
            AccessRecord(
                request.method,
                request.url_rule.rule if request.url_rule else None,
                response.status_code,
                response.mimetype,
                language_tag,
                response.content_length,
                time.perf_counter() - observed.started,
                observed,
            )
        ]
        return response

    plain, hooked = (Flask("constant") for _ in range(2))
    for app in (plain, hooked):
        app.add_url_rule("/", view_func=lambda: "")
    hooked.before_request(begin)
    hooked.after_request(end)
    around = ExchangeMiddleware(plain.wsgi_app, [lambda exchange: seen.__setitem__(slice(None), [exchange])])
    environ = create_environ("/")
    what = "a Flask constant, completed and told of"
    yield what, {"ExchangeMiddleware": lambda: list(around(dict(environ), _start))}
    yield what, {"Flask's hooks": lambda: list(hooked.wsgi_app(dict(environ), _start))}


def _start(*_: object) -> Callable[[bytes], object]:
    return lambda _: None


def _framework(app: Flask) -> Iterator[Comparison]:
    environ = create_environ("/core/casemgr/v3/case/1")
    headers = EnvironHeaders(environ)
    yield (
        "a header field that is absent",
        {"read_field()": lambda: read_field(environ, "Accept"), "Flask's headers": lambda: headers.get("Accept")},
    )
    ours, flasks = responses.Response(b"{}"), Response(b"{}")
    yield (
        "a response, for WSGI",
        {
            "as it is": lambda: ours(environ, _start),
            "completed by Flask": lambda: flasks(environ, _start),
        },
    )
    error = ApiError(IDS_NOT_VALID, id=["abc"])
    with app.test_request_context("/core/casemgr/v3/case/1"):
        token = context.begin(RequestContext("0"))
        app.register_error_handler(Exception, respond_to_error)
        yield (
            "an exception, answered",
            {
                "at once": lambda: app.handle_user_exception(error),
                "by the handler of its class": lambda: Flask.handle_user_exception(app, error),
            },
        )
        context.end(token)


def _negotiation() -> Iterator[Comparison]:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    yield (
        "what a browser accepts",
        {
            "remembered": lambda: negotiation.select_media_type(accept),
            "parsed": lambda: negotiation._best_media_type(accept),
        },
    )


@contextmanager
def _collecting(*, frozen: bool) -> Iterator[None]:
    if frozen:
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)
    yield
    gc.set_threshold(700, 10, 10)
    gc.unfreeze()


def _collector(app: Flask) -> Iterator[Comparison]:
    asked = next(one for one in CASES if one.name == "75 cases, all")
    path, _, query = asked.path.partition("?")

    def ask() -> None:
        run_wsgi_app(app, create_environ(path, query_string=query, headers=dict(asked.headers)))

    for frozen, name in ((True, "collector as gunicorn.conf.py sets it"), (False, "collector as Python sets it")):
        with _collecting(frozen=frozen):
            yield "a whole request, 75 cases, all", {name: ask}


def _comparisons(path: Path) -> Iterator[Comparison]:
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url)
    dataset.fill(engine, 1000)
    app = create_app(Config(url))
    with Reading(engine) as source:
        cases = list(load_cases(source, _IDS).values())
    with translation.use_locale(LOCALES[0]):
        yield from _representations(cases)
    yield from _statements(engine)
    yield from _objects()
    yield from _messages(app)
    yield from _texts(path)
    yield from _lines()
    yield from _exchanges()
    yield from _framework(app)
    yield from _negotiation()
    yield from _collector(app)


def main() -> None:
    """Print how long each way takes."""
    print("| what | how | µs |\n| --- | --- | --: |")
    # Lines of the log are written as by the service, but nowhere.
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    with tempfile.TemporaryDirectory(prefix="casemgr-alternatives-") as name:
        for what, ways in _comparisons(Path(name) / "casemgr.db"):
            for how, work in ways.items():
                print(f"| {what} | {how} | {_microseconds(work):.2f} |", flush=True)


if __name__ == "__main__":
    main()

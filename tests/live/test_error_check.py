"""`casemgr errors --check` against the service, and against servers that only resemble it."""

import csv
import io
import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL, Engine, select
from werkzeug.serving import make_server

from app import create_app
from casemgr.accounts.accounts import Account
from casemgr.accounts.sessions import store_session
from casemgr.accounts.throttling import record_failure, subject_of_address
from casemgr.cli import main
from casemgr.config import Config
from casemgr.database.engine import writing
from casemgr.database.models import Session
from casemgr.domain.actors import ActorKind
from casemgr.error_check import accounts
from casemgr.errors.catalogue import CATALOGUE, UNEXPECTED
from tests.factories import dispose, store_demo_data
from tests.live.server import ROOT, Server

ACCOUNTS = str(ROOT / "demo" / "accounts.json")
JORGE = Account(ActorKind.USER, 202)

Wsgi = Callable[..., Any]
Listen = Callable[[Wsgi], str]


def check(url: str, *options: str, stdin: str = "") -> Result:
    result = CliRunner().invoke(main, ["errors", "--check", url, *options], input=stdin)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Serve a WSGI application and return its URL."""
    with ExitStack() as stack:

        def listen(application: Wsgi) -> str:
            server = make_server("127.0.0.1", 0, application, threaded=True)
            stack.callback(server.server_close)
            thread = Thread(target=server.serve_forever)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield listen


@pytest.fixture
def demo_data(engine: Engine) -> None:
    """Fill the database of the test."""
    store_demo_data(engine, replace=True)


@pytest.fixture
def demo(server: Server, demo_data: None) -> str:
    """Return the URL of a service with the demo data."""
    return server.url("")


@pytest.fixture
def application(database_url: URL) -> Iterator[Wsgi]:
    app = create_app(Config(database_url))
    yield app
    dispose(app)


def test_every_error_but_an_unexpected_one_has_a_probe() -> None:
    assert [definition for definition in CATALOGUE if definition.probe is None] == [UNEXPECTED]


@pytest.mark.live_server
def test_the_demo_data_provokes_every_error_and_no_session_remains(demo: str, engine: Engine) -> None:
    now = datetime.now(UTC)
    later = now + timedelta(hours=1)
    with writing(engine) as connection:
        for session_id in ("one", "another"):
            store_session(connection, session_id, JORGE, later, created=now, idle_expires=later)
    before = stored_sessions(engine)
    result = check(demo, "--accounts", ACCOUNTS, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "Answers: 1110 right, 0 wrong, 0 refused, 30 not provoked.\n")
    assert {one["code"] for one in json.loads(result.stdout) if one["result"] == "not provoked"} == {"500-100"}
    assert stored_sessions(engine) == before


@pytest.mark.live_server
def test_sessions_that_a_probe_opens_by_mistake_are_ended_too(
    demo: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "MAX_SESSIONS", 3)
    before = stored_sessions(engine)
    result = check(demo, "--accounts", ACCOUNTS, "--locale", "en-US")
    assert "TOO_MANY_SESSIONS en-US application/json: HTTP status: expected ‘403’, got ‘204’" in result.stdout
    assert stored_sessions(engine) == before


def test_an_interrupted_check_ends_its_sessions(
    demo_data: None, application: Wsgi, engine: Engine, listen: Listen
) -> None:
    def interrupt_at_a_case(environ: dict[str, Any], start_response: Wsgi) -> Any:
        if "/case/" in environ["PATH_INFO"]:
            os.kill(os.getpid(), signal.SIGTERM)
        return application(environ, start_response)

    before = stored_sessions(engine)
    result = check(listen(interrupt_at_a_case), "--accounts", ACCOUNTS)
    assert (result.exit_code, result.output.strip()) == (1, "Aborted!")
    assert stored_sessions(engine) == before


def stored_sessions(engine: Engine) -> set[bytes]:
    with engine.connect() as connection:
        return set(connection.scalars(select(Session.digest)))


@pytest.mark.live_server
def test_a_blocked_address_is_reported_as_refused(demo: str, engine: Engine) -> None:
    with writing(engine) as connection:
        for _ in range(100):
            record_failure(connection, [subject_of_address("127.0.0.1")], datetime.now(UTC))
    result = check(demo, "--accounts", ACCOUNTS, "--locale", "fr-CA")
    assert result.exit_code == 1
    assert "LOGIN_FAILED              -\n" in result.stdout
    assert "TOO_MANY_FAILURES         ok\n" in result.stdout
    assert "LOGIN_FAILED: Too many failed logins from this address; try again in " in result.stdout
    assert 'ACTION_MISSING: The account userWithoutAction cannot log in: 429 {"code":"429-100"' in result.stdout


def test_without_accounts_errors_that_require_a_login_are_not_provoked(application: Wsgi, listen: Listen) -> None:
    result = check(listen(application), "--locale", "de-DE", "--locale", "ja-JP")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["de-DE", "ja-JP"]
    cells = {words[1]: words[2:] for line in lines[1:] if len(words := line.split()) == 4}
    assert cells["NO_CREDENTIALS"] == ["ok", "ok"]
    assert cells["CASES_NOT_FOUND"] == ["-", "-"]
    assert "CUSTOMER_NOT_VALID, NO_GRANT_ON_CUSTOMER: --accounts has no customer." in lines


def test_a_response_in_another_language_is_wrong(application: Wsgi, listen: Listen) -> None:
    def in_danish(environ: dict[str, Any], start_response: Wsgi) -> Any:
        if environ.get("HTTP_ACCEPT_LANGUAGE") == "sv-SE" and environ["HTTP_ACCEPT"] == "application/xml":
            environ["HTTP_ACCEPT_LANGUAGE"] = "da-DK"
        return application(environ, start_response)

    options = [listen(in_danish), "--locale", "da-DK", "--locale", "sv-SE"]
    in_table = check(*options)
    assert in_table.exit_code == 1
    assert re.search("^401-100 +NO_CREDENTIALS +ok +XML$", in_table.stdout, re.MULTILINE)
    assert (
        "\nNO_CREDENTIALS sv-SE application/xml: Content-Language: expected ‘sv-SE’, got ‘da-DK’; " in in_table.stdout
    )
    rows = list(csv.DictReader(io.StringIO(check(*options, "--format", "csv").stdout)))
    wrong = [row for row in rows if row["result"] == "wrong"]
    assert {(row["locale"], row["media_type"]) for row in wrong} == {("sv-SE", "application/xml")}
    for part in ("Content-Language", "developerMessage", "userMessage"):
        assert all(f"{part}: expected ‘" in row["explanation"] for row in wrong)
    assert not any("details: " in row["explanation"] for row in wrong)


@pytest.mark.parametrize(
    ("status", "fields", "body", "explanation"),
    [
        pytest.param("502 Bad Gateway", {"Content-Type": "text/html"}, b"<p>", "unreadable body: ", id="HTML"),
        pytest.param(
            "401 Unauthorized", {"Content-Type": "application/json"}, b"[1]", "unreadable body: ", id="no object"
        ),
        pytest.param(
            "401 Unauthorized", {"Content-Type": "application/xml"}, b"<a/>", "unreadable body: ", id="no error"
        ),
        pytest.param(
            "302 Found", {"Location": "/elsewhere"}, b"", "HTTP status: expected ‘401’, got ‘302’", id="redirection"
        ),
        pytest.param(
            "401 Unauthorized",
            {"Content-Type": "application/json"},
            b'{"code": "401-999"}',
            "code: expected ‘401-100’, got ‘401-999’; developerMessage: expected ‘The request has",
            id="another code and no sentence",
        ),
    ],
)
def test_a_response_of_another_server_is_wrong(
    listen: Listen, status: str, fields: dict[str, str], body: bytes, explanation: str
) -> None:
    paths = []

    def application(environ: dict[str, Any], start_response: Wsgi) -> list[bytes]:
        paths.append(environ["PATH_INFO"])
        start_response(status, list(fields.items()))
        return [body]

    result = check(f"{listen(application)}/base/", "--accounts", ACCOUNTS, "--locale", "en-US", "--format", "json")
    assert result.exit_code == 1
    outcomes = {(one["name"], one["media_type"]): one for one in json.loads(result.stdout)}
    assert explanation in outcomes["NO_CREDENTIALS", "application/json"]["explanation"]
    assert f"user cannot log in: {status[:3]}" in outcomes["CASES_NOT_FOUND", "application/json"]["explanation"]
    assert {path.split("/")[1] for path in paths} == {"base"}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        pytest.param(None, "cannot be reached: Connection refused.", id="nobody listens"),
        pytest.param(b"SSH-2.0-server\r\n", "does not speak HTTP.", id="another protocol"),
    ],
)
def test_an_unusable_service_is_reported_in_a_sentence(answer: bytes | None, sentence: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = Thread(target=_answer_once, args=(listener, answer))
        if answer is not None:
            listener.listen()
            thread.start()
        result = check(url)
        if answer is not None:
            thread.join()
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {url} {sentence}\n")


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(answer)
        # Until the client has read the response.
        while connection.recv(65536):
            pass


@pytest.mark.parametrize(
    ("accounts", "problem"),
    [
        ("", "is not JSON"),
        ("[]", "must be an object"),
        ('{"agent": {}}', "agent is not a known account"),
        ('{"customer": {"userName": "elodie"}}', "customer.password is missing"),
        ('{"user": {"userName": "nadia", "password": "x", "id": 1}}', "user.id is not a field of this record"),
        ('{"forbiddenCase": "1004"}', "forbiddenCase must be a whole number from 1 to 9223372036854775807"),
    ],
)
def test_unusable_accounts_are_reported_in_a_sentence(accounts: str, problem: str) -> None:
    result = check("http://127.0.0.1:1", "--accounts", "-", stdin=accounts)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: -: {problem}.\n")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8000",
        "ftp://127.0.0.1",
        "http://:8000",
        "http://a:99999",
        "http://[",
        "http://a/?b",
        "http://b:secret@a",
    ],
)
def test_an_unusable_url_is_wrong_usage(url: str) -> None:
    result = check(url)
    assert result.exit_code == 2
    assert "must be a URL such as https://cases.example.com" in result.stderr
    assert "secret" not in result.stderr


def test_accounts_without_a_check_are_wrong_usage() -> None:
    assert CliRunner().invoke(main, ["errors", "--accounts", ACCOUNTS]).exit_code == 2

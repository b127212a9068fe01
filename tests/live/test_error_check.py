"""`casemgr errors --check` against the service, and against servers that only resemble it."""

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from lxml import etree
from sqlalchemy import URL, Engine, func, select
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from app import create_app
from casemgr.accounts.accounts import Account
from casemgr.accounts.sessions import digest_session_id, store_session
from casemgr.accounts.throttling import record_failure, subject_of_address
from casemgr.cli import main
from casemgr.config import Config
from casemgr.database.engine import writing
from casemgr.database.models import FailedLogin, Session
from casemgr.domain.actors import ActorKind
from casemgr.error_check import accounts
from casemgr.errors.catalogue import (
    BODY_TOO_LARGE,
    CASES_NOT_FOUND,
    CATALOGUE,
    IDS_TOO_LONG,
    LOGIN_FAILED,
    PARAMETERS_NOT_ALLOWED,
    TOO_MANY_FAILURES,
    UNAVAILABLE,
    UNEXPECTED,
)
from casemgr.http.limits import MAX_SESSIONS
from casemgr.http.media_types import XML_NAMESPACE, MediaType
from casemgr.i18n.locales import LOCALES
from tests.factories import dispose, store_demo_data
from tests.live.server import ROOT, Server

pytestmark = pytest.mark.sqlite

ACCOUNTS = str(ROOT / "demo" / "accounts.json")
NADIA, MEI, JORGE = (Account(ActorKind.USER, number) for number in (201, 203, 202))
ELODIE = Account(ActorKind.CUSTOMER, 301)

Wsgi = Callable[..., Any]
Listen = Callable[[Wsgi], str]

_SECONDS_BETWEEN_POLLS = 0.02
"""How often a server looks whether it shall end."""


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
            thread = Thread(target=server.serve_forever, args=[_SECONDS_BETWEEN_POLLS])
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


def test_every_error_has_a_probe_but_those_of_a_failing_service() -> None:
    assert [definition for definition in CATALOGUE if definition.probe is None] == [UNEXPECTED, UNAVAILABLE]


PROVOKED = [definition for definition in CATALOGUE if definition.probe]
TOTAL = len(CATALOGUE) * len(LOCALES) * 2
RIGHT = len(PROVOKED) * len(LOCALES) * 2 - len(LOCALES)
"""All responses but one of the two media types of a failed login, for each locale."""


@pytest.mark.usefixtures("demo_data")
def test_the_demo_data_provokes_every_error_five_times_in_a_row_and_no_session_remains(
    application: Wsgi, listen: Listen, engine: Engine
) -> None:
    demo = listen(application)
    store_sessions(engine, JORGE, 2)
    before = stored_sessions(engine)
    for _ in range(4):
        # Only these errors come from failed logins, which would block the address.
        result = check(demo, "--code", LOGIN_FAILED.name, "--code", TOO_MANY_FAILURES.name)
        assert result.exit_code == 0
    result = check(demo, "--accounts", ACCOUNTS, "--format", "json")
    counts = f"Answers: {RIGHT} right, 0 wrong, 0 refused, {TOTAL - RIGHT} not provoked.\n"
    assert (result.exit_code, result.stderr) == (0, counts)
    assert stored_sessions(engine) == before
    outcomes = json.loads(result.stdout)
    not_provoked = {one["name"] for one in outcomes if one["result"] == "not provoked"}
    assert not_provoked == {definition.name for definition in CATALOGUE if definition.probe is None} | {"LOGIN_FAILED"}
    failed_logins = [one["media_type"] for one in outcomes if (one["name"], one["result"]) == ("LOGIN_FAILED", "right")]
    assert failed_logins == list(islice(cycle(MediaType), len(LOCALES)))
    assert count_failures(engine) == 5 * len(LOCALES)


@pytest.mark.live_server
def test_a_check_of_one_locale_blocks_a_name_with_ten_failures(demo: str, engine: Engine) -> None:
    assert check(demo, "--locale", "de").exit_code == 0
    assert count_failures(engine) == 10


@pytest.mark.live_server
def test_accounts_with_five_sessions_are_used_and_lose_only_the_oldest(demo: str, engine: Engine) -> None:
    oldest = set()
    for account in (NADIA, MEI, JORGE, ELODIE):
        first = store_sessions(engine, account, MAX_SESSIONS)
        oldest |= set() if account is JORGE else {first}
    before = stored_sessions(engine)
    result = check(demo, "--accounts", ACCOUNTS, "--locale", "en")
    assert result.exit_code == 0, result.output
    assert "cannot log in" not in result.stdout
    assert stored_sessions(engine) == before - oldest


def store_sessions(engine: Engine, account: Account, number: int) -> bytes:
    """Store sessions from logins, and return the digest of the oldest."""
    now = datetime.now(UTC)
    later = now + timedelta(hours=1)
    session_ids = [f"{account.kind}-{account.id}-{index}" for index in range(number)]
    with writing(engine) as connection:
        for index, session_id in enumerate(session_ids):
            created = now - timedelta(minutes=number - index)
            store_session(connection, session_id, account, later, created=created, idle_expires=later)
    return digest_session_id(session_ids[0])


def count_failures(engine: Engine) -> int:
    """Count the failed logins from the address of the test."""
    with engine.connect() as connection:
        subject = FailedLogin.subject == subject_of_address("127.0.0.1").digest
        return connection.scalar(select(func.count()).select_from(FailedLogin).where(subject)) or 0


def test_only_the_chosen_errors_are_provoked_and_only_their_accounts_used(
    demo_data: None, application: Wsgi, listen: Listen
) -> None:
    paths: list[str] = []

    def record(environ: dict[str, Any], start_response: Wsgi) -> Any:
        paths.append(environ["PATH_INFO"])
        return application(environ, start_response)

    options = ("--code", "404-100", "--code", "NO_CREDENTIALS", "--locale", "sv", "--format", "json")
    result = check(listen(record), "--accounts", ACCOUNTS, *options)
    assert [one["name"] for one in json.loads(result.stdout)] == [*["NO_CREDENTIALS"] * 2, *["CASES_NOT_FOUND"] * 2]
    assert result.stderr == "Answers: 4 right, 0 wrong, 0 refused, 0 not provoked.\n"
    assert [path for path in paths if "/authmgr/" in path] == [
        "/core/authmgr/v3/user/login",
        "/core/authmgr/v3/session",
    ]


@pytest.mark.parametrize(
    ("mount", "path"),
    [
        pytest.param("", "/", id="root"),
        pytest.param("", "/core/casemgr/v3/docs", id="documentation page"),
        pytest.param("", "/core/casemgr/v3/", id="base path of the API"),
        pytest.param("", "/system/ws/v12/authentication/user/login", id="login of the product"),
        pytest.param("", "/.well-known/oauth-authorization-server", id="metadata"),
        pytest.param("/proxy", "/proxy", id="base path of a proxy"),
        pytest.param("/proxy", "/proxy/core/casemgr/v3/docs", id="documentation page behind a proxy"),
    ],
)
def test_a_path_of_the_service_does_not_count(application: Wsgi, listen: Listen, mount: str, path: str) -> None:
    mounted = DispatcherMiddleware(NotFound(), {mount: application}) if mount else application
    result = check(f"{listen(mounted)}{path}", "--code", "NO_CREDENTIALS", "--code", "404-001", "--locale", "en")
    assert (result.exit_code, result.stderr) == (0, "Answers: 4 right, 0 wrong, 0 refused, 0 not provoked.\n")


@pytest.mark.parametrize(
    ("status", "fields", "body", "answer"),
    [
        ("404 Not Found", {"Content-Type": "application/json"}, b"{}", "404 application/json"),
        ("200 OK", {"Content-Type": "text/html"}, b"<p>", "200 text/html"),
        ("301 Moved", {"Location": "https://a/b"}, b"", "301 without a Content-Type with the Location https://a/b"),
    ],
)
def test_another_service_is_told_from_casemgr_in_a_sentence(
    listen: Listen, status: str, fields: dict[str, str], body: bytes, answer: str
) -> None:
    def application(_: object, start_response: Wsgi) -> list[bytes]:
        start_response(status, list(fields.items()))
        return [body]

    url = f"{listen(application)}/shop"
    result = check(f"{url}/", "--accounts", ACCOUNTS)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: {url} is not the URL of casemgr: {url}/core/casemgr/v3/casemgr.xsd should return the XML Schema of "
        f"casemgr, but answers {answer}.\n"
    )


def test_junit_has_a_test_case_for_each_error_locale_and_media_type(
    demo_data: None, application: Wsgi, engine: Engine, listen: Listen
) -> None:
    def in_danish(environ: dict[str, Any], start_response: Wsgi) -> Any:
        if environ["PATH_INFO"].endswith("/cases") and environ["HTTP_ACCEPT"] == "application/xml":
            environ["HTTP_ACCEPT_LANGUAGE"] = "da-DK"
        return application(environ, start_response)

    block_address(engine)
    url = listen(in_danish)
    names = ("404-001", "405-100", "401-102", "404-100", "500-100", "400-105")
    options = [option for name in names for option in ("--code", name)]
    accounts = {"user": {"userName": "nadia", "password": "nadia-demo"}}
    options += ["--locale", "en", "--locale", "sv", "--format", "junit", "--accounts", "-"]
    result = check(f"{url}/core/casemgr/v3/docs", *options, stdin=json.dumps(accounts))
    assert (result.exit_code, result.stderr) == (1, "Answers: 6 right, 2 wrong, 6 refused, 10 not provoked.\n")
    suites = etree.fromstring(result.stdout_bytes)
    (suite,) = suites
    totals = {"tests": "24", "failures": "2", "errors": "6", "skipped": "10"}
    assert suites.tag == "testsuites"
    assert dict(suite.attrib) == {"name": url, **totals}
    assert totals.items() <= dict(suites.attrib).items()
    cases = {
        (case.get("classname"), case.get("name")): [(one.tag, one.get("message")) for one in case] for case in suite
    }
    assert len(cases) == 24
    assert cases["casemgr.errors.METHOD_NOT_ALLOWED", "405-100 sv-SE application/xml"] == []
    ((tag, message),) = cases["casemgr.errors.PATH_NOT_FOUND", "404-001 sv-SE application/xml"]
    assert (tag, str(message)[:50]) == ("failure", "Content-Language: expected ‘sv-SE’, got ‘da-DK’; d")
    ((tag, message),) = cases["casemgr.errors.CASES_NOT_FOUND", "404-100 en-US application/json"]
    assert (tag, str(message)[:38]) == ("error", 'The account user cannot log in: 429 {"')
    reason = "--accounts has no customer."
    assert cases["casemgr.errors.CUSTOMER_NOT_VALID", "400-105 en-US application/xml"] == [("skipped", reason)]


@pytest.mark.live_server
def test_the_curl_commands_get_the_errors_of_the_service(demo: str, engine: Engine) -> None:
    store_sessions(engine, NADIA, 1)
    variables = {"url": demo, "user": f"{NADIA.kind}-{NADIA.id}-0", "unknown": "nobody"}
    for definition in (CASES_NOT_FOUND, PARAMETERS_NOT_ALLOWED, IDS_TOO_LONG, BODY_TOO_LARGE, LOGIN_FAILED):
        options = ["errors", "--curl", "--code", definition.name, "--locale", "de"]
        script = CliRunner().invoke(main, options).stdout
        shell = subprocess.run(["bash", "-c", script], env=os.environ | variables, capture_output=True, check=True)  # noqa: S603, S607 - ours
        header, _, body = shell.stdout.decode().rpartition("\r\n\r\n")
        assert f" {definition.status.value} " in header.splitlines()[0]
        assert "Content-Language: de-DE" in header
        assert json.loads(body)["code"] == definition.code


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


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Handle SIGINT, which a shell makes its background jobs ignore."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("interrupted", [1, 2, 4, 5, 6])
def test_an_interrupt_during_a_login_loses_no_session(
    demo_data: None, application: Wsgi, engine: Engine, listen: Listen, interrupted: int
) -> None:
    """The first three open sessions, the fourth fetches a token, the others fill an account."""
    logins = 0

    def interrupt_at_a_login(environ: dict[str, Any], start_response: Wsgi) -> Any:
        nonlocal logins
        if environ["REQUEST_METHOD"] == "POST":
            logins += 1
            if logins == interrupted:
                os.kill(os.getpid(), signal.SIGINT)
        if environ["REQUEST_METHOD"] == "DELETE":
            os.kill(os.getpid(), signal.SIGTERM)
        return application(environ, start_response)

    before = stored_sessions(engine)
    result = check(listen(interrupt_at_a_login), "--accounts", ACCOUNTS)
    assert (result.exit_code, result.output.strip()) == (1, "Aborted!")
    assert logins <= interrupted + 1  # The token is ended by a POST, too.
    assert stored_sessions(engine) == before


def test_a_failure_of_the_service_loses_no_session(
    demo_data: None, application: Wsgi, engine: Engine, listen: Listen
) -> None:
    def break_off(environ: dict[str, Any], start_response: Wsgi) -> Any:
        if "/case/" in environ["PATH_INFO"]:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return application(environ, start_response)

    before = stored_sessions(engine)
    result = check(listen(break_off), "--accounts", ACCOUNTS)
    assert result.exit_code == 1
    assert "cannot be reached" in result.stderr
    assert stored_sessions(engine) == before


def stored_sessions(engine: Engine) -> set[bytes]:
    with engine.connect() as connection:
        return set(connection.scalars(select(Session.digest)))


@pytest.mark.live_server
def test_a_blocked_address_is_reported_as_refused(demo: str, engine: Engine) -> None:
    block_address(engine)
    result = check(demo, "--accounts", ACCOUNTS, "--locale", "fr-CA")
    assert result.exit_code == 1
    assert "LOGIN_FAILED              -\n" in result.stdout
    assert "TOO_MANY_FAILURES         ok\n" in result.stdout
    assert "LOGIN_FAILED: Too many failed logins from this address; try again in " in result.stdout
    assert 'ACTION_MISSING: The account userWithoutAction cannot log in: 429 {"code":"429-001"' in result.stdout
    assert count_failures(engine) == 100


def block_address(engine: Engine) -> None:
    with writing(engine) as connection:
        for _ in range(100):
            record_failure(connection, [subject_of_address("127.0.0.1")], datetime.now(UTC))


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
        if environ["PATH_INFO"].endswith("/casemgr.xsd"):
            start_response("200 OK", [("Content-Type", "application/xml")])
            return [XML_NAMESPACE.encode()]
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

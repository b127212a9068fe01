"""Login with several workers, and general OAuth 2.0 clients."""

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

from tests.api.client import CASE, JSON, LOGIN, REVOKE, SESSION, TOKEN
from tests.factories import NAME, PASSWORD
from tests.live.conftest import Serve
from tests.live.server import Server

pytestmark = pytest.mark.live_server

FORM = "application/x-www-form-urlencoded"


def call(
    server: Server, method: str, path: str, body: str = "", media_type: str = JSON, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Send a request over a new connection.

    :returns: status, headers and body.
    """
    connection = server.connect()
    try:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Content-Type": media_type} | fields)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def log_in(server: Server, password: str = PASSWORD, path: str = LOGIN["user"]) -> tuple[int, str | None]:
    """Log in; on a busy machine, logins may wait for each other for so long that the client must repeat one."""
    while True:
        status, headers, _ = call(server, "POST", path, json.dumps({"userName": NAME, "password": password}))
        if status != 503:
            return status, headers.get("X-egain-session")


def at_once(times: int, function: Callable[[], tuple[int, str | None]]) -> Counter[int]:
    """Call a function many times, eight at a time, and count the statuses."""
    with ThreadPoolExecutor(8) as pool:
        return Counter(future.result()[0] for future in [pool.submit(function) for _ in range(times)])


def test_all_workers_count_failures_together(server: Server) -> None:
    assert at_once(24, lambda: log_in(server, "wrong")) == {401: 10, 429: 14}
    assert log_in(server)[0] == 429


def test_all_workers_count_sessions_together(server: Server) -> None:
    assert at_once(12, lambda: log_in(server)) == {204: 5, 403: 7}


def test_concurrent_forced_logins_leave_five_sessions(server: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        forced = f"{LOGIN['user']}?forceLogin=yes"
        futures = [pool.submit(log_in, server, PASSWORD, forced) for _ in range(12)]
        sessions = [session for _, session in (future.result() for future in futures) if session]
    live = Counter(call(server, "GET", f"{CASE}/1", X_egain_session=session)[0] for session in sessions)
    assert live == {200: 5, 401: 7}


def test_a_session_survives_the_replacement_of_workers(server: Server) -> None:
    _, session = log_in(server)
    assert session
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)
    assert call(server, "GET", f"{CASE}/1,2", X_egain_session=session)[0] == 200
    assert call(server, "DELETE", SESSION, X_egain_session=session)[0] == 204
    assert call(server, "GET", f"{CASE}/1", X_egain_session=session)[0] == 401


@pytest.mark.sqlite
@pytest.mark.parametrize("include_client_id", [False, True], ids=["HTTP Basic", "form"])
def test_requests_oauthlib_fetches_a_token_and_cases(
    server: Server, monkeypatch: pytest.MonkeyPatch, include_client_id: bool
) -> None:
    # Both libraries require TLS, which a proxy in front of the service would terminate.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with OAuth2Session(client=BackendApplicationClient(client_id=NAME)) as client:
        arguments: dict[str, Any] = {"include_client_id": True} if include_client_id else {}
        client.fetch_token(server.url(TOKEN), client_id=NAME, client_secret=PASSWORD, **arguments)
        response = client.get(server.url(f"{CASE}/1,2"))
    assert [case["id"] for case in response.json()["case"]] == ["1", "2"]


@pytest.mark.sqlite
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_fetches_a_token_and_cases_and_revokes_the_token(
    server: Server, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with AuthlibSession(
        NAME, PASSWORD, token_endpoint_auth_method=method, revocation_endpoint_auth_method=method
    ) as client:
        metadata = client.get(server.url("/.well-known/oauth-authorization-server"), withhold_token=True).json()
        client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
        assert client.get(server.url(f"{CASE}/1")).json()["case"][0]["id"] == "1"
        assert client.revoke_token(metadata["revocation_endpoint"]).status_code == 200
        assert client.get(server.url(f"{CASE}/1")).status_code == 401


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("body", "expected_of_login"),
    [
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\nno size\r\n", b'"400-120"', id="chunk without a size"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n1388\r\n" + b" " * 5000 + b"\r\n0\r\n\r\n",
            b'"413-100"',
            id="long chunk",
        ),
        pytest.param(b"Content-Length: 5000\r\n\r\n" + b" " * 5000, b'"413-100"', id="long"),
        pytest.param(b"Content-Length: 4000\r\n\r\n{}", b'"400-120"', id="cut off"),
    ],
)
def test_an_unreadable_body_gives_a_client_error(server: Server, body: bytes, expected_of_login: bytes) -> None:
    for path, media_type, expected in ((LOGIN["user"], JSON, expected_of_login), (TOKEN, FORM, b'"invalid_request"')):
        fields = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {media_type}\r\n"
        assert expected in server.send(fields.encode() + body, shut_down=True)


@pytest.mark.sqlite
def test_the_log_does_not_repeat_malformed_requests(server: Server) -> None:
    secret = "secret-of-the-test"
    first = "GET / HTTP/1.1"
    for garbage in (f"{secret} / HTTP/1.1", f"GET / {secret}", f"{first}\r\n{secret}", f"{first}\r\n{secret} : x"):
        server.send(f"{garbage}\r\n\r\n".encode())
    log = server.stop()
    assert log.count("Invalid request from") == 4
    assert secret not in log


@pytest.mark.sqlite
def test_the_log_contains_no_password_secret_or_session(server: Server) -> None:
    wrong = "wrong password"
    form = {"grant_type": "client_credentials", "client_id": NAME, "client_secret": PASSWORD}
    _, session = log_in(server)
    assert session
    token = json.loads(call(server, "POST", TOKEN, urlencode(form), FORM)[2])["access_token"]
    requests = [
        ("POST", LOGIN["customer"], json.dumps({"userName": NAME, "password": wrong}), JSON, {}),
        ("POST", LOGIN["customer"], json.dumps({"userName": NAME, "password": [PASSWORD]}), JSON, {}),
        ("POST", LOGIN["customer"], json.dumps({"userName": NAME, "password": PASSWORD})[:-1], JSON, {}),
        ("POST", TOKEN, urlencode(form | {"client_secret": wrong}), FORM, {}),
        ("POST", REVOKE, urlencode(form | {"token": token}), FORM, {}),
        ("GET", f"{CASE}/1", "", JSON, {"Authorization": f"Bearer {token}"}),
        ("GET", f"{CASE}/1", "", JSON, {"X_egain_session": f"{session} x"}),
        ("DELETE", SESSION, "", JSON, {"X_egain_session": session}),
    ]
    for method, path, body, media_type, headers in requests:
        call(server, method, path, body, media_type, **headers)
    log = server.stop()
    assert log.count('"route":') == 2 + len(requests)
    for secret in (PASSWORD, PASSWORD.replace(" ", "+"), wrong, wrong.replace(" ", "+"), session, token):
        assert secret not in log


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("trusted", "scheme"), [("", "http"), ("10.0.0.0/8", "http"), ("10.0.0.0/8, 127.0.0.1", "https")]
)
def test_the_forwarded_scheme_counts_only_from_a_trusted_proxy(serve: Serve, trusted: str, scheme: str) -> None:
    server = serve(CASEMGR_TRUSTED_PROXIES=trusted)
    metadata = call(server, "GET", "/.well-known/oauth-authorization-server", X_Forwarded_Proto="https")[2]
    assert json.loads(metadata)["issuer"] == f"{scheme}://127.0.0.1:{server.port}"

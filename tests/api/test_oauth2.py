"""Tokens of client applications: RFC 6749, RFC 7009 and RFC 8414."""

import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update
from werkzeug.test import TestResponse

from casemgr.accounts.throttling import record_failure, subject_of_account, subject_of_address
from casemgr.database import models
from casemgr.database.engine import writing
from casemgr.domain.actors import ActorKind
from tests.api.client import CASE, JSON, LOGIN, REVOKE, TOKEN, XML, CheckedClient, details, error
from tests.api.conftest import AdvanceTime, MakeApp
from tests.factories import CLIENT, NAME, PASSWORD, USER, actors, client_application, store

GRANT = {"grant_type": "client_credentials"}
SECRET = {"client_id": NAME, "client_secret": PASSWORD}
METADATA = "/.well-known/oauth-authorization-server"

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("stored_accounts"), pytest.mark.sqlite]


def basic(text: str = f"{NAME}:{PASSWORD}") -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


def oauth2_error(response: TestResponse) -> tuple[int, str]:
    body: dict[str, Any] = json.loads(response.data)
    assert response.headers["Content-Type"] == JSON
    assert response.headers["Pragma"] == "no-cache"
    assert set(body) <= {"error", "error_description"}
    assert all(" " <= character <= "~" and character not in '"\\' for character in body.get("error_description", ""))
    return response.status_code, body["error"]


def token(client: CheckedClient) -> str:
    return str(json.loads(client.post(TOKEN, data=GRANT, headers=basic()).data)["access_token"])


def status_of(client: CheckedClient, session_id: str) -> int:
    """Request a missing case and return the status: 404 with a valid token, else 401."""
    return client.get(f"{CASE}/1", headers={"Authorization": f"Bearer {session_id}"}).status_code


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        pytest.param(GRANT, basic(), id="HTTP Basic"),
        pytest.param(GRANT | SECRET, {}, id="form"),
        pytest.param(GRANT | {"client_id": NAME}, basic(), id="HTTP Basic, and the ID in the form"),
        pytest.param(GRANT | {"unknown": "x", "scope": ""}, basic(), id="parameters unknown and empty"),
        pytest.param(GRANT, basic() | {"Accept": "text/html", "Accept-Language": "xx"}, id="no negotiation"),
        pytest.param(GRANT | SECRET, {"Authorization": "Bearer x"}, id="form, and a token that is ignored"),
    ],
)
def test_a_client_gets_a_token(client: CheckedClient, form: dict[str, str], headers: dict[str, str]) -> None:
    response = client.post(TOKEN, data=form, headers=headers)
    body = json.loads(response.data)
    assert response.status_code == 200
    assert set(body) == {"token_type", "access_token", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Pragma"] == "no-cache"
    assert "X-egain-session" not in response.headers
    assert status_of(client, body["access_token"]) == 404


def test_every_token_is_new_and_expires_after_its_lifetime(client: CheckedClient, advance_time: AdvanceTime) -> None:
    first, second = token(client), token(client)
    assert first != second
    advance_time(timedelta(seconds=3590))
    assert status_of(client, first) == 404
    advance_time(timedelta(seconds=10))
    assert status_of(client, first) == 401


def test_a_client_may_have_many_tokens(client: CheckedClient) -> None:
    tokens = [token(client) for _ in range(7)]
    assert [status_of(client, session_id) for session_id in tokens] == [404] * 7


def test_a_client_of_another_type_gets_a_token_but_no_case(client: CheckedClient, engine: Engine) -> None:
    store(engine, client_application(40, clientType="Kiosk", clientId=NAME, clientSecret=PASSWORD), replace=True)
    response = client.get(f"{CASE}/1", headers={"Authorization": f"Bearer {token(client)}"})
    assert error(response) == (403, "403-112")


@pytest.mark.parametrize("text", [f"a%64a:{PASSWORD}", f"{NAME}:wide%20as%20the%20sea"])
def test_basic_credentials_may_be_percent_encoded(client: CheckedClient, text: str) -> None:
    assert client.post(TOKEN, data=GRANT, headers=basic(text)).status_code == 200


@pytest.mark.parametrize(
    ("form", "headers", "expected"),
    [
        pytest.param({}, basic(), (400, "invalid_request"), id="nothing"),
        pytest.param({"grant_type": ""}, basic(), (400, "invalid_request"), id="empty grant type"),
        pytest.param({"grant_type": "password"}, basic(), (400, "unsupported_grant_type"), id="another grant type"),
        pytest.param({"grant_type": 'é"\\\n'}, basic(), (400, "unsupported_grant_type"), id="odd grant type"),
        pytest.param(GRANT | {"scope": "read"}, basic(), (400, "invalid_scope"), id="scope"),
        pytest.param(
            GRANT | {"scope": "core.casemgr.read core.casemgr.manage"},
            basic(),
            (400, "invalid_scope"),
            id="one bad scope",
        ),
        pytest.param(GRANT | SECRET, basic(), (400, "invalid_request"), id="two ways of authentication"),
        pytest.param(GRANT | SECRET, {"Authorization": "BASIC\tYQ=="}, (400, "invalid_request"), id="two ways, a tab"),
        pytest.param(GRANT, {"Authorization": "Basic YWRhOng=,Basic YWRhOng="}, (401, "invalid_client"), id="twice"),
        pytest.param({"grant_type": ["client_credentials"] * 2}, basic(), (400, "invalid_request"), id="repeated"),
        pytest.param(GRANT | {"x": "y" * 5000}, basic(), (400, "invalid_request"), id="too long"),
        pytest.param(GRANT, {}, (401, "invalid_client"), id="no authentication"),
        pytest.param(GRANT | {"client_id": NAME}, {}, (401, "invalid_client"), id="no secret"),
        pytest.param(GRANT | SECRET | {"client_secret": "x"}, {}, (401, "invalid_client"), id="wrong secret"),
        pytest.param(GRANT | SECRET | {"client_id": "x"}, {}, (401, "invalid_client"), id="unknown client"),
        pytest.param(GRANT, basic(f"{NAME}:wrong"), (401, "invalid_client"), id="Basic, wrong secret"),
        pytest.param(GRANT, basic(f"{NAME}:"), (401, "invalid_client"), id="Basic, no secret"),
        pytest.param(GRANT, basic(NAME), (401, "invalid_client"), id="Basic without a colon"),
        pytest.param(GRANT, {"Authorization": "Basic"}, (401, "invalid_client"), id="Basic without credentials"),
        pytest.param(GRANT, {"Authorization": "Basic !"}, (401, "invalid_client"), id="not Base64"),
        pytest.param(GRANT, {"Authorization": "Basic w6k="}, (401, "invalid_client"), id="UTF-8"),
        pytest.param(GRANT, {"Authorization": "Basic /zr/"}, (401, "invalid_client"), id="not UTF-8"),
        pytest.param(GRANT, {"Authorization": f"Bearer {PASSWORD}"}, (401, "invalid_client"), id="Bearer"),
    ],
)
def test_an_invalid_token_request_gives_the_error_of_rfc_6749(
    client: CheckedClient, form: dict[str, Any], headers: dict[str, str], expected: tuple[int, str]
) -> None:
    response = client.post(TOKEN, data=form, headers=headers)
    assert oauth2_error(response) == expected
    if expected[0] == 401:
        assert response.headers["WWW-Authenticate"] == 'Basic realm="casemgr"'


def test_every_failed_authentication_gives_the_same_response(client: CheckedClient, engine: Engine) -> None:
    wrong = client.post(TOKEN, data=GRANT | SECRET | {"client_secret": "wrong"})
    unknown = client.post(TOKEN, data=GRANT | SECRET | {"client_id": "unknown"})
    with engine.begin() as connection:
        connection.execute(update(models.ClientApplication).values(disabled=True))
    disabled = client.post(TOKEN, data=GRANT | SECRET)
    assert wrong.data == unknown.data == disabled.data


def test_a_form_that_is_not_utf_8_is_refused(client: CheckedClient) -> None:
    body = b"grant_type=client_credentials&x=\xff"
    response = client.post(TOKEN, data=body, content_type="application/x-www-form-urlencoded", headers=basic())
    assert oauth2_error(response) == (400, "invalid_request")


@pytest.mark.parametrize("path", [TOKEN, REVOKE])
@pytest.mark.parametrize("content_type", [None, JSON, XML, "text/plain", "multipart/form-data"])
def test_a_body_that_is_not_a_form_is_refused(client: CheckedClient, path: str, content_type: str | None) -> None:
    response = client.post(path, data=b"grant_type=client_credentials", content_type=content_type, headers=basic())
    assert oauth2_error(response) == (400, "invalid_request")


def test_credentials_in_the_url_are_ignored(client: CheckedClient) -> None:
    response = client.post(TOKEN, query_string=GRANT | SECRET, data=GRANT)
    assert oauth2_error(response) == (401, "invalid_client")


def test_ten_failures_throttle_a_client(client: CheckedClient, engine: Engine) -> None:
    responses = [client.post(TOKEN, data=GRANT, headers=basic(f"{NAME}:wrong")) for _ in range(11)]
    assert [oauth2_error(response) for response in responses] == [(401, "invalid_client")] * 10 + [
        (429, "invalid_client")
    ]
    assert 0 < int(responses[-1].headers["Retry-After"]) <= 900
    assert client.post(TOKEN, data=GRANT, headers=basic()).status_code == 429


def test_failures_of_clients_count_towards_their_address(client: CheckedClient, engine: Engine) -> None:
    with engine.begin() as connection:
        for _ in range(99):
            record_failure(connection, [subject_of_address("127.0.0.1")], datetime.now(UTC))
    statuses = [client.post(TOKEN, data=GRANT | SECRET | {"client_id": name}).status_code for name in ("x", "y")]
    assert statuses == [401, 429]


def test_failures_of_a_user_do_not_throttle_a_client_with_the_same_name(client: CheckedClient, engine: Engine) -> None:
    with engine.begin() as connection:
        for _ in range(10):
            record_failure(connection, [subject_of_account(ActorKind.USER, NAME)], datetime.now(UTC))
    assert client.post(TOKEN, data=GRANT, headers=basic()).status_code == 200


@pytest.mark.parametrize("path", [TOKEN, REVOKE])
def test_only_post_is_allowed(client: CheckedClient, path: str) -> None:
    response = client.get(path)
    assert error(response) == (405, "405-100")
    assert details(response, "method") == sorted(client.options(path).allow) == ["OPTIONS", "POST"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    path=st.sampled_from([TOKEN, REVOKE]),
    body=st.binary(max_size=60),
    credentials=st.binary(max_size=20).map(lambda raw: b"Basic " + base64.b64encode(raw)) | st.binary(max_size=20),
)
def test_no_request_gives_500(client: CheckedClient, path: str, body: bytes, credentials: bytes) -> None:
    header = credentials.decode("latin-1").translate({10: None, 13: None})
    response = client.post(
        path,
        data=b"grant_type=client_credentials&" + body,
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": header},
    )
    assert oauth2_error(response)[0] in {400, 401, 429}


def test_a_client_can_try_again_while_the_database_takes_no_writes(
    client: CheckedClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casemgr.database.databases._LOCK_TIMEOUT", 0.1)
    issued = token(client)
    with writing(engine) as connection:
        connection.execute(update(models.ClientApplication).values(disabled=models.ClientApplication.disabled))
        connection.execute(update(models.Session).values(expires=models.Session.expires))
        for path, form in ((TOKEN, GRANT), (REVOKE, {"token": issued})):
            response = client.post(path, data=form, headers=basic())
            assert oauth2_error(response) == (503, "temporarily_unavailable")
            assert response.headers["Retry-After"] == "5"
    assert status_of(client, issued) == 404
    assert client.post(REVOKE, data={"token": issued}, headers=basic()).status_code == 200


# Revocation.


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({}, id="token alone"),
        pytest.param({"token_type_hint": "access_token"}, id="hint"),
        pytest.param({"token_type_hint": "refresh_token"}, id="wrong hint"),
        pytest.param({"token_type_hint": "nonsense"}, id="unknown hint"),
    ],
)
def test_a_revoked_token_is_no_longer_valid(client: CheckedClient, form: dict[str, str]) -> None:
    revoked, other = token(client), token(client)
    response = client.post(REVOKE, data={"token": revoked, **form}, headers=basic())
    assert response.status_code == 200
    assert [status_of(client, session_id) for session_id in (revoked, other)] == [401, 404]


@pytest.mark.parametrize("session_id", ["unknown", USER])
def test_revoking_an_unknown_token_succeeds(client: CheckedClient, engine: Engine, session_id: str) -> None:
    store(engine, *(record for record in actors() if record["type"] == "session"))
    assert client.post(REVOKE, data={"token": session_id}, headers=basic()).status_code == 200
    assert client.get(f"{CASE}/1", headers={"X-egain-session": USER}).status_code == 404


def test_the_token_of_another_client_is_not_revoked(client: CheckedClient, engine: Engine) -> None:
    store(engine, client_application(41, clientId="other", clientSecret="other"))
    issued = token(client)
    response = client.post(REVOKE, data={"token": issued}, headers=basic("other:other"))
    assert oauth2_error(response) == (400, "invalid_grant")
    assert status_of(client, issued) == 404


@pytest.mark.parametrize(
    ("form", "headers", "expected"),
    [
        pytest.param({}, basic(), (400, "invalid_request"), id="no token"),
        pytest.param({"token": CLIENT}, {}, (401, "invalid_client"), id="no authentication"),
        pytest.param({"token": CLIENT}, basic("ada:wrong"), (401, "invalid_client"), id="wrong secret"),
        pytest.param({"token": [CLIENT, CLIENT]}, basic(), (400, "invalid_request"), id="repeated"),
    ],
)
def test_an_invalid_revocation_is_refused(
    client: CheckedClient, form: dict[str, Any], headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert oauth2_error(client.post(REVOKE, data=form, headers=headers)) == expected


# Metadata.


def test_the_metadata_name_the_endpoints(client: CheckedClient) -> None:
    response = client.get(METADATA, headers={"Accept": "text/html"}, base_url="https://localhost:8443")
    metadata = AuthorizationServerMetadata(json.loads(response.data))
    metadata.validate()
    assert metadata["issuer"] == "https://localhost:8443"
    for name, path in (("token_endpoint", TOKEN), ("revocation_endpoint", REVOKE)):
        assert metadata[name] == f"https://localhost:8443{path}"
        assert set(metadata[f"{name}_auth_methods_supported"]) == {"client_secret_basic", "client_secret_post"}
    assert metadata["grant_types_supported"] == ["client_credentials"]


def test_the_base_url_is_a_setting(make_app: MakeApp) -> None:
    app = make_app(base_url="https://cases.example.com")
    metadata = json.loads(app.test_client().get(METADATA).data)
    assert metadata["issuer"] == "https://cases.example.com"
    assert metadata["token_endpoint"] == f"https://cases.example.com{TOKEN}"


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:8000", "127.255.0.9", "[::1]", "[::1]:8080"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_without_the_setting_the_metadata_name_the_host_if_it_is_this_machine(
    client: CheckedClient, host: str, scheme: str
) -> None:
    response = client.get(METADATA, headers={"Host": host}, environ_overrides={"wsgi.url_scheme": scheme})
    assert json.loads(response.data)["issuer"] == f"{scheme}://{host}"


@pytest.mark.parametrize(
    "host",
    [
        *("cases.example.com", "192.0.2.1", "[2001:db8::1]:8000", "0.0.0.0", "[::]", "128.0.0.1"),  # noqa: S104
        *("localhost.evil.example", "evil.example:80", "localhost@evil.example", "127.0.0.1.evil.example", "127.1"),
        *("127.0.0.256", "127.0.0.01", "[::1].evil.example", "[::1", "::1", "localhost:", "localhost:port"),
        *("localhost:8000\n", "localhost, evil.example", "localhost/evil", "localhost?", "localhost:123456"),
        *("", "a b", 'x"y', "é", "ｌocalhost", "127.0.0.１"),
    ],
)
def test_without_the_setting_another_host_gets_no_metadata(make_app: MakeApp, host: str) -> None:
    environment = {"HTTP_HOST": host.encode().decode("latin-1")}
    response = make_app().test_client().get(METADATA, environ_overrides=environment)
    assert error(response) == (404, "404-001")
    configured = make_app(base_url="https://cases.example.com").test_client()
    metadata = json.loads(configured.get(METADATA, environ_overrides=environment).data)
    assert metadata["issuer"] == "https://cases.example.com"


def test_the_lifetime_of_a_token_is_a_setting(make_app: MakeApp) -> None:
    app = make_app(token_lifetime=timedelta(minutes=5))
    response = app.test_client().post(TOKEN, data=GRANT, headers=basic())
    assert json.loads(response.data)["expires_in"] == 300


def test_the_debugging_log_contains_no_secret(client: CheckedClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    issued = token(client)
    client.post(TOKEN, data=GRANT | SECRET)
    client.post(TOKEN, data=GRANT | SECRET | {"client_secret": "wrong secret"})
    client.post(REVOKE, data={"token": issued}, headers=basic())
    client.post(LOGIN["user"], json={"userName": NAME, "password": PASSWORD})
    assert all(secret not in caplog.text for secret in (issued, PASSWORD, "wrong secret"))


@pytest.mark.parametrize(
    "scope", ["core.casemgr.read", "app.core.casemgr.read", "app.core.casemgr.read core.casemgr.read"]
)
def test_a_supported_scope_is_repeated(client: CheckedClient, scope: str) -> None:
    response = client.post(TOKEN, data=GRANT | {"scope": scope}, headers=basic())
    assert json.loads(response.data)["scope"] == scope


def test_a_response_to_a_request_without_scope_has_none(client: CheckedClient) -> None:
    assert "scope" not in json.loads(client.post(TOKEN, data=GRANT, headers=basic()).data)


def test_a_throttled_client_can_still_revoke_its_token(client: CheckedClient) -> None:
    issued = token(client)
    for _ in range(10):
        client.post(TOKEN, data=GRANT, headers=basic(f"{NAME}:wrong"))
    assert client.post(TOKEN, data=GRANT, headers=basic()).status_code == 429
    assert client.post(REVOKE, data={"token": "unknown"}, headers=basic()).status_code == 200
    assert status_of(client, issued) == 404
    assert client.post(REVOKE, data={"token": issued}, headers=basic()).status_code == 200
    assert status_of(client, issued) == 401


def test_a_throttled_client_cannot_revoke_the_token_of_another(client: CheckedClient, engine: Engine) -> None:
    store(engine, client_application(41, clientId="other", clientSecret=PASSWORD))
    issued = token(client)
    for _ in range(11):
        client.post(TOKEN, data=GRANT, headers=basic("other:wrong"))
    assert client.post(REVOKE, data={"token": issued}, headers=basic("other:wrong")).status_code == 400
    assert status_of(client, issued) == 404

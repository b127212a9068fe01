"""Clients that exist: the header fields that they send by default, and the paths that they log in at."""

import pytest

from casemgr.http.paths import LOGIN_PATHS, LOGOUT_PATHS
from tests.api.client import CASE, JSON, XML, CheckedClient
from tests.api.conftest import StoreRecords
from tests.factories import NAME, PASSWORD, USER, case

pytestmark = pytest.mark.sqlite

BROWSER_LANGUAGES = "en-US,en;q=0.5"

DEFAULT_FIELDS = {
    "Java HttpURLConnection": {
        "Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        "User-Agent": "Java/17.0.9",
        "Connection": "keep-alive",
    },
    "Java HttpClient": {
        "Connection": "Upgrade, HTTP2-Settings",
        "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
        "Upgrade": "h2c",
        "User-Agent": "Java-http-client/17.0.9",
    },
    ".NET HttpClient": {},
    "Python requests": {
        "User-Agent": "python-requests/2.32.3",
        "Accept-Encoding": "gzip, deflate",
        "Accept": "*/*",
        "Connection": "keep-alive",
    },
    "Python aiohttp": {
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "Python/3.12 aiohttp/3.9.5",
    },
    "Node fetch": {
        "Accept": "*/*",
        "Accept-Language": "*",
        "Sec-Fetch-Mode": "cors",
        "User-Agent": "node",
        "Accept-Encoding": "gzip, deflate",
    },
    "axios": {
        "Accept": "application/json, text/plain, */*",
        "User-Agent": "axios/1.7.2",
        "Accept-Encoding": "gzip, compress, deflate, br",
    },
    "Go": {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"},
    "Ruby": {
        "Accept-Encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
        "Accept": "*/*",
        "User-Agent": "Ruby",
    },
    "PHP curl": {"Accept": "*/*"},
    "PHP Guzzle": {"User-Agent": "GuzzleHttp/7"},
    "curl": {"User-Agent": "curl/8.5.0", "Accept": "*/*"},
    "Chrome": {
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
        "application/signed-exchange;v=b3;q=0.7",
        "Accept-Language": "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
        "Accept-Encoding": "gzip, deflate, br, zstd",
    },
    "Firefox": {
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "Accept-Language": BROWSER_LANGUAGES,
        "Accept-Encoding": "gzip, deflate, br",
    },
    "Safari": {
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language": "fr-FR,fr;q=0.9",
        "Accept-Encoding": "gzip, deflate, br",
    },
    "Postman": {
        "User-Agent": "PostmanRuntime/7.39.0",
        "Accept": "*/*",
        "Cache-Control": "no-cache",
        "Postman-Token": "0b9f7c3e-5b0e-4d0a-9a52-6d2a8d7f2c11",
        "Accept-Encoding": "gzip, deflate, br",
        "Connection": "keep-alive",
    },
}

SESSION_HEADER = "X-egain-session"


@pytest.mark.parametrize("fields", DEFAULT_FIELDS.values(), ids=DEFAULT_FIELDS)
def test_a_client_gets_a_case_with_its_default_header_fields(
    store_records: StoreRecords, client: CheckedClient, fields: dict[str, str]
) -> None:
    store_records(case(1))
    response = client.get(f"{CASE}/1", headers=fields | {SESSION_HEADER: USER})
    assert response.status_code == 200
    # Browsers prefer XML to nothing in particular.
    assert response.content_type == (XML if "application/xml" in fields.get("Accept", "") else JSON)


@pytest.mark.usefixtures("stored_accounts")
@pytest.mark.parametrize(
    ("kind", "path"), [(kind, path) for kind, paths in LOGIN_PATHS.items() for path in paths], ids=str
)
@pytest.mark.parametrize(
    ("logout_path", "method"), [(path, one) for path, many in LOGOUT_PATHS.items() for one in many]
)
def test_sessions_begin_and_end_at_the_paths_of_the_product(
    client: CheckedClient, kind: str, path: str, logout_path: str, method: str
) -> None:
    login = client.post(f"{path}?forceLogin=yes", json={"userName": NAME, "password": PASSWORD})
    session = {SESSION_HEADER: login.headers[SESSION_HEADER]}
    assert (login.status_code, login.data) == (204, b"")
    assert client.get(f"{CASE}/1", headers=session).status_code == 404
    assert client.open(logout_path, method=method, headers=session).status_code == 204
    assert client.get(f"{CASE}/1", headers=session).status_code == 401


@pytest.mark.parametrize("path", [path for paths in LOGIN_PATHS.values() for path in paths])
def test_a_login_path_allows_post_alone(client: CheckedClient, path: str) -> None:
    assert client.get(path).status_code == 405
    assert client.options(path).headers["Allow"] in {"OPTIONS, POST", "POST, OPTIONS"}

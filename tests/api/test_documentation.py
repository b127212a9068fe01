"""The documentation page and its static files over HTTP; tests/live opens the page in a browser."""

import json
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from casemgr.web.docs_page import DEMO_ACCOUNTS
from tests.api.client import error
from tests.api.conftest import MakeApp
from tests.live.server import ROOT

pytestmark = pytest.mark.sqlite

BASE = "/core/casemgr/v3"
PAGE = f"{BASE}/docs"
GUIDE = f"{PAGE}/guide.md"
FILE = f"{PAGE}/scalar.js"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """Create a client without the checks for responses of the API."""
    return FlaskClient(app)


def test_the_page_forbids_other_origins_and_inline_scripts(visitor: FlaskClient) -> None:
    response = visitor.get(PAGE)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "private, no-store"
    page = html.fromstring(response.text)
    assert not page.xpath("//style | //script[not(@src)] | //@style | //@*[starts-with(name(), 'on')]")


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/errors"])
def test_every_link_of_a_page_works(visitor: FlaskClient, path: str) -> None:
    page = html.fromstring(visitor.get(path).text)
    urls = page.xpath("//@src | //@href")
    paths = {urljoin(path, url) for url in urls if not url.startswith(("#", "?"))}
    assert len(paths) > 5
    assert {path: visitor.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


@pytest.mark.parametrize(
    ("path", "accept", "location"),
    [
        pytest.param("/", BROWSER, "core/casemgr/v3/docs", id="root"),
        pytest.param("/docs", BROWSER, "core/casemgr/v3/docs", id="docs"),
        pytest.param(f"{PAGE}/", BROWSER, "../docs", id="final slash"),
        pytest.param("/", "*/*", None, id="any media type"),
        pytest.param("/", "text/*", None, id="any text"),
        pytest.param("/", "text/html;q=0, */*", None, id="anything but HTML"),
        pytest.param("/", None, None, id="no Accept"),
        pytest.param("//", BROWSER, None, id="another path"),
        pytest.param(f"{BASE}/", BROWSER, None, id="base path"),
    ],
)
def test_browsers_are_led_to_the_page(
    visitor: FlaskClient, path: str, accept: str | None, location: str | None
) -> None:
    headers = {"Accept": accept} if accept else {}
    response = visitor.get("/", headers=headers, environ_overrides={"PATH_INFO": path})
    if location:
        assert (response.status_code, response.headers["Location"]) == (302, location)
        assert "Accept" in response.vary
    else:
        assert response.status_code == 404
        assert "404-001" in response.text


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
def test_other_methods_are_not_led_to_the_page(visitor: FlaskClient, method: str) -> None:
    assert visitor.open("/", method=method, headers={"Accept": BROWSER}).status_code == 404


@pytest.mark.parametrize(
    ("settings", "host", "address"),
    [
        ({}, "localhost:8080", "http://localhost:8080"),
        ({}, "cases.test:8080", "https://cases.example.com"),
        ({}, "<b>", "https://cases.example.com"),
        ({"base_url": "https://cases.test"}, "localhost", "https://cases.test"),
    ],
)
def test_the_guide_has_the_address_of_the_service(
    make_app: MakeApp, settings: dict[str, str], host: str, address: str
) -> None:
    guide = FlaskClient(make_app(**settings)).get(GUIDE, headers={"Host": host}).text
    for sample in (f"base={address}\n", f'base = "{address}"\n', f'const base = "{address}";\n'):
        assert sample in guide


def test_the_demo_accounts_are_those_of_the_demo_data() -> None:
    lines = (ROOT / "demo" / "dataset.jsonl").read_text(encoding="utf-8").splitlines()
    records = [list(json.loads(line).values()) for line in lines]
    for account in DEMO_ACCOUNTS:
        assert any(account.name in values and account.password in values for values in records)


@pytest.mark.parametrize("are_shown", [True, False])
@pytest.mark.parametrize("path", [PAGE, GUIDE])
def test_demo_accounts_are_shown_only_with_the_demo_data(make_app: MakeApp, path: str, are_shown: bool) -> None:
    text = FlaskClient(make_app(demo_accounts=are_shown)).get(path).text
    for account in (DEMO_ACCOUNTS[0], DEMO_ACCOUNTS[2]):
        assert (account.name in text, account.password in text) == (are_shown, are_shown)
    assert ('"userName": "NAME", "password": "PASSWORD"' in text) == (path == GUIDE and not are_shown)
    assert ("Set the address and the accounts here:" in text) == (path == GUIDE and not are_shown)
    assert are_shown or "demo data" not in text


def test_a_static_file_is_revalidated_by_its_etag(visitor: FlaskClient) -> None:
    first = visitor.get(FILE, headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["Vary"] == "Accept-Encoding"
    for tag, status in ((first.headers["ETag"], 304), ('W/"another version"', 200)):
        again = visitor.get(FILE, headers={"Accept-Encoding": "gzip", "If-None-Match": tag})
        assert (again.status_code, bool(again.data)) == (status, status == 200)


def test_a_static_file_varies_by_origin_with_cors(make_app: MakeApp) -> None:
    response = FlaskClient(make_app(cors_origins=("https://console.example.com",))).get(FILE)
    assert set(response.vary) == {"Accept-Encoding", "Origin"}


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("path", ["", "/", "/errors", "/guide.md", "/scalar.js", "/nothing.js"])
def test_a_setting_hides_the_page_and_its_files(make_app: MakeApp, method: str, path: str) -> None:
    visitor = FlaskClient(make_app(docs_page=False))
    response = visitor.open(f"{PAGE}{path}", method=method, headers={"Accept": "text/html, */*"})
    assert error(response) == (404, "404-001")


@pytest.mark.parametrize("path", ["openapi.json", "openapi.yaml", "casemgr.xsd", "errors"])
def test_the_descriptions_for_programs_remain_without_the_page(make_app: MakeApp, path: str) -> None:
    assert FlaskClient(make_app(docs_page=False)).get(f"{BASE}/{path}").status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fapp.py", "scalar.standalone.js"])
def test_other_static_files_give_404(visitor: FlaskClient, name: str) -> None:
    response = visitor.get(f"{PAGE}/{name}")
    assert error(response) == (404, "404-001")
    assert response.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", [PAGE, GUIDE, FILE, f"{PAGE}/errors"])
def test_options_lists_the_methods(visitor: FlaskClient, path: str) -> None:
    response = visitor.options(path)
    assert (response.status_code, response.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    assert visitor.post(path).status_code == 405

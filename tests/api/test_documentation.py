"""The documentation page and its static files over HTTP; tests/live opens the page in a browser."""

import re
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.listing import list_sentences_of
from casemgr.i18n.locales import LOCALES, Locale
from tests.api.client import error
from tests.api.conftest import MakeApp

pytestmark = pytest.mark.sqlite

BASE = "/core/casemgr/v3"
PAGE = f"{BASE}/docs"
FILE = f"{PAGE}/swagger-ui.css"


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """Create a client without the checks for responses of the API."""
    return FlaskClient(app)


def errors_of(page: str) -> list[list[str]]:
    """Read the rows of the table of errors."""
    rows = html.fromstring(page).findall(".//section[@id='errors']//tbody/tr")
    return [[cell.text_content().strip() for cell in row] for row in rows]


def test_the_page_forbids_other_origins_and_inline_scripts_and_styles(visitor: FlaskClient) -> None:
    response = visitor.get(PAGE)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "private, no-store"
    page = html.fromstring(response.text)
    assert not page.xpath("//style | //script[not(@src)] | //@style | //@*[starts-with(name(), 'on')]")


def test_every_link_of_the_page_works(visitor: FlaskClient) -> None:
    page = html.fromstring(visitor.get(PAGE).text)
    paths = {urljoin(PAGE, url) for url in page.xpath("//@src | //@href") if not url.startswith(("#", "?"))}
    assert len(paths) == 8
    assert {path: visitor.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: locale.language_tag)
def test_the_table_of_errors_is_translated(visitor: FlaskClient, locale: Locale) -> None:
    page = visitor.get(PAGE, query_string={"locale": locale.language_tag}).text
    rows = errors_of(page)
    assert [row[0] for row in rows] == [definition.code for definition in CATALOGUE]
    for definition, row in zip(CATALOGUE, rows, strict=True):
        *developer, user = (sentence.message for sentence in list_sentences_of(definition, locale))
        assert row[2:4] == [re.sub(r"%\((\w+)\)s", r"\1", "".join(developer)), user]
    chosen = html.fromstring(page).xpath("//a[@aria-current]/@lang")
    assert chosen == [locale.language_tag]
    assert set(html.fromstring(page).xpath("//td/@lang")) == {locale.language_tag}


@pytest.mark.parametrize(
    ("query", "accept_language", "language_tag"),
    [
        pytest.param("", None, "en-US", id="no preference"),
        pytest.param("", "fr-CA, fr;q=0.8", "fr-CA", id="Accept-Language"),
        pytest.param("", "pl", "en-US", id="Accept-Language without a locale"),
        pytest.param("?locale=ja-JP", "de", "ja-JP", id="parameter"),
        pytest.param("?locale=ja", "de", "ja-JP", id="parameter with a language"),
        pytest.param(f"?locale={'a-' * 30_000}a", "de", "de-DE", id="long unknown parameter"),
        pytest.param("?locale=xx", "de", "de-DE", id="unknown parameter"),
    ],
)
def test_the_page_selects_a_locale(
    visitor: FlaskClient, query: str, accept_language: str | None, language_tag: str
) -> None:
    headers = {"Accept-Language": accept_language} if accept_language else {}
    page = visitor.get(f"{PAGE}{query}", headers=headers).text
    assert html.fromstring(page).xpath("//a[@aria-current]/@lang") == [language_tag]


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
    page = FlaskClient(make_app(**settings)).get(PAGE, headers={"Host": host}).text
    assert re.findall("base=(.*)", page) == [address]


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
@pytest.mark.parametrize("path", ["", "?locale=fr-FR", "/swagger-ui.css", "/documentation.js", "/nothing.js"])
def test_a_setting_hides_the_page_and_its_files(make_app: MakeApp, method: str, path: str) -> None:
    visitor = FlaskClient(make_app(docs_page=False))
    assert error(visitor.open(f"{PAGE}{path}", method=method)) == (404, "404-001")


@pytest.mark.parametrize("path", ["openapi.json", "openapi.yaml", "casemgr.xsd", "errors"])
def test_the_descriptions_for_programs_remain_without_the_page(make_app: MakeApp, path: str) -> None:
    assert FlaskClient(make_app(docs_page=False)).get(f"{BASE}/{path}").status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fapp.py", "swagger-ui.js"])
def test_other_static_files_give_404(visitor: FlaskClient, name: str) -> None:
    response = visitor.get(f"{PAGE}/{name}")
    assert error(response) == (404, "404-001")
    assert response.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", [PAGE, FILE])
def test_options_lists_the_methods(visitor: FlaskClient, path: str) -> None:
    response = visitor.options(path)
    assert (response.status_code, response.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    assert visitor.post(path).status_code == 405

"""The page of the errors over HTTP; tests/live opens it in a browser."""

import re

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from lxml.html import HtmlElement

from casemgr.errors.catalogue import CATALOGUE
from casemgr.errors.listing import list_sentences_of, render_example
from casemgr.i18n.locales import LOCALES, Locale

pytestmark = pytest.mark.sqlite

PAGE = "/core/casemgr/v3/docs/errors"


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """Create a client without the checks for responses of the API."""
    return FlaskClient(app)


def read_page(visitor: FlaskClient, query: str = "", accept_language: str | None = None) -> HtmlElement:
    headers = {"Accept-Language": accept_language} if accept_language else {}
    return html.fromstring(visitor.get(f"{PAGE}{query}", headers=headers).text)


def chosen_languages(page: HtmlElement) -> list[str]:
    return [*page.xpath("//a[@aria-current='true']/@lang"), *page.xpath("//option[@selected]/@lang")]


def test_the_page_forbids_other_origins_and_inline_scripts_and_styles(visitor: FlaskClient) -> None:
    response = visitor.get(PAGE)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    page = html.fromstring(response.text)
    assert not page.xpath("//style | //script[not(@src)] | //@style | //@*[starts-with(name(), 'on')]")


def test_each_code_has_an_anchor_and_each_error_a_row_below_it(visitor: FlaskClient) -> None:
    page = read_page(visitor)
    assert page.xpath("//article/@id") == list(dict.fromkeys(definition.code for definition in CATALOGUE))
    for definition in CATALOGUE:
        [row] = page.xpath(f"//article[@id='{definition.code}']/*[@id='{definition.name}']")
        about = row[0].text_content()
        assert definition.when.replace("`", "") in about
        assert all(key in about for key in definition.detail_keys)


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: locale.language_tag)
def test_sentences_and_examples_are_translated(visitor: FlaskClient, locale: Locale) -> None:
    page = read_page(visitor, f"?locale={locale.language_tag}")
    assert chosen_languages(page) == [locale.language_tag]
    for definition in CATALOGUE:
        [wording] = page.xpath(f"//*[@id='{definition.name}']/*[@lang='{locale.language_tag}']")
        sentences = [re.sub(r"%\((\w+)\)s", r"\1", one.message) for one in list_sentences_of(definition, locale)]
        assert [sentence.text_content() for sentence in wording.findall(".//dd")] == sentences
        body = orjson.loads(wording.findtext(".//pre/code"))
        example = render_example(definition, locale)
        assert body["developerMessage"] == example.developer_message
        assert body["userMessage"] == example.user_message


@pytest.mark.parametrize(
    ("query", "accept_language", "languages"),
    [
        pytest.param("", None, ["en-US"], id="no preference"),
        pytest.param("", "fr-CA, fr;q=0.8", ["fr-CA"], id="Accept-Language"),
        pytest.param("", "pl", ["en-US"], id="Accept-Language without a locale"),
        pytest.param("?locale=ja-JP", "de", ["ja-JP"], id="parameter"),
        pytest.param("?locale=ja", "de", ["ja-JP"], id="parameter with a language"),
        pytest.param(f"?locale={'a-' * 30_000}a", "de", ["de-DE"], id="long unknown parameter"),
        pytest.param("?locale=xx", "de", ["de-DE"], id="unknown parameter"),
        pytest.param("?locale=de&beside=ja", None, ["de-DE", "ja-JP"], id="two languages"),
        pytest.param("?locale=de&beside=de", None, ["de-DE"], id="the same language twice"),
        pytest.param("?beside=xx", "ja", ["ja-JP"], id="unknown second language"),
    ],
)
def test_the_page_selects_one_or_two_languages(
    visitor: FlaskClient, query: str, accept_language: str | None, languages: list[str]
) -> None:
    page = read_page(visitor, query, accept_language)
    assert chosen_languages(page) == languages
    assert page.xpath("//*[@id='CASES_NOT_FOUND']/*/@lang") == languages


def test_the_other_languages_keep_the_second_one(visitor: FlaskClient) -> None:
    page = read_page(visitor, "?locale=de&beside=ja")
    assert set(page.xpath("//a[@hreflang]/@href")) == {
        f"?locale={locale.language_tag}&beside=ja-JP" for locale in LOCALES
    }

"""The error catalogue over HTTP."""

import json
from typing import Any

import pytest

from casemgr.errors.catalogue import CATALOGUE
from tests.api.client import JSON, XML, CheckedClient, element, error

pytestmark = pytest.mark.sqlite

ERRORS = "/core/casemgr/v3/errors"


def listed(client: CheckedClient, **headers: str) -> list[dict[str, Any]]:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    response = client.get(ERRORS, headers=fields)
    assert (response.status_code, response.content_type) == (200, JSON)
    entries: list[dict[str, Any]] = json.loads(response.data)["error"]
    return entries


def test_every_entry_is_listed_without_a_session(client: CheckedClient) -> None:
    entries = listed(client)
    assert [(one["name"], one["code"], one["status"], one["when"], one["detailKeys"]) for one in entries] == [
        (entry.name, entry.code, entry.status, entry.when, list(entry.detail_keys)) for entry in CATALOGUE
    ]


@pytest.mark.parametrize(
    ("accept_language", "language_tag", "quoted", "user"),
    [
        pytest.param("", "en-US", "“4711”", "could not be found.", id="no preference"),
        pytest.param("de-CH, fr;q=0.5", "de-DE", "„4711“", "konnten nicht gefunden werden.", id="German"),
    ],
)
def test_example_messages_are_in_the_language_of_the_request(
    client: CheckedClient, accept_language: str, language_tag: str, quoted: str, user: str
) -> None:
    (entry,) = (one for one in listed(client, Accept_Language=accept_language) if one["name"] == "CASES_NOT_FOUND")
    assert quoted in entry["developerMessage"]
    assert entry["userMessage"].endswith(user)
    response = client.get(ERRORS, headers={"Accept-Language": accept_language})
    assert response.headers["Content-Language"] == language_tag


@pytest.mark.parametrize("accept", [XML, "text/html", "@@"])
def test_the_list_is_json_whatever_accept_says(client: CheckedClient, accept: str) -> None:
    assert listed(client, Accept=accept) == listed(client)


def test_an_unknown_language_gives_406_in_the_negotiated_media_type(client: CheckedClient) -> None:
    assert error(client.get(ERRORS, headers={"Accept-Language": "tlh"})) == (406, "406-100")
    response = client.get(ERRORS, headers={"Accept-Language": "tlh", "Accept": XML})
    assert element(response).findtext("{*}code") == "406-100"


def test_head_returns_the_headers_without_a_body(client: CheckedClient) -> None:
    headers = {"Accept-Language": "ja"}
    head, get = client.head(ERRORS, headers=headers), client.get(ERRORS, headers=headers)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Type", "Content-Language", "Content-Length"):
        assert head.headers[name] == get.headers[name]


def test_options_lists_the_methods(client: CheckedClient) -> None:
    response = client.options(ERRORS)
    assert (response.status_code, set(response.allow)) == (204, {"GET", "HEAD", "OPTIONS"})


def test_other_methods_are_refused(client: CheckedClient) -> None:
    assert error(client.post(ERRORS)) == (405, "405-100")

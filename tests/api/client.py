"""A client that checks every response against the contract and the description of the API, and readers of responses."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from werkzeug.test import TestResponse

import schemas
from casemgr.errors.catalogue import CATALOGUE
from casemgr.http.media_types import XML_NAMESPACE
from casemgr.i18n.locales import LOCALES
from casemgr.openapi import describe_api

CASE = "/core/casemgr/v3/case"
LOGIN = {"user": "/core/authmgr/v3/user/login", "customer": "/core/authmgr/v3/customer/login"}
SESSION = "/core/authmgr/v3/session"
TOKEN = "/core/authmgr/v3/oauth2/token"
REVOKE = "/core/authmgr/v3/oauth2/revoke"
JSON, XML = "application/json", "application/xml"

XML_SCHEMA = etree.XMLSchema(etree.parse(Path(schemas.__file__).with_name("casemgr.xsd")))
_LANGUAGE_TAGS = {locale.language_tag for locale in LOCALES}
_CODES = {definition.name: definition.code for definition in CATALOGUE}
_VARY = {"Accept", "Accept-Language", "Authorization", "X-egain-session"}


class CheckedClient(FlaskClient):
    """Checks the headers and the body of every response."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        for name in ("Content-Language", "Vary", "Cache-Control", "X-Content-Type-Options", "X-Request-ID"):
            assert len(response.headers.getlist(name)) == 1
        assert len(response.headers.getlist("X-egain-session")) <= 1
        assert response.headers["Content-Language"] in _LANGUAGE_TAGS
        assert set(response.vary) >= _VARY
        assert response.headers["Cache-Control"] == "private, no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Request-ID"]
        assert ("WWW-Authenticate" in response.headers) == (response.status_code == 401)
        if response.data:
            _check_body(response)
        _check_description(response)
        return response


def _check_description(response: TestResponse) -> None:
    """Check a response against the description of the API, unless the path or the method does not exist."""
    described = _described(response.request.method.lower(), response.request.path)
    if described is None:
        return
    expected = described[str(response.status_code)]
    required = {name for name, header in expected["headers"].items() if header.get("required")}
    assert required <= set(response.headers.keys())
    assert "X-egain-session" not in response.headers or "X-egain-session" in expected["headers"]
    if response.data and response.headers["Content-Type"] == JSON:
        body = gzip.decompress(response.data) if response.headers.get("Content-Encoding") else response.data
        schema = expected["content"][JSON]["schema"]
        whole = {**schema, "components": describe_api()["components"]}
        OAS31Validator(whole, format_checker=oas31_format_checker).validate(json.loads(body))
        code = json.loads(body).get("code")
        assert code is None or code in {_CODES[name] for name in expected["content"][JSON]["examples"]}


def _described(method: str, path: str) -> dict[str, Any] | None:
    for template, item in describe_api()["paths"].items():
        if method in item and re.fullmatch(template.replace("{ids}", "[^/]+"), path):
            responses: dict[str, Any] = item[method]["responses"]
            return responses
    return None


def _check_body(response: TestResponse) -> None:
    body = gzip.decompress(response.data) if response.headers.get("Content-Encoding") else response.data
    if response.headers["Content-Type"] == XML:
        assert body.startswith(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>')
        XML_SCHEMA.assertValid(etree.fromstring(body))
    else:
        assert response.headers["Content-Type"] == JSON
        assert "null" not in {json.dumps(value) for value in _leaves(json.loads(body))}


def _leaves(data: Any) -> list[Any]:
    if isinstance(data, dict | list):
        values = data.values() if isinstance(data, dict) else data
        return [leaf for value in values for leaf in _leaves(value)]
    return [data]


def credentials(session_id: str) -> dict[str, str]:
    """Return the header field with which the kind of actor of a session sends it."""
    if session_id.endswith("client"):
        return {"Authorization": f"Bearer {session_id}"}
    return {"X-egain-session": session_id}


def cases(response: TestResponse) -> list[dict[str, Any]]:
    """Return the cases of a JSON response."""
    assert response.status_code == 200, response.text
    listed: list[dict[str, Any]] = json.loads(response.data)["case"]
    return listed


def ids(response: TestResponse) -> list[str]:
    """Return the IDs of the cases of a JSON response."""
    return [case["id"] for case in cases(response)]


def error(response: TestResponse) -> tuple[int, str]:
    """Return the status and the code of an error in JSON."""
    return response.status_code, json.loads(response.data)["code"]


def details(response: TestResponse, key: str) -> list[str]:
    """Return the values of the details with this key, of an error in JSON."""
    listed = json.loads(response.data).get("details", [])
    return [detail["value"] for detail in listed if detail["key"] == key]


def logged(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the line of the last request in the log."""
    entries = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    requests = [entry for entry in entries if entry["logger"] == "casemgr.request_log"]
    assert isinstance(requests[-1], dict)
    return requests[-1]


def element(response: TestResponse) -> etree._Element:
    """Return the root element of an XML response."""
    return etree.fromstring(response.data)


def child(parent: etree._Element, *path: str) -> etree._Element:
    """Return the only element at a path."""
    found = parent.findall("/".join(f"{{{XML_NAMESPACE}}}{name}" for name in path))
    assert len(found) == 1
    return found[0]

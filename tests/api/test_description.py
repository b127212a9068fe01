"""The description of the API; `CheckedClient` validates every response in the tests against it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from jsonschema.exceptions import ValidationError
from lxml import etree
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import OpenAPIV31SpecValidator

from casemgr.accounts.login_requests import parse_login
from casemgr.cli import main
from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import ATTRIBUTES
from casemgr.errors.catalogue import CATALOGUE
from casemgr.http.media_types import MediaType
from casemgr.openapi import as_json
from casemgr.openapi.components import NAMES
from casemgr.representations.plan import plan_of
from schemas import schema_for
from tests.api.client import JSON, XML, XML_SCHEMA
from tests.api.conftest import MakeApp
from tests.live.npm import FOLDER as NPM
from tests.live.npm import lint

pytestmark = pytest.mark.sqlite

BASE = "/core/casemgr/v3"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    # Not `CheckedClient`, which expects cases and errors.
    return FlaskClient(app)


@pytest.fixture
def description(client: FlaskClient) -> Any:
    return json.loads(client.get(f"{BASE}/openapi.json").data)


def validate(description: Any, component: str, data: Any) -> None:
    """Validate data against a component of the description."""
    schema = {"$ref": f"#/components/schemas/{component}", "components": description["components"]}
    OAS31Validator(schema, format_checker=oas31_format_checker).validate(data)


def test_the_description_is_valid(description: Any) -> None:
    OpenAPIV31SpecValidator(description).validate()


@pytest.mark.parametrize(
    ("path", "media_type"), [("openapi.json", JSON), ("openapi.yaml", "application/yaml"), ("casemgr.xsd", XML)]
)
def test_descriptions_need_no_credentials(client: FlaskClient, path: str, media_type: str) -> None:
    response = client.get(f"{BASE}/{path}")
    assert (response.status_code, response.content_type) == (200, media_type)
    assert client.head(f"{BASE}/{path}").data == b""
    assert set(client.options(f"{BASE}/{path}").allow) == {"GET", "HEAD", "OPTIONS"}


def test_yaml_has_the_same_content(client: FlaskClient, description: Any) -> None:
    assert yaml.safe_load(client.get(f"{BASE}/openapi.yaml").data) == description


@pytest.mark.parametrize(("options", "load"), [([], json.loads), (["--format", "yaml"], yaml.safe_load)])
def test_the_command_prints_the_description(description: Any, options: list[str], load: Any) -> None:
    result = CliRunner().invoke(main, ["openapi", *options], env={"CASEMGR_BASE_URL": "http://localhost"})
    assert result.exit_code == 0
    assert load(result.stdout) == description


def test_every_path_and_method_is_described(app: Flask, description: Any) -> None:
    served = {
        (re.sub("<(.*?)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"OPTIONS"}
        if not rule.rule.startswith(("/health/", f"{BASE}/docs"))
    }
    described = {(path, method) for path, item in description["paths"].items() for method in item}
    # HEAD is described only for cases; elsewhere it follows from GET (RFC 9110 section 9.3.2).
    assert described <= served
    assert {path for path, _ in described} == {path for path, _ in served}
    assert {method for path, method in described if path == f"{BASE}/case/{{ids}}"} == {"get", "head"}


def test_every_operation_has_a_summary_of_its_own_and_a_description(description: Any) -> None:
    operations = [operation for item in description["paths"].values() for operation in item.values()]
    assert all(operation["description"] for operation in operations)
    assert len({operation["summary"] for operation in operations}) == len(operations)
    tags = {tag["name"] for tag in description["tags"]}
    assert {tag for operation in operations for tag in operation["tags"]} == tags


def test_every_parameter_has_valid_examples(description: Any) -> None:
    for name, parameter in description["components"]["parameters"].items():
        schema = parameter["schema"]
        # Tools make examples of enumerations themselves.
        assert "example" in parameter or "examples" in schema or "$ref" in schema, name
        for example in [parameter["example"]] if "example" in parameter else schema.get("examples", ()):
            OAS31Validator({**schema, "components": description["components"]}).validate(example)


def test_only_required_parameters_are_filled_in(description: Any) -> None:
    parameters = description["components"]["parameters"]
    filled_in = {name for name, parameter in parameters.items() if "example" in parameter}
    assert filled_in == {name for name, parameter in parameters.items() if parameter.get("required")}


@pytest.mark.npm
@pytest.mark.slow
def test_linters_have_no_finding(tmp_path: Path, app: Flask) -> None:
    described = tmp_path / "openapi.json"
    described.write_bytes(as_json("https://cases.test"))
    found = lint("redocly", "--extends=recommended", described, folder=tmp_path)
    assert (found["problems"], found["totals"]["ignored"]) == ([], 0)
    assert lint("spectral", "--quiet", "--ruleset", NPM / "spectral.yaml", described, folder=tmp_path) == []


@pytest.mark.parametrize(
    ("base_url", "host", "expected"),
    [
        ("https://cases.example.com", "127.0.0.1:8000", "https://cases.example.com"),
        (None, "127.0.0.1:8000", "http://127.0.0.1:8000"),
        (None, "evil.example.com", "/"),
    ],
)
def test_the_server_has_an_absolute_url_if_that_is_known(
    make_app: MakeApp, base_url: str | None, host: str, expected: str
) -> None:
    client = FlaskClient(make_app(base_url=base_url))
    servers = json.loads(client.get(f"{BASE}/openapi.json", headers={"Host": host}).data)["servers"]
    assert [server["url"] for server in servers] == [expected]


def test_every_property_is_described(description: Any) -> None:
    schemas = description["components"]["schemas"]

    def find_undescribed(path: str, node: Any) -> Iterator[str]:
        if isinstance(node, list):
            for index, item in enumerate(node):
                yield from find_undescribed(f"{path}/{index}", item)
        elif isinstance(node, dict):
            for name, schema in node.get("properties", {}).items():
                referred = schemas[schema["$ref"].split("/")[-1]] if "$ref" in schema else schema
                if not (schema.get("description") or referred.get("description")):
                    yield f"{path}/{name}"
            for key, value in node.items():
                yield from find_undescribed(f"{path}/{key}", value)

    assert list(find_undescribed("", description["paths"])) == []
    assert list(find_undescribed("", schemas)) == []
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


@pytest.mark.parametrize("kind", [ActorKind.USER, ActorKind.CUSTOMER])
def test_the_examples_of_a_login_are_equal_and_valid(description: Any, kind: ActorKind) -> None:
    operation = description["paths"][f"/core/authmgr/v3/{kind}/login"]["post"]
    content = operation["requestBody"]["content"]
    as_json, as_xml = (content[media_type]["example"] for media_type in MediaType)
    assert parse_login(MediaType.JSON, json.dumps(as_json).encode()) == parse_login(MediaType.XML, as_xml.encode())


def test_only_a_successful_login_returns_a_session(description: Any) -> None:
    responses = description["paths"]["/core/authmgr/v3/user/login"]["post"]["responses"]
    assert {status for status, response in responses.items() if "X-egain-session" in response["headers"]} == {"204"}


def test_every_error_has_an_example_in_both_media_types(description: Any) -> None:
    examples = description["components"]["examples"]
    for media_type in ("json", "xml"):
        # A described method is never refused.
        assert {name.split(".")[0] for name in examples if name.endswith(media_type)} == {
            error.name for error in CATALOGUE
        } - {"METHOD_NOT_ALLOWED"}
    codes = {error.name: error.code for error in CATALOGUE}
    for name, example in examples.items():
        if name.endswith("xml"):
            XML_SCHEMA.assertValid(etree.fromstring(example["value"].encode()))
        else:
            validate(description, "Error", example["value"])
            assert example["value"]["code"] == codes[name.split(".")[0]]


def test_every_error_belongs_to_an_operation(description: Any) -> None:
    described = {
        name
        for item in description["paths"].values()
        for operation in item.values()
        for status, response in operation["responses"].items()
        for name in response.get("content", {}).get(XML, {}).get("examples", {})
        if status != "200"
    }
    assert described == {definition.name for definition in CATALOGUE} - {"METHOD_NOT_ALLOWED"}


@pytest.mark.parametrize("kind", ActorKind)
def test_every_kind_of_actor_has_an_example(description: Any, kind: ActorKind) -> None:
    content = description["paths"][f"{BASE}/case/{{ids}}"]["get"]["responses"]["200"]["content"]
    example = content[JSON]["examples"][kind]["value"]
    validate(description, f"{NAMES[kind]}s", example)
    assert ("department" in example["case"][0]) == (kind is not ActorKind.CUSTOMER)
    XML_SCHEMA.assertValid(etree.fromstring(content[XML]["examples"][kind]["value"].encode()))


def test_client_applications_see_what_users_see() -> None:
    kinds = (ActorKind.USER, ActorKind.CLIENT_APPLICATION)
    user, client = (plan_of(schema_for(kind, frozenset(ATTRIBUTES[kind]))) for kind in kinds)
    assert user == client


def test_the_schemas_of_staff_and_customers_exclude_each_other(description: Any) -> None:
    content = description["paths"][f"{BASE}/case/{{ids}}"]["get"]["responses"]["200"]["content"]
    with pytest.raises(ValidationError):
        validate(description, "CustomerCases", content[JSON]["examples"]["user"]["value"])
    with pytest.raises(ValidationError):
        validate(description, "StaffCases", content[JSON]["examples"]["customer"]["value"])


def test_the_attributes_are_those_of_the_contract(description: Any) -> None:
    schemas = description["components"]["schemas"]
    assert set(schemas["AttributeName"]["enum"]) == {
        "all", "created", "createdBy", "originatingChannel", "description", "solution", "userLastWorked",
        "relatedCases", "notes", "lastClosed", "recentActivityDate", "unreadActivityCount",
    }  # fmt: skip
    pattern = schemas["CustomAttributeName"]["pattern"]
    assert re.search(pattern, "custom.a b")
    assert not re.search(pattern, "customer")


def test_names_in_xml_are_declared(description: Any) -> None:
    schemas = description["components"]["schemas"]
    items = [
        (name, member["xml"]["name"])
        for component, schema in schemas.items()
        if component not in {"AuthorizationServer", "ErrorEntry", "ErrorList"}  # They exist in JSON only.
        for name, member in (
            (name, value["items"]) for name, value in schema.get("properties", {}).items() if "items" in value
        )
    ]
    assert {name for name, _ in items} == {"case", "link", "note", "attribValue", "customAttribute", "details"}
    assert all(name == written or (name, written) == ("details", "detail") for name, written in items)
    assert [schemas[name]["xml"]["name"] for name in ("Cases", "Error", "Login")] == ["cases", "error", "login"]

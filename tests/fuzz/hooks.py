"""Hooks of Schemathesis: authentication, and facts about each kind of actor that the description cannot express."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import schemathesis
from lxml import etree
from requests.auth import HTTPBasicAuth

from casemgr.accounts.accounts import find_accounts
from casemgr.accounts.sessions import generate_session_id, store_session
from casemgr.cases.query import PARAMETERS, SortKey
from casemgr.config import Config
from casemgr.database.engine import create_engine, writing
from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import ALL, ATTRIBUTES, Attribute
from casemgr.http.headers import AUTHORIZATION_HEADER, SESSION_HEADER
from casemgr.http.limits import MAX_IDS
from casemgr.openapi.components import NAMES, describe_ids
from tests.api.client import XML, XML_SCHEMA

ACTOR = "FUZZ_ACTOR"
"""The environment variable with the kind of actor; empty for requests without credentials."""

_ACCOUNTS: Mapping[ActorKind, str] = {
    ActorKind.USER: "nadia",
    ActorKind.CUSTOMER: "elodie",
    ActorKind.CLIENT_APPLICATION: "crm-bridge",
}
_CASES = ["1001", "1002", "1003", "1004"]
_CUSTOMERS = ["301", "303"]
_CUSTOM_ATTRIBUTES = ["custom.tier", "custom.order_total", "custom.purchased", "custom.products"]
"""Names in the demo data; the customer may act on behalf of _CUSTOMERS."""

# OpenAPI derives Accept from the media types of the responses, and Schemathesis would send any of them.
_ACCEPT = {"name": "Accept", "in": "header", "schema": {"type": "string"}}

_addresses = count(1)


class Sessions:
    """Creates a session for each request, since some requests end their session."""

    def __init__(self) -> None:
        self._kind = ActorKind(os.environ[ACTOR])
        self._engine = create_engine(Config.from_environment().database_url)
        with self._engine.connect() as connection:
            [self._account] = find_accounts(connection, self._kind, _ACCOUNTS[self._kind])

    def get(self, case: schemathesis.Case[Any], context: schemathesis.AuthContext) -> str:
        session_id = generate_session_id()
        with writing(self._engine) as connection:
            store_session(connection, session_id, self._account, datetime.now(UTC) + timedelta(hours=1))
        return session_id

    def set(self, case: schemathesis.Case[Any], session_id: str, context: schemathesis.AuthContext) -> None:
        if self._kind is ActorKind.CLIENT_APPLICATION:
            case.headers[AUTHORIZATION_HEADER] = f"Bearer {session_id}"
        else:
            case.headers[SESSION_HEADER] = session_id


if os.environ.get(ACTOR):
    schemathesis.auth(refresh_interval=None).skip_for(path_regex="/oauth2/")(Sessions)
    client = HTTPBasicAuth("crm-bridge", "crm-bridge-demo")
    schemathesis.auth.set_from_requests(client).apply_to(path_regex="/oauth2/")  # type: ignore[attr-defined]


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Adapt the description to the actor before requests are generated."""
    for item in raw_schema["paths"].values():
        for operation in item.values():
            if "parameters" in operation:
                operation["parameters"].append(_ACCEPT)
            # Schemathesis writes XML itself.
            for content in operation.get("requestBody", {"content": {}})["content"].values():
                content["schema"] = content["schema"].get("contentSchema", content["schema"])
    if os.environ.get(ACTOR):
        _narrow(raw_schema, ActorKind(os.environ[ACTOR]))


def _narrow(description: dict[str, Any], kind: ActorKind) -> None:
    """Reduce the description to the operations, parameters and schemas of one kind of actor."""
    components = description["components"]
    components["schemas"]["Cases"] = {"$ref": f"#/components/schemas/{NAMES[kind]}s"}
    _narrow_values(components["parameters"], kind)
    not_allowed = [
        {"$ref": f"#/components/parameters/{name}"}
        for name, parameter in components["parameters"].items()
        if parameter["in"] == "query" and parameter["name"] not in PARAMETERS[kind]
    ]
    schemes = {"token", "client"} if kind is ActorKind.CLIENT_APPLICATION else {"session"}
    for path, item in description["paths"].items():
        for operation in item.values():
            operation["security"] = [one for one in operation["security"] if schemes & one.keys()]
            operation["parameters"] = [one for one in operation.get("parameters", ()) if one not in not_allowed]
            for content in operation.get("requestBody", {"content": {}})["content"].values():
                # HTTP Basic sends them already.
                for name in ("client_id", "client_secret"):
                    content["schema"].get("properties", {}).pop(name, None)
        description["paths"][path] = {method: one for method, one in item.items() if one["security"]}


def _narrow_values(parameters: dict[str, Any], kind: ActorKind) -> None:
    """Reduce parameters to the values that the actor may send, and include IDs of the demo data."""
    plain = [attribute for attribute in ATTRIBUTES[kind] if attribute is not Attribute.CUSTOM_ATTRIBUTES]
    keys = [key for key in SortKey if key is not SortKey.CUSTOM]
    parameters["ids"]["schema"] = {"anyOf": [describe_ids(MAX_IDS[kind]), {"enum": _CASES}]}
    parameters["attribute"]["schema"]["items"] = {"enum": [ALL, *plain, *_CUSTOM_ATTRIBUTES]}
    parameters["sort"]["schema"] = {"enum": [*keys, *_CUSTOM_ATTRIBUTES]}
    parameters["customer"]["schema"] = {"enum": _CUSTOMERS}


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Skip requests whose combination of parameters is invalid, which OpenAPI cannot express.

    They have two credentials, or $order without $sort.
    """
    two_credentials = {SESSION_HEADER, AUTHORIZATION_HEADER} <= set(case.headers)
    return not two_credentials and ("$sort" in case.query or "$order" not in case.query)


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Send every request from a new address, so that failed logins do not throttle the others."""
    case.headers["X-Forwarded-For"] = f"2001:db8:0:{next(_addresses):x}::1"


@schemathesis.check
def xml_schema_conformance(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """Validate XML with XML Schema, which Schemathesis does not support."""
    if response.content and response.headers["content-type"] == [XML] and not case.path.endswith(".xsd"):
        assert XML_SCHEMA.validate(etree.fromstring(response.content)), XML_SCHEMA.error_log

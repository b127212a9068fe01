"""The parameters and header fields of requests."""

import re
from typing import Any

from apispec import APISpec

from casemgr.accounts.login_requests import FORCE_LOGIN, ForceLogin
from casemgr.cases.query import PARAMETERS, Order, SortKey
from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import ALL, ATTRIBUTES, CUSTOM_PREFIX, Attribute
from casemgr.http.headers import REQUEST_ID_HEADER, USER_MESSAGE_HEADER
from casemgr.http.limits import MAX_IDS, MAX_IDS_LENGTH
from casemgr.openapi.components import ID, describe_ids, refer_to


def describe_text(description: str, **schema: Any) -> dict[str, Any]:
    """Describe a parameter or header whose value is a string."""
    return {"description": description, "schema": {"type": "string", **schema}}


REQUEST_HEADERS = {
    "Accept-Language": describe_text(
        "The preferred languages (RFC 9110 section 12.5.4), English by default.", examples=["fr-CA, fr;q=0.8"]
    ),
    # These two have no pattern, since the service accepts any value.
    USER_MESSAGE_HEADER: describe_text("`yes` adds a userMessage to errors.", examples=["yes"]),
    REQUEST_ID_HEADER: describe_text(
        "The caller's own ID for the request; the service replaces an invalid one.", examples=["order-4711"]
    ),
}


def add_parameters(spec: APISpec) -> None:
    """Add the parameters of requests as components, whose names lack the dollar sign.

    Only required parameters have an `example`, which tools fill in when they try a request out. The examples of
    optional parameters are in their schemas.
    """
    ids = {
        "description": (
            f"One or more IDs, separated by commas, with at most {MAX_IDS_LENGTH} characters; "
            "a customer may request only one."
        ),
        "schema": describe_ids(max(MAX_IDS.values())),
        "example": "1001",
    }
    force = {
        "description": "`yes` ends the oldest session if the account has too many; otherwise the login fails.",
        "schema": refer_to("ForceLogin"),
    }
    for name, schema in _schemas().items():
        spec.components.schema(name, schema)
    for location, parameters in (
        ("path", {"ids": ids}),
        ("query", {**query_parameters(), FORCE_LOGIN: force}),
        ("header", REQUEST_HEADERS),
    ):
        for name, parameter in parameters.items():
            spec.components.parameter(component_of(name), location, {"name": name, **parameter})


def component_of(parameter: str) -> str:
    """Name the component of a parameter."""
    return parameter.removeprefix("$")


def query_parameters() -> dict[str, dict[str, Any]]:
    """Describe the query parameters of cases, by name."""
    described: dict[str, dict[str, Any]] = {
        "$attribute": {
            "description": (
                "Attributes in addition to the summary. Repeat the parameter, or separate attributes by commas."
            ),
            # What clients send by default; some generators can send lists in no other way.
            "style": "form",
            "explode": True,
            "schema": {
                "type": "array",
                "items": {"anyOf": [refer_to("AttributeName"), refer_to("CustomAttributeName")]},
                "minItems": 1,
                "examples": [["created", "custom.tier"]],
            },
        },
        "$sort": {
            "description": "The attribute by which the cases are sorted.",
            "schema": {"anyOf": [refer_to("SortKey"), refer_to("CustomAttributeName")], "examples": ["custom.tier"]},
        },
        "$order": {
            "description": "The sort order, ascending by default; allowed only with $sort.",
            "schema": refer_to("SortOrder"),
        },
        "customer": {
            "description": "The ID of the customer on whose behalf the request is made.",
            "schema": {**ID, "examples": ["303"]},
        },
    }
    return {
        name: {**parameter, "description": f"{parameter['description']}{_restriction_of(name)}"}
        for name, parameter in described.items()
    }


def _schemas() -> dict[str, dict[str, Any]]:
    """Describe the values of query parameters, which generated clients name by their components."""
    plain = sorted({str(one) for kind in ActorKind for one in ATTRIBUTES[kind]} - {Attribute.CUSTOM_ATTRIBUTES})
    enums = {
        "AttributeName": ("An attribute; `all` stands for all attributes of the actor.", [ALL, *plain]),
        "SortKey": ("An attribute to sort by.", [key for key in SortKey if key is not SortKey.CUSTOM]),
        "SortOrder": ("Ascending or descending.", list(Order)),
        "ForceLogin": ("Whether a login may end another session.", list(ForceLogin)),
    }
    custom = {
        "type": "string",
        "description": f"A custom attribute: `{CUSTOM_PREFIX}` and its name.",
        "pattern": rf"^{re.escape(CUSTOM_PREFIX)}[^,]+$",
    }
    described = {name: {"type": "string", "description": text, "enum": enum} for name, (text, enum) in enums.items()}
    return {**described, "CustomAttributeName": custom}


def _restriction_of(parameter: str) -> str:
    kinds = [kind for kind in ActorKind if parameter in PARAMETERS[kind]]
    if len(kinds) == len(ActorKind):
        return ""
    names = " and ".join(f"{kind.replace('_', ' ')}s" for kind in kinds)
    return f" {names.capitalize()} only."

"""Compiled encoders: their output equals that of marshmallow and lxml."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from marshmallow import fields
from marshmallow.experimental.context import Context

from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import ATTRIBUTES, Attribute
from casemgr.domain.cases import Case, CustomAttribute, NamedValue, Note, RelatedCase
from casemgr.http.media_types import XML_NAMESPACE, MediaType
from casemgr.i18n.display_values import BUILT_IN_VALUES, ValueKind
from casemgr.i18n.locales import LOCALES, Locale
from casemgr.i18n.translation import load_catalogues
from casemgr.representations import case_encoder, generate_case_encoder
from casemgr.representations.plan import plan_of
from schemas import schema_for
from schemas.fields import Part

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["a&b<c>", 'x"y', "\r\n\t ", "]]>"]
)
IDS = st.integers(1, 2**63 - 1)
INSTANTS = st.datetimes().map(lambda instant: f"{instant.isoformat(timespec='milliseconds')}Z")
NOTES = st.builds(Note, IDS, IDS, INSTANTS, TEXTS, IDS, TEXTS, TEXTS)
CUSTOM = st.builds(
    CustomAttribute,
    TEXTS,
    st.lists(st.builds(NamedValue, TEXTS, st.none() | TEXTS), min_size=1, max_size=3).map(tuple),
)


def named(kind: ValueKind) -> st.SearchStrategy[str]:
    """Draw a built-in value or another text."""
    return TEXTS | st.sampled_from([*BUILT_IN_VALUES[kind]])


@st.composite
def all_or_none(draw: st.DrawFn, /, **strategies: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Draw attributes of a case that are present together or not at all."""
    is_present = draw(st.booleans())
    return {name: draw(strategy) if is_present else None for name, strategy in strategies.items()}


def user_names(role: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw the attributes of the user in a role."""
    return all_or_none(**{f"{role}_id": IDS, f"{role}_first_name": TEXTS, f"{role}_last_name": TEXTS})


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a case."""
    return draw(
        st.builds(
            Case,
            id=IDS,
            department_id=IDS,
            department_name=TEXTS,
            status=named(ValueKind.STATUS),
            severity=named(ValueKind.SEVERITY),
            subject=TEXTS,
            last_modified=INSTANTS,
            due_date=st.none() | INSTANTS,
            created=INSTANTS,
            originating_channel=st.none() | named(ValueKind.CHANNEL),
            description=st.none() | TEXTS,
            solution=st.none() | TEXTS,
            last_closed=st.none() | INSTANTS,
            related_cases=st.lists(st.builds(RelatedCase, IDS), max_size=2).map(tuple),
            notes=st.lists(NOTES, max_size=2).map(tuple),
            custom_attributes=st.lists(CUSTOM, max_size=2).map(tuple),
            recent_activity_date=INSTANTS,
            unread_activity_count=st.integers(0, 1000),
            on_behalf_of=st.none() | IDS,
        )
    )._replace(
        **draw(user_names("last_modified_by")),
        **draw(user_names("owner_user")),
        **draw(all_or_none(owner_folder_id=IDS, owner_folder_name=named(ValueKind.FOLDER))),
        **draw(all_or_none(customer_id=IDS, customer_name=TEXTS)),
        **draw(user_names("created_by")),
        **draw(user_names("user_last_worked")),
    )


CASES = st.lists(cases(), max_size=3)
PlainData: TypeAlias = "str | int | Mapping[str, PlainData] | Sequence[PlainData]"
KINDS = st.sampled_from(ActorKind)
REQUESTED = KINDS.flatmap(lambda kind: st.tuples(st.just(kind), st.frozensets(st.sampled_from(ATTRIBUTES[kind]))))


@pytest.fixture(autouse=True, scope="module")
def catalogues() -> None:
    load_catalogues()


def reference(
    requested: tuple[ActorKind, frozenset[Attribute]], drawn: Sequence[Case]
) -> list[Mapping[str, PlainData]]:
    """Dump cases with marshmallow."""
    dumped = schema_for(*requested).dump(drawn, many=True)
    assert isinstance(dumped, list)
    return dumped


@pytest.mark.slow
@given(REQUESTED, CASES, st.sampled_from(LOCALES))
@settings(deadline=None)
def test_json_equals_the_dump_of_marshmallow(
    requested: tuple[ActorKind, frozenset[Attribute]], drawn: list[Case], locale: Locale
) -> None:
    with Context(locale):
        body = case_encoder(MediaType.JSON, *requested)(drawn, locale)
        assert body == orjson.dumps({"case": reference(requested, drawn)})


def append(parent: etree._Element, name: str, data: PlainData) -> None:
    """Append the XML of plain data (contract REP-4)."""
    qualified = f"{{{XML_NAMESPACE}}}{name}"
    if isinstance(data, Mapping):
        element = etree.SubElement(parent, qualified)
        for member, value in data.items():
            if member in {"id", "rel", "href"}:
                element.set(member, str(value))
            else:
                append(element, member, value)
    elif isinstance(data, str | int):
        etree.SubElement(parent, qualified).text = replace_illegal_characters(str(data))
    else:
        for item in data:
            append(parent, name, item)


def replace_illegal_characters(text: str) -> str:
    """Replace the characters that XML 1.0 does not allow, one at a time."""
    replaced = ""
    for character in text:
        try:
            etree.Element("x").text = character
            replaced += character
        except ValueError:
            replaced += "\ufffd"
    return replaced


@pytest.mark.slow
@given(REQUESTED, CASES, st.sampled_from(LOCALES))
@settings(deadline=None)
def test_xml_equals_a_tree_built_from_the_dump_of_marshmallow(
    requested: tuple[ActorKind, frozenset[Attribute]], drawn: list[Case], locale: Locale
) -> None:
    with Context(locale):
        body = case_encoder(MediaType.XML, *requested)(drawn, locale)
        root = etree.Element(f"{{{XML_NAMESPACE}}}cases", nsmap={None: XML_NAMESPACE})
        append(root, "case", reference(requested, drawn))
    assert etree.tostring(etree.fromstring(body), method="c14n") == etree.tostring(root, method="c14n")


def test_an_encoder_is_compiled_once() -> None:
    requested = ActorKind.USER, frozenset({Attribute.NOTES})
    assert case_encoder(MediaType.XML, *requested) is case_encoder(MediaType.XML, *requested)


def test_an_unknown_type_of_field_is_refused() -> None:
    class Odd(Part):
        moment = fields.DateTime()

    with pytest.raises(TypeError, match="moment is a DateTime"):
        plan_of(Odd())


SOURCE_FOR_CUSTOMERS = """\
def encode(objects, locale):
    pieces = []
    add = pieces.append
    v3 = display_values_1[locale]
    v4 = display_values_2[locale]
    add(f'{{"case":[')
    v1 = ''
    for VARIABLES in objects:
        add(f'{v1}{{"link":[{{"rel":"self","href":"/core/casemgr/v3/case/{v2_id}')
        if v2_on_behalf_of is not None:
            add(f'?customer={v2_on_behalf_of}')
        add(f'"}}],"activities":{{"link":[{{"rel":"activity","href":"/core/casemgr/v3/activity?case={v2_id}')
        if v2_on_behalf_of is not None:
            add(f'&customer={v2_on_behalf_of}')
        add(f'"}}]}},"status":{v3[v2_status]},"lastModified":{escape(v2_last_modified)}')
        if v2_due_date is not None:
            add(f',"dueDate":{escape(v2_due_date)}')
        if v2_customer_id is not None:
            add(f',"customer":{{"link":[{{"rel":"customer","href":"/core/customermgr/v3/customer/{v2_customer_id}"}}],"customerName":{escape(v2_customer_name)},"id":"{v2_customer_id}"}}')
        add(f',"severity":{v4[v2_severity]},"subject":{escape(v2_subject)},"id":"{v2_id}"}}')
        v1 = ','
    add(f']}}')
    return ''.join(pieces).encode()
"""


def test_the_source_of_the_encoder_of_summaries_for_customers() -> None:
    variables = "".join(f"v2_{column}, " for column in Case._fields)
    expected = SOURCE_FOR_CUSTOMERS.replace("VARIABLES ", variables)
    assert generate_case_encoder(MediaType.JSON, ActorKind.CUSTOMER, frozenset()).source() == expected


def print_source(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m casemgr.representations`."""
    command = [sys.executable, "-m", "casemgr.representations", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments


def test_the_command_prints_the_source_of_an_encoder() -> None:
    printed = print_source("user", "json", "created,notes")
    attributes = frozenset({Attribute.CREATED, Attribute.NOTES})
    assert printed.stdout == generate_case_encoder(MediaType.JSON, ActorKind.USER, attributes).source()
    assert (printed.returncode, printed.stderr) == (0, "")


def test_the_command_refuses_an_unknown_attribute() -> None:
    refused = print_source("user", "json", "created,unknown")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "'unknown' is not a valid Attribute" in refused.stderr

"""What is compiled from a schema gives what marshmallow and lxml give with it, only faster."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from marshmallow import fields

from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import ATTRIBUTES, Attribute
from casemgr.domain.cases import Case, CustomAttribute, NamedValue, Note, RelatedCase
from casemgr.http.media_types import XML_NAMESPACE, MediaType
from casemgr.i18n.display_values import BUILT_IN_VALUES, ValueKind
from casemgr.i18n.locales import LOCALES, Locale
from casemgr.i18n.translation import translating, use_locale
from casemgr.representations import case_encoder
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
    """Draw a value, which may be one that is not built in."""
    return TEXTS | st.sampled_from([*BUILT_IN_VALUES[kind]])


@st.composite
def all_or_none(draw: st.DrawFn, /, **strategies: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Draw attributes of a case that are there together or not at all."""
    there = draw(st.booleans())
    return {name: draw(strategy) if there else None for name, strategy in strategies.items()}


def user_names(role: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw the attributes of a user in a role."""
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
ASKED = KINDS.flatmap(lambda kind: st.tuples(st.just(kind), st.frozensets(st.sampled_from(ATTRIBUTES[kind]))))


@pytest.fixture(autouse=True, scope="module")
def catalogues() -> Iterator[None]:
    with translating():
        yield


def reference(asked: tuple[ActorKind, frozenset[Attribute]], drawn: Sequence[Case]) -> list[Mapping[str, PlainData]]:
    """Dump cases with marshmallow."""
    dumped = schema_for(*asked).dump(drawn, many=True)
    assert isinstance(dumped, list)
    return dumped


@given(ASKED, CASES, st.sampled_from(LOCALES))
def test_json_is_what_marshmallow_dumps(
    asked: tuple[ActorKind, frozenset[Attribute]], drawn: list[Case], locale: Locale
) -> None:
    with use_locale(locale):
        body = case_encoder(MediaType.JSON, *asked)(drawn, locale)
        assert body == orjson.dumps({"case": reference(asked, drawn)})


def append(parent: etree._Element, name: str, data: PlainData) -> None:
    """Build the XML of plain data as the contract describes it."""
    qualified = f"{{{XML_NAMESPACE}}}{name}"
    if isinstance(data, Mapping):
        element = etree.SubElement(parent, qualified)
        for member, value in data.items():
            if member in {"id", "rel", "href"}:
                element.set(member, str(value))
            else:
                append(element, member, value)
    elif isinstance(data, str | int):
        etree.SubElement(parent, qualified).text = carried(str(data))
    else:
        for item in data:
            append(parent, name, item)


def carried(text: str) -> str:
    """Replace what XML 1.0 cannot carry, one character at a time."""
    replaced = ""
    for character in text:
        try:
            etree.Element("x").text = character
            replaced += character
        except ValueError:
            replaced += "\ufffd"
    return replaced


@given(ASKED, CASES, st.sampled_from(LOCALES))
def test_xml_has_the_same_content(
    asked: tuple[ActorKind, frozenset[Attribute]], drawn: list[Case], locale: Locale
) -> None:
    with use_locale(locale):
        body = case_encoder(MediaType.XML, *asked)(drawn, locale)
        root = etree.Element(f"{{{XML_NAMESPACE}}}cases", nsmap={None: XML_NAMESPACE})
        append(root, "case", reference(asked, drawn))
    assert etree.tostring(etree.fromstring(body), method="c14n") == etree.tostring(root, method="c14n")


def test_an_encoder_is_compiled_once() -> None:
    asked = ActorKind.USER, frozenset({Attribute.NOTES})
    assert case_encoder(MediaType.XML, *asked) is case_encoder(MediaType.XML, *asked)


def test_a_field_that_no_encoder_knows_is_refused() -> None:
    class Odd(Part):
        moment = fields.DateTime()

    with pytest.raises(TypeError, match="moment is a DateTime"):
        plan_of(Odd())

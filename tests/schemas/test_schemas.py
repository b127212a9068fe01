"""An actor's view of a case, from plain objects: no HTTP and no database."""

import pytest
from flask import Flask
from marshmallow import Schema

from casemgr.actors import ActorKind
from casemgr.attributes import ATTRIBUTES, Attribute
from casemgr.cases import Case, CustomerName, Department, Folder, NamedValue, Note, Owner, UserName
from casemgr.cases import CustomAttribute as Custom
from casemgr.i18n import init_app, use_locale
from casemgr.locales import DEFAULT_LOCALE
from schemas import SCHEMAS, schema_for
from schemas.parts import ORDER

ADA = UserName(20, "Ada", "Byron")
AT = "2026-01-02T03:04:05.678Z"
WHOLE = Case(
    id=1,
    department=Department(10, "Service"),
    status="open",
    severity="low",
    subject="Subject",
    created=AT,
    last_modified=AT,
    last_modified_by=ADA,
    due_date=AT,
    owner=Owner(ADA, Folder(60, "Refunds")),
    customer=CustomerName(30, "Grace"),
    created_by=ADA,
    originating_channel="web",
    description="Long",
    solution="Short",
    user_last_worked=ADA,
    last_closed=AT,
    related_case_ids=(2,),
    notes=(Note(70, 1, "Called", AT, ADA),),
    custom_attributes=(Custom("tier", (NamedValue("gold", "Gold"),)),),
    recent_activity_date=AT,
    unread_activity_count=3,
)


@pytest.fixture(autouse=True)
def english() -> object:
    init_app(Flask("schemas"))
    with use_locale(DEFAULT_LOCALE):
        yield


def dump(kind: ActorKind, *attributes: Attribute, case: Case = WHOLE) -> dict[str, object]:
    dumped = schema_for(kind, frozenset(attributes)).dump(case)
    assert isinstance(dumped, dict)
    return dumped


@pytest.mark.parametrize("kind", ActorKind)
def test_every_attribute_that_an_actor_may_ask_for_is_in_the_schema(kind: ActorKind) -> None:
    fields = SCHEMAS[kind]().fields
    assert {attribute.name.lower() for attribute in ATTRIBUTES[kind]} <= set(fields)
    assert {attribute.name.lower() for attribute in set(Attribute) - set(ATTRIBUTES[kind])}.isdisjoint(fields)


def test_every_field_of_every_schema_has_its_place_in_the_order() -> None:
    assert {name for schema in SCHEMAS.values() for name in schema().fields} == set(ORDER)


def names(schema: Schema) -> set[str]:
    """Find the fields of a schema and of all that is nested in it."""
    found = set(schema.fields)
    for field in schema.fields.values():
        nested = getattr(getattr(field, "inner", field), "schema", None)
        found |= names(nested) if isinstance(nested, Schema) else set()
    return found


def test_a_customer_has_no_field_for_staff_or_organisation() -> None:
    staff = {"department", "last_modified_by", "owner", "user", "created_by", "user_last_worked", "folder", "notes"}
    assert names(SCHEMAS[ActorKind.CUSTOMER]()).isdisjoint(staff)
    assert staff <= names(SCHEMAS[ActorKind.USER]())


@pytest.mark.parametrize("kind", ActorKind)
def test_members_come_in_the_order_of_the_contract(kind: ActorKind) -> None:
    dumped = list(dump(kind, *ATTRIBUTES[kind]))
    wire = [SCHEMAS[kind]().fields[name].data_key for name in ORDER if name in SCHEMAS[kind]().fields]
    assert dumped == wire


def test_nothing_is_null() -> None:
    bare = WHOLE._replace(due_date=None, owner=None, customer=None, last_modified_by=None, description=None)
    dumped = dump(ActorKind.USER, *ATTRIBUTES[ActorKind.USER], case=bare)
    assert None not in dumped.values()
    assert {"dueDate", "owner", "customer", "lastModifiedBy", "description"}.isdisjoint(dumped)


def test_ids_are_texts_and_counts_are_numbers() -> None:
    dumped = dump(ActorKind.CUSTOMER, Attribute.UNREAD_ACTIVITY_COUNT)
    assert dumped["id"] == "1"
    assert dumped["unreadActivityCount"] == 3

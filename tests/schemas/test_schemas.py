"""The view that each kind of actor has of a case, without HTTP and database."""

import pytest
from marshmallow import Schema

from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import ATTRIBUTES, Attribute
from casemgr.domain.cases import Case, NamedValue, Note, RelatedCase
from casemgr.domain.cases import CustomAttribute as Custom
from casemgr.i18n.translation import load_catalogues
from schemas import SCHEMAS, schema_for
from schemas.parts import ORDER

AT = "2026-01-02T03:04:05.678Z"
WHOLE = Case(
    id=1,
    department_id=10,
    department_name="Service",
    status="open",
    severity="low",
    subject="Subject",
    created=AT,
    last_modified=AT,
    last_modified_by_id=20,
    last_modified_by_first_name="Ada",
    last_modified_by_last_name="Byron",
    due_date=AT,
    owner_user_id=20,
    owner_user_first_name="Ada",
    owner_user_last_name="Byron",
    owner_folder_id=60,
    owner_folder_name="Refunds",
    customer_id=30,
    customer_name="Grace",
    created_by_id=20,
    created_by_first_name="Ada",
    created_by_last_name="Byron",
    originating_channel="web",
    description="Long",
    solution="Short",
    user_last_worked_id=20,
    user_last_worked_first_name="Ada",
    user_last_worked_last_name="Byron",
    last_closed=AT,
    related_cases=(RelatedCase(2),),
    notes=(Note(70, 1, AT, "Called", 20, "Ada", "Byron"),),
    custom_attributes=(Custom("tier", (NamedValue("gold", "Gold"),)),),
    recent_activity_date=AT,
    unread_activity_count=3,
)


@pytest.fixture(autouse=True, scope="module")
def catalogues() -> None:
    load_catalogues()


def dump(kind: ActorKind, *attributes: Attribute, case: Case = WHOLE) -> dict[str, object]:
    dumped = schema_for(kind, frozenset(attributes)).dump(case)
    assert isinstance(dumped, dict)
    return dumped


@pytest.mark.parametrize("kind", ActorKind)
def test_a_schema_has_exactly_the_attributes_that_its_actor_may_request(kind: ActorKind) -> None:
    fields = SCHEMAS[kind]().fields
    assert {attribute.name.lower() for attribute in ATTRIBUTES[kind]} <= set(fields)
    assert {attribute.name.lower() for attribute in set(Attribute) - set(ATTRIBUTES[kind])}.isdisjoint(fields)


def test_the_order_has_every_field_of_every_schema() -> None:
    assert {name for schema in SCHEMAS.values() for name in schema().fields} == set(ORDER)


def names(schema: Schema) -> set[str]:
    """Collect the names of the fields of a schema and its nested schemas."""
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
    expected = [SCHEMAS[kind]().fields[name].data_key for name in ORDER if name in SCHEMAS[kind]().fields]
    assert dumped == expected


def test_members_without_a_value_are_left_out() -> None:
    bare = WHOLE._replace(
        due_date=None,
        owner_user_id=None,
        owner_folder_id=None,
        customer_id=None,
        last_modified_by_id=None,
        description=None,
    )
    dumped = dump(ActorKind.USER, *ATTRIBUTES[ActorKind.USER], case=bare)
    assert None not in dumped.values()
    assert {"dueDate", "owner", "customer", "lastModifiedBy", "description"}.isdisjoint(dumped)


def test_ids_are_texts_and_counts_are_numbers() -> None:
    dumped = dump(ActorKind.CUSTOMER, Attribute.UNREAD_ACTIVITY_COUNT)
    assert dumped["id"] == "1"
    assert dumped["unreadActivityCount"] == 3

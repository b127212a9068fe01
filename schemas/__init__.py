"""What each kind of actor sees of a case, declared with marshmallow."""

from collections.abc import Mapping

from marshmallow import Schema

from casemgr.actors import ActorKind
from casemgr.attributes import Attribute
from schemas.client_application import ClientApplicationCaseSchema
from schemas.customer import CustomerCaseSchema
from schemas.parts import ORDER
from schemas.user import UserCaseSchema

SCHEMAS: Mapping[ActorKind, type[Schema]] = {
    ActorKind.USER: UserCaseSchema,
    ActorKind.CUSTOMER: CustomerCaseSchema,
    ActorKind.CLIENT_APPLICATION: ClientApplicationCaseSchema,
}
"""The schema of each kind of actor."""

_ADDITIONAL = {attribute.name.lower() for attribute in Attribute}


def schema_for(kind: ActorKind, attributes: frozenset[Attribute]) -> Schema:
    """Build the schema of the summary of a case and these additional attributes."""
    declared = SCHEMAS[kind]._declared_fields.keys()
    asked = {attribute.name.lower() for attribute in attributes}
    only = [name for name in ORDER if name in declared and (name in asked or name not in _ADDITIONAL)]
    return SCHEMAS[kind](only=only)

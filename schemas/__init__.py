"""The attributes of a case that each kind of actor may see, declared with marshmallow."""

from collections.abc import Mapping

from marshmallow import Schema

from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import Attribute
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
    """Build the schema for the summary of a case and these additional attributes."""
    declared = SCHEMAS[kind]._declared_fields.keys()
    requested = {attribute.name.lower() for attribute in attributes}
    only = [name for name in ORDER if name in declared and (name in requested or name not in _ADDITIONAL)]
    return SCHEMAS[kind](only=only)

"""What each kind of actor sees of a case, declared with marshmallow."""

from collections.abc import Mapping
from functools import cache

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


@cache
def schema_for(kind: ActorKind, attributes: frozenset[Attribute]) -> Schema:
    """Build, once, the schema that dumps the summary of a case and these additional attributes.

    There are at most as many schemas as sets of attributes, some thousand.
    """
    declared = SCHEMAS[kind]._declared_fields.keys()
    asked = {attribute.name.lower() for attribute in attributes}
    only = [name for name in ORDER if name in declared and (name in asked or name not in _ADDITIONAL)]
    return SCHEMAS[kind](only=only)

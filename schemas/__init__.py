"""What each kind of actor sees of a case, declared with marshmallow."""

from collections.abc import Mapping
from functools import lru_cache

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


@lru_cache(maxsize=256)
def schema_for(kind: ActorKind, attributes: frozenset[Attribute]) -> Schema:
    """Build, once, the schema that dumps the summary of a case and these additional attributes.

    Of the thousands of sets of attributes that can be asked for, those used last are kept.
    """
    declared = SCHEMAS[kind]._declared_fields.keys()
    asked = {attribute.name.lower() for attribute in attributes}
    only = [name for name in ORDER if name in declared and (name in asked or name not in _ADDITIONAL)]
    return SCHEMAS[kind](only=only)

"""From cases to the bytes of a response: one table from media type to encoder."""

from collections.abc import Mapping
from functools import lru_cache

from casemgr.actors import ActorKind
from casemgr.attributes import Attribute
from casemgr.media_types import MediaType
from casemgr.representations import as_json, as_xml
from casemgr.representations.encoders import EncodeCases, Encoder
from schemas import schema_for
from schemas.plan import plan_of

ENCODERS: Mapping[MediaType, Encoder] = {
    MediaType.JSON: Encoder(as_json.compile_cases, as_json.encode_error),
    MediaType.XML: Encoder(as_xml.compile_cases, as_xml.encode_error),
}
"""The encoder of each media type."""


@lru_cache(maxsize=256)
def case_encoder(media_type: MediaType, kind: ActorKind, attributes: frozenset[Attribute]) -> EncodeCases:
    """Compile, once, what encodes the summary of cases and these additional attributes for a kind of actor.

    Of the thousands of sets of attributes that can be asked for, those used last are kept.
    """
    return ENCODERS[media_type].compile_cases(plan_of(schema_for(kind, attributes)))

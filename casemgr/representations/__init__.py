"""From cases and errors to the bytes of a response body, in JSON and XML."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from casemgr.domain.actors import ActorKind
from casemgr.domain.attributes import Attribute
from casemgr.errors.bodies import ErrorBody
from casemgr.http.media_types import MediaType
from casemgr.representations import as_json, as_xml
from casemgr.representations.plan import Member, plan_of
from casemgr.representations.source_code import Encode, SourceCode
from schemas import schema_for


@dataclass(frozen=True, slots=True)
class Format:
    """The two kinds of body in a media type, as UTF-8.

    :param generate_cases: generates the encoder of cases from the plan of their schema.
    """

    generate_cases: Callable[[Sequence[Member]], SourceCode]
    encode_error: Callable[[ErrorBody], bytes]


FORMATS: Mapping[MediaType, Format] = {
    MediaType.JSON: Format(as_json.generate_cases, as_json.encode_error),
    MediaType.XML: Format(as_xml.generate_cases, as_xml.encode_error),
}


@lru_cache(maxsize=256)
def case_encoder(media_type: MediaType, kind: ActorKind, attributes: frozenset[Attribute]) -> Encode:
    """Compile the encoder of cases with the summary and these additional attributes, for a kind of actor.

    Thousands of sets of attributes can be requested; the encoders that were used last are cached.
    """
    return generate_case_encoder(media_type, kind, attributes).compile()


def generate_case_encoder(media_type: MediaType, kind: ActorKind, attributes: frozenset[Attribute]) -> SourceCode:
    """Generate the source of the encoder that `case_encoder` compiles."""
    return FORMATS[media_type].generate_cases(plan_of(schema_for(kind, attributes)))

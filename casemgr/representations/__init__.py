"""From plain data to the bytes of a response: one table from media type to encoder."""

from collections.abc import Mapping

from casemgr.negotiation import MediaType
from casemgr.representations import as_json, as_xml
from casemgr.representations.plain_data import Encoder

ENCODERS: Mapping[MediaType, Encoder] = {
    MediaType.JSON: Encoder(as_json.encode_cases, as_json.encode_error),
    MediaType.XML: Encoder(as_xml.encode_cases, as_xml.encode_error),
}
"""The encoder of each media type."""

"""The comparison of a response with the one that the error catalogue of this installation defines."""

import json
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPMessage
from itertools import zip_longest

from lxml import etree

from casemgr.domain.texts import shorten
from casemgr.error_check.client import Response
from casemgr.errors.bodies import build_error_body
from casemgr.errors.catalogue import LANGUAGE_NOT_ACCEPTABLE, MEDIA_TYPE_NOT_ACCEPTABLE, TOO_MANY_FAILURES
from casemgr.errors.definitions import ApiError, DetailValue, ErrorDef
from casemgr.http.media_types import XML_NAMESPACE, MediaType
from casemgr.i18n.locales import DEFAULT_LOCALE, Locale
from casemgr.representations import FORMATS

_CONTENT_LANGUAGE, _CONTENT_TYPE, _UNREADABLE_BODY = "Content-Language", "Content-Type", "unreadable body"


def find_differences(
    definition: ErrorDef, values: dict[str, DetailValue], locale: Locale, media_type: MediaType, response: Response
) -> str:
    """Describe how a response differs from the one that this installation would send.

    :param values: the values of the error, which the response should have.
    :returns: the differences, separated by semicolons; empty when there are none.
    """
    return "; ".join(_compare(_expect(definition, values, locale, media_type, response), response))


def _expect(
    definition: ErrorDef, values: dict[str, DetailValue], locale: Locale, media_type: MediaType, response: Response
) -> Response:
    """Build the response that this installation would send."""
    if definition is TOO_MANY_FAILURES:
        # Only the service knows the seconds: the header must agree with the message.
        retry_after = response.fields.get("Retry-After", "")
        values["seconds"] = int(retry_after) if retry_after.isdecimal() else 0
    # A failed negotiation is answered in the default language or media type (contract NEG-2, NEG-5).
    locale = DEFAULT_LOCALE if definition is LANGUAGE_NOT_ACCEPTABLE else locale
    media_type = MediaType.JSON if definition is MEDIA_TYPE_NOT_ACCEPTABLE else media_type
    body = build_error_body(ApiError(definition, **values), locale, with_user_message=True)
    fields = HTTPMessage()
    fields[_CONTENT_LANGUAGE], fields[_CONTENT_TYPE] = locale.language_tag, media_type
    return Response(definition.status, fields, FORMATS[media_type].encode_error(body))


def _compare(expected: Response, actual: Response) -> Iterator[str]:
    expected_parts, actual_parts = _split(expected), _split(actual)
    names = actual_parts if _UNREADABLE_BODY in actual_parts else dict.fromkeys((*expected_parts, *actual_parts))
    for name in names:
        one, other = expected_parts.get(name), actual_parts.get(name)
        if one != other:
            yield f"{name}: expected {_quote_difference(one, other)}, got {_quote_difference(other, one)}"


def _quote_difference(text: str | None, other: str | None) -> str:
    """Quote a text, beginning shortly before the first difference from another one."""
    if text is None:
        return "nothing"
    pairs = enumerate(zip_longest(text, other or ""))
    start = max(0, next((index for index, (one, another) in pairs if one != another), 0) - 20)
    return f"‘{'…' if start else ''}{shorten(text[start:])}’"


def _split(response: Response) -> dict[str, str]:
    """Split a response into the parts to compare, by name; a member that is not a string is encoded as JSON."""
    parts: dict[str, object] = {"HTTP status": int(response.status)}
    header_names = (_CONTENT_LANGUAGE, _CONTENT_TYPE)
    parts |= {name: response.fields[name] for name in header_names if name in response.fields}
    try:
        parts |= _PARSERS[response.fields[_CONTENT_TYPE]](response.body)
    except (LookupError, TypeError, ValueError, RecursionError, etree.XMLSyntaxError):
        parts[_UNREADABLE_BODY] = response.body.decode(errors="replace")
    return {
        name: part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for name, part in parts.items()
    }


def _parse_json(body: bytes) -> dict[str, object]:
    return dict(json.loads(body))


def _parse_xml(body: bytes) -> dict[str, object]:
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    if root.tag != f"{{{XML_NAMESPACE}}}error":
        raise ValueError
    return {
        str(member.tag).removeprefix(f"{{{XML_NAMESPACE}}}"): [dict(detail.attrib) for detail in member] or member.text
        for member in root
    }


_PARSERS: Mapping[str, Callable[[bytes], dict[str, object]]] = {MediaType.JSON: _parse_json, MediaType.XML: _parse_xml}

"""The bodies as XML: the same content as the JSON, by the same names."""

import re
from collections.abc import Mapping, Sequence

from lxml import etree

from casemgr.representations.plain_data import ErrorBody, PlainData

NAMESPACE = "urn:casemgr:v3"

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_ATTRIBUTES = frozenset({"id", "rel", "href"})
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def encode_cases(cases: Sequence[Mapping[str, PlainData]]) -> bytes:
    """Encode cases as the dump of a schema gives them.

    Source: contract REP-4, REP-5.
    """
    root = _root("cases")
    _append(root, "case", cases)
    return _serialise(root)


def encode_error(error: ErrorBody) -> bytes:
    """Encode an error (contract REP-7)."""
    root = _root("error")
    _append(root, "code", error.code)
    _append(root, "developerMessage", error.developer_message)
    if error.user_message is not None:
        _append(root, "userMessage", error.user_message)
    if error.details:
        details = etree.SubElement(root, _qualified("details"))
        for detail in error.details:
            etree.SubElement(details, _qualified("detail"), key=_carried(detail.key), value=_carried(detail.value))
    return _serialise(root)


def _root(name: str) -> etree._Element:
    return etree.Element(_qualified(name), nsmap={None: NAMESPACE})


def _qualified(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _serialise(root: etree._Element) -> bytes:
    # lxml writes its own declaration with single quotes.
    return _DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def _append(parent: etree._Element, name: str, data: PlainData) -> None:
    if isinstance(data, Mapping):
        element = etree.SubElement(parent, _qualified(name))
        for member, value in data.items():
            if member in _ATTRIBUTES:
                element.set(member, _carried(value))
            else:
                _append(element, member, value)
    elif isinstance(data, str | int):
        etree.SubElement(parent, _qualified(name)).text = _carried(data)
    else:
        for item in data:
            _append(parent, name, item)


def _carried(value: PlainData) -> str:
    """Replace what XML 1.0 cannot carry (section 2.2)."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(value))

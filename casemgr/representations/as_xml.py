"""Bodies in XML: the same content as in JSON, under the same names.

For 75 cases lxml takes 4.5 ms with a tree and 3.9 ms without (`etree.xmlfile`). So it writes the markup of each element
only once, with a marker in place of every value, and the compiled encoder fills in the values: 0.26 ms
(docs/performance.md).
"""

import re
from collections.abc import Sequence

from lxml import etree

from casemgr.domain.cases import Case, NamedValue
from casemgr.errors.bodies import ErrorBody
from casemgr.http.media_types import XML_NAMESPACE
from casemgr.representations.plan import Kind, Member
from casemgr.representations.source_code import OBJECTS, SourceCode, variable_of
from schemas.fields import XML_ATTRIBUTES

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_ILLEGAL_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})
_NEEDS_NO_ESCAPE = re.compile('[^\x00-\x08\x0b-\x1f&<>"\ud800-\udfff\ufffe\uffff]*').fullmatch

_MARKER = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Marks the place of a value in the markup that lxml writes."""


def generate_cases(plan: Sequence[Member]) -> SourceCode:
    """Generate the encoder of cases; members that are attributes in XML are never left out.

    Source: contract REP-4, REP-5.
    """
    start, end = _markup_of(_root("cases"), with_content=True)
    code = _XmlCode(_escape)
    code.write(_DECLARATION + start)
    code.write_elements("case", OBJECTS, Case._fields, plan)
    code.write(end)
    return code


class _XmlCode(SourceCode):
    """The source code of an encoder to XML."""

    def write_elements(self, name: str, objects: str, columns: Sequence[str], members: Sequence[Member]) -> None:
        """Write an element of this name for each object."""
        with self.each(objects, columns) as holder:
            self._write_element(name, members, holder)

    def _write_element(self, name: str, members: Sequence[Member], holder: str) -> None:
        attributes = [member for member in members if member.name in XML_ATTRIBUTES]
        children = [member for member in members if member.name not in XML_ATTRIBUTES]
        marked = etree.Element(name, {member.name: _MARKER for member in attributes})
        pieces = _markup_of(marked, with_content=bool(children))
        self.write(pieces[0])
        for member, piece in zip(attributes, pieces[1:], strict=False):
            self._write_content(member, variable_of(member.attribute, holder))
            self.write(piece)
        for child in children:
            with self.where_present(child, holder):
                self._write_child(child, variable_of(child.attribute, holder))
        if children:
            self.write(pieces[-1])

    def _write_child(self, member: Member, variable: str) -> None:
        match member.kind:
            case Kind.DISPLAY_VALUE:
                assert member.value_kind  # noqa: S101 - a display value has a kind
                named_value = _XmlCode(_escape)
                named_value.write_elements(member.name, OBJECTS, NamedValue._fields, member.members)
                self.write_display_value(member.value_kind, variable, named_value)
            case Kind.OBJECT if [inner.kind for inner in member.members] == [Kind.LIST]:
                self._write_container(member, variable)
            case Kind.OBJECT | Kind.LIST_OF_ONE:
                self._write_element(member.name, member.members, variable)
            case Kind.LIST:
                self.write_elements(member.name, variable, member.columns, member.members)
            case _:
                start, end = _markup_of(etree.Element(member.name), with_content=True)
                self.write(start)
                self._write_content(member, variable)
                self.write(end)

    def _write_container(self, member: Member, variable: str) -> None:
        """Write the element around a list, which is empty when the list is."""
        for line, members in ((f"if {variable}:", member.members), ("else:", ())):
            with self.block(line):
                self._write_element(member.name, members, variable)

    def _write_content(self, member: Member, variable: str) -> None:
        match member.kind:
            case Kind.CONSTANT:
                self.write(_escape(member.constant))
            case Kind.PATH:
                self.write_path([_escape(piece) for piece in member.pieces], variable)
            case Kind.TEXT:
                self.write_text(variable)
            case Kind.NUMBER | Kind.NUMBER_AS_TEXT:
                self.write_value(variable)
            case _:
                raise TypeError(f"{member.name} is of the kind {member.kind}, which is no text in XML.")


def _markup_of(element: etree._Element, *, with_content: bool) -> list[str]:
    """Write the markup of an element with lxml, and split it at the markers."""
    if with_content:
        element.text = _MARKER
    return etree.tostring(element, encoding="unicode").split(_MARKER)


def _escape(text: str) -> str:
    """Escape a text for content and attributes, and replace illegal characters (XML 1.0 sections 2.2 and 2.4)."""
    return text if _NEEDS_NO_ESCAPE(text) else _replace_illegal_characters(text).translate(_ESCAPES)


def encode_error(error: ErrorBody) -> bytes:
    """Encode an error (contract REP-7)."""
    root = _root("error")
    texts = {"code": error.code, "developerMessage": error.developer_message, "userMessage": error.user_message}
    for name, text in texts.items():
        if text is not None:
            etree.SubElement(root, _qualified(name)).text = _replace_illegal_characters(text)
    if error.details:
        details = etree.SubElement(root, _qualified("details"))
        for detail in error.details:
            etree.SubElement(
                details,
                _qualified("detail"),
                key=_replace_illegal_characters(detail.key),
                value=_replace_illegal_characters(detail.value),
            )
    # lxml writes its own declaration with single quotes.
    return _DECLARATION.encode() + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def _root(name: str) -> etree._Element:
    return etree.Element(_qualified(name), nsmap={None: XML_NAMESPACE})


def _qualified(name: str) -> str:
    return f"{{{XML_NAMESPACE}}}{name}"


def _replace_illegal_characters(text: str) -> str:
    """Replace the characters that XML 1.0 does not allow (section 2.2; contract REP-5)."""
    return _ILLEGAL_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)

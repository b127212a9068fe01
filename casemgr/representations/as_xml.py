"""The bodies as XML: the same content as the JSON, by the same names.

For 75 cases lxml takes nearly 4 ms, with a tree or without one (`etree.xmlfile`). So it writes each element once, with
marks instead of values; code that is compiled from that puts the values in, in a quarter of a millisecond
(docs/performance.md).
"""

import re
from collections.abc import Sequence

from lxml import etree

from casemgr.cases import Case, NamedValue
from casemgr.representations.encoders import EncodeCases, ErrorBody
from casemgr.representations.source_code import OBJECTS, SourceCode, Write, variable_of
from schemas.fields import XML_ATTRIBUTES
from schemas.plan import Kind, Member

NAMESPACE = "urn:casemgr:v3"

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})
_PLAIN = re.compile('[^\x00-\x08\x0b-\x1f&<>"\ud800-\udfff\ufffe\uffff]*').fullmatch

_MARK = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for a value in what lxml writes."""


def compile_cases(plan: Sequence[Member]) -> EncodeCases:
    """Compile the encoder of cases; members that XML has as attributes have a value always.

    Source: contract REP-4, REP-5.
    """
    write = _compile("case", plan, Case._fields)
    start, end = _have_written(_root("cases"), with_content=True)

    def encode_cases(cases: Sequence[Case]) -> bytes:
        return _DECLARATION + f"{start}{write(cases)}{end}".encode()

    return encode_cases


def _compile(name: str, members: Sequence[Member], columns: Sequence[str]) -> Write:
    code = _XmlCode(_escape)
    code.write_elements(name, OBJECTS, columns, members)
    return code.compile()


class _XmlCode(SourceCode):
    """The source code of what writes XML."""

    def write_elements(self, name: str, objects: str, columns: Sequence[str], members: Sequence[Member]) -> None:
        """Write elements of one name, an object each."""
        with self.each(objects, columns) as holder:
            self._write_element(name, members, holder)

    def _write_element(self, name: str, members: Sequence[Member], holder: str) -> None:
        attributes = [member for member in members if member.name in XML_ATTRIBUTES]
        children = [member for member in members if member.name not in XML_ATTRIBUTES]
        marked = etree.Element(name, {member.name: _MARK for member in attributes})
        pieces = _have_written(marked, with_content=bool(children))
        self.write(pieces[0])
        for member, piece in zip(attributes, pieces[1:], strict=False):
            self._write_content(member, variable_of(member.attribute, holder))
            self.write(piece)
        for child in children:
            with self.where_there_is(child, holder):
                self._write_child(child, variable_of(child.attribute, holder))
        if children:
            self.write(pieces[-1])

    def _write_child(self, member: Member, variable: str) -> None:
        match member.kind:
            case Kind.DISPLAY_VALUE:
                write = _compile(member.name, member.members, NamedValue._fields)
                self.write_display_value(member, variable, write)
            case Kind.OBJECT if [inner.kind for inner in member.members] == [Kind.LIST]:
                self._write_container(member, variable)
            case Kind.OBJECT | Kind.LIST_OF_ONE:
                self._write_element(member.name, member.members, variable)
            case Kind.LIST:
                self.write_elements(member.name, variable, member.columns, member.members)
            case _:
                start, end = _have_written(etree.Element(member.name), with_content=True)
                self.write(start)
                self._write_content(member, variable)
                self.write(end)

    def _write_container(self, member: Member, variable: str) -> None:
        """Write an element with a list, and one that is empty where the list is."""
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
                raise TypeError(f"{member.name} is of a kind that XML knows nothing of.")


def _have_written(element: etree._Element, *, with_content: bool) -> list[str]:
    """Have lxml write an element, with a mark as its content, and cut what it writes at the marks."""
    if with_content:
        element.text = _MARK
    return etree.tostring(element, encoding="unicode").split(_MARK)


def _escape(text: str) -> str:
    """Write a text as content or in quotes; what XML 1.0 cannot carry is replaced (sections 2.2 and 2.4)."""
    return text if _PLAIN(text) else _carried(text).translate(_ESCAPES)


def encode_error(error: ErrorBody) -> bytes:
    """Encode an error (contract REP-7)."""
    root = _root("error")
    texts = {"code": error.code, "developerMessage": error.developer_message, "userMessage": error.user_message}
    for name, text in texts.items():
        if text is not None:
            etree.SubElement(root, _qualified(name)).text = _carried(text)
    if error.details:
        details = etree.SubElement(root, _qualified("details"))
        for detail in error.details:
            etree.SubElement(details, _qualified("detail"), key=_carried(detail.key), value=_carried(detail.value))
    # lxml writes its own declaration with single quotes.
    return _DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def _root(name: str) -> etree._Element:
    return etree.Element(_qualified(name), nsmap={None: NAMESPACE})


def _qualified(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _carried(text: str) -> str:
    """Replace what XML 1.0 cannot carry (section 2.2)."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)

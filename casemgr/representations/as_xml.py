"""The bodies as XML: the same content as the JSON, by the same names.

For 75 cases lxml takes nearly 4 ms, with a tree or without one (`etree.xmlfile`). So it writes each element once, with
marks instead of values; code that is compiled from that puts the values in, in less than 0.5 ms (docs/performance.md).
"""

import re
from collections.abc import Sequence

from lxml import etree

from casemgr.cases import Case
from casemgr.representations.encoders import EncodeCases, ErrorBody
from casemgr.representations.source_code import CASE, SourceCode
from schemas.plan import Kind, Member

NAMESPACE = "urn:casemgr:v3"

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_ATTRIBUTES = frozenset({"id", "rel", "href"})
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})
_PLAIN = re.compile('[^\x00-\x08\x0b-\x1f&<>"\ud800-\udfff\ufffe\uffff]*').fullmatch

_MARK = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for a value in what lxml writes."""


def compile_cases(plan: Sequence[Member]) -> EncodeCases:
    """Compile the encoder of cases; members that XML has as attributes have a value always.

    Source: contract REP-4, REP-5.
    """
    code = SourceCode()
    code.begin("pieces = []")
    code.begin("add = pieces.append")
    markup = _Markup(code)
    markup.add_element("case", plan, CASE)
    markup.flush()
    write = code.compile("pieces")
    start, end = _have_written(_root("cases"), with_content=True)

    def encode_cases(cases: Sequence[Case]) -> bytes:
        return _DECLARATION + "".join((start, *write(cases), end)).encode()

    return encode_cases


class _Markup:
    """Adds to the code what writes markup: as few and as long pieces as can be."""

    def __init__(self, code: SourceCode) -> None:
        self._code = code
        self._escape = code.constant(_escape)
        self._piece = ""

    def flush(self) -> None:
        """Write what is there so far, before a block begins or ends."""
        if self._piece:
            self._code.add(f"add(f'{self._piece}')")
            self._piece = ""

    def add_element(self, name: str, members: Sequence[Member], holder: str) -> None:
        attributes = [member for member in members if member.name in _ATTRIBUTES]
        children = [member for member in members if member.name not in _ATTRIBUTES]
        marked = etree.Element(name, {member.name: _MARK for member in attributes})
        pieces = _have_written(marked, with_content=bool(children))
        self._piece += pieces[0]
        for member, piece in zip(attributes, pieces[1:], strict=False):
            self._piece += self._write_value(member, self._code.value_of(member, holder)) + piece
        for child in children:
            self._add_child(child, holder)
        if children:
            self._piece += pieces[-1]

    def _add_child(self, member: Member, holder: str) -> None:
        if member.required:
            self._add_present(member, holder)
            return
        self.flush()
        with self._code.where_there_is(member, holder):
            self._add_present(member, holder)
            self.flush()

    def _add_present(self, member: Member, holder: str) -> None:
        value = self._code.value_of(member, holder)
        match member.kind:
            case Kind.OBJECT if [inner.kind for inner in member.members] == [Kind.LIST]:
                self._add_container(member, self._code.assign(value))
            case Kind.OBJECT:
                self.add_element(member.name, member.members, self._code.assign(value))
            case Kind.LIST_OF_ONE:
                self.add_element(member.name, member.members, value)
            case Kind.LIST:
                self.flush()
                item = f"item_of_{self._code.assign(value)}"
                with self._code.block(f"for {item} in {value}:"):
                    self.add_element(member.name, member.members, item)
                    self.flush()
            case _:
                start, end = _have_written(etree.Element(member.name), with_content=True)
                self._piece += start + self._write_value(member, value) + end

    def _add_container(self, member: Member, value: str) -> None:
        """Add an element with a list, and one that is empty where the list is."""
        self.flush()
        for line, members in ((f"if {value}:", member.members), ("else:", ())):
            with self._code.block(line):
                self.add_element(member.name, members, value)
                self.flush()

    def _write_value(self, member: Member, value: str) -> str:
        if member.constant is not None:
            return _escape(member.constant)
        return f"{{{self._escape}({value})}}" if member.kind is Kind.TEXT else f"{{{value}}}"


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

"""The body of a login: from bytes to a name and a password, or to the error that tells what is wrong."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, cast

from lxml import etree
from marshmallow import ValidationError

from casemgr.errors import (
    BODY_NOT_OF_FIELDS,
    BODY_NOT_READABLE,
    BODY_TOO_DEEP,
    BODY_WITH_DOCTYPE,
    FIELDS_MISSING,
    FIELDS_NOT_TEXT,
    FIELDS_REPEATED,
    FIELDS_UNKNOWN,
    MEDIA_TYPE_NOT_SUPPORTED,
    ApiError,
)
from casemgr.media_types import MediaType
from casemgr.representations.as_xml import NAMESPACE
from casemgr.surrogates import replace_lone_surrogates
from schemas.login import MISSING, NOT_TEXT, UNKNOWN, LoginSchema

if TYPE_CHECKING:
    from lxml.etree import ParserTarget

MAX_BODY = 4096
"""Bytes of a request body."""

MAX_DEPTH = 16
"""Levels of a request body, in JSON and in XML; a login has two."""

ELEMENT = "login"

_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)

_SCHEMA = LoginSchema()

Fields = Sequence[tuple[str, object]]
"""The fields of a body as they stand there, repeated ones included; what is not text is any other object."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a user or customer logs in with."""

    user_name: str
    password: str = field(repr=False)


def select_body_type(content_type: str) -> MediaType:
    """Select how a request body is read.

    :param content_type: the Content-Type field value as received, empty when it is absent; its parameters do not count.
    :raises ApiError: MEDIA_TYPE_NOT_SUPPORTED.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in set(MediaType):
        raise ApiError(MEDIA_TYPE_NOT_SUPPORTED, contentType=content_type, supported=list(MediaType))
    return MediaType(media_type)


def parse_login(media_type: MediaType, body: bytes) -> Login:
    """Parse the body of a login.

    :raises ApiError: what is wrong with the body as a whole, else FIELDS_UNKNOWN, FIELDS_REPEATED, FIELDS_MISSING or
        FIELDS_NOT_TEXT, in this order, with every field that it concerns.
    """
    fields = _PARSERS[media_type](body)
    values = dict(fields)
    counts = Counter(name for name, _ in fields)
    try:
        loaded = _SCHEMA.load(values)
        problems = {}
    except ValidationError as error:
        problems = error.messages_dict
    names = dict.fromkeys((*values, *problems))

    def having(problem: str) -> list[str]:
        return [name for name in names if problem in problems.get(name, ())]

    for definition, wrong in (
        (FIELDS_UNKNOWN, having(UNKNOWN)),
        (FIELDS_REPEATED, [name for name in names if counts[name] > 1]),
        (FIELDS_MISSING, having(MISSING)),
        (FIELDS_NOT_TEXT, having(NOT_TEXT)),
    ):
        if wrong:
            raise ApiError(definition, field=wrong)
    return Login(**{name: replace_lone_surrogates(text) for name, text in loaded.items()})


def _parse_json(body: bytes) -> Fields:
    try:
        text = body.decode("utf-8-sig")
        _check_depth(text)
        data = json.loads(text, object_pairs_hook=tuple, parse_constant=_refuse_constant)
    except ValueError as error:
        raise ApiError(BODY_NOT_READABLE, mediaType=MediaType.JSON) from error
    if not isinstance(data, tuple):
        raise _not_of_fields()
    return [(replace_lone_surrogates(name), value) for name, value in data]


def _check_depth(text: str) -> None:
    """Count brackets, since how deep Python's own parser goes depends on its version."""
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", _JSON_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise _too_deep()


def _refuse_constant(constant: str) -> NoReturn:
    """Refuse NaN and infinities, which Python reads although JSON has none."""
    raise ValueError(constant)


def _parse_xml(body: bytes) -> Fields:
    target = _Target()
    parser = etree.XMLParser(target=cast("ParserTarget[None]", target), resolve_entities=False)
    try:
        etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ApiError(BODY_NOT_READABLE, mediaType=MediaType.XML) from error
    if target.root != f"{{{NAMESPACE}}}{ELEMENT}":
        raise _not_of_fields()
    return target.fields


class _Target:
    """Takes what the XML parser reads, and stops it before anything is declared, expanded or nested too deep."""

    def __init__(self) -> None:
        self.root = ""
        self.fields: list[tuple[str, object]] = []
        self._depth = 0
        self._text: str | None = None

    def doctype(self, *_: str | None) -> NoReturn:
        """Refuse the declaration before its entities are read."""
        raise ApiError(BODY_WITH_DOCTYPE)

    def start(self, tag: str, _: object) -> None:
        """Begin the root, a field, or what makes a field more than text."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _too_deep()
        if self._depth == 1:
            self.root = tag
        self._text = "" if self._depth == 2 else None

    def data(self, text: str) -> None:
        """Continue the text of a field."""
        if self._text is not None:
            self._text += text

    def end(self, tag: str) -> None:
        """End an element; a field is named without the namespace of a login, but with any other one or none."""
        if self._depth == 2:
            qualified = tag if tag.startswith("{") else f"{{}}{tag}"
            self.fields.append((qualified.removeprefix(f"{{{NAMESPACE}}}"), self._text))
        self._depth -= 1
        self._text = None

    def close(self) -> None:
        """End the document."""


def _not_of_fields() -> ApiError:
    return ApiError(BODY_NOT_OF_FIELDS, element=ELEMENT, namespace=NAMESPACE)


def _too_deep() -> ApiError:
    return ApiError(BODY_TOO_DEEP, limit=MAX_DEPTH)


_PARSERS: Mapping[MediaType, Callable[[bytes], Fields]] = {MediaType.JSON: _parse_json, MediaType.XML: _parse_xml}

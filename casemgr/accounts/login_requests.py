"""Login requests: parse the query string and the body."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn, cast

from lxml import etree
from marshmallow import ValidationError, fields

from casemgr.cases.query import parse_choice, parse_parameters
from casemgr.domain.texts import replace_lone_surrogates
from casemgr.errors.catalogue import (
    BODY_NOT_OF_FIELDS,
    BODY_NOT_READABLE,
    BODY_TOO_DEEP,
    BODY_WITH_DOCTYPE,
    FIELDS_MISSING,
    FIELDS_NOT_TEXT,
    FIELDS_REPEATED,
    FIELDS_UNKNOWN,
    MEDIA_TYPE_NOT_SUPPORTED,
    PARAMETERS_UNKNOWN,
)
from casemgr.errors.definitions import ApiError
from casemgr.http.limits import MAX_DEPTH
from casemgr.http.media_types import LOGIN_ELEMENT, MediaType
from schemas.fields import CamelCaseSchema

if TYPE_CHECKING:
    from lxml.etree import ParserTarget

FORCE_LOGIN = "forceLogin"


class ForceLogin(StrEnum):
    """A value of `forceLogin`."""

    YES = "yes"
    NO = "no"


_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)

_UNKNOWN, _MISSING, _NOT_TEXT = "unknown", "missing", "not text"
_MESSAGES: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": _MISSING,
    "null": _NOT_TEXT,
    "invalid": _NOT_TEXT,
}
"""Marks for marshmallow's errors, which `parse_login` turns into errors of the catalogue."""


class LoginSchema(CamelCaseSchema):
    """The fields of a login."""

    error_messages = {"unknown": _UNKNOWN}  # noqa: RUF012 - marshmallow declares it like this
    user_name = fields.String(
        required=True, error_messages=_MESSAGES, metadata={"description": "The login ID, which is case-sensitive."}
    )
    password = fields.String(required=True, error_messages=_MESSAGES, metadata={"description": "The password."})


_SCHEMA = LoginSchema()

Fields = Sequence[tuple[str, object]]
"""The fields of a body in their order, including repeated fields; a value may be any object."""


@dataclass(frozen=True, slots=True)
class Login:
    """The name and the password of a user or customer."""

    user_name: str
    password: str = field(repr=False)


def parse_force_login(query_string: str) -> bool:
    """Parse the query string of a login.

    :param query_string: as received, still percent-encoded.
    :returns: whether the login may end the oldest session if the account has too many.
    :raises ApiError: PARAMETERS_UNKNOWN, PARAMETERS_REPEATED or VALUES_NOT_SUPPORTED.
    """
    values = parse_parameters(query_string, (FORCE_LOGIN,), PARAMETERS_UNKNOWN)
    return FORCE_LOGIN in values and parse_choice(ForceLogin, FORCE_LOGIN, values[FORCE_LOGIN]) is ForceLogin.YES


def select_body_type(content_type: str) -> MediaType:
    """Select the media type of a request body.

    :param content_type: the Content-Type field value as received, empty when it is absent; parameters are ignored.
    :raises ApiError: MEDIA_TYPE_NOT_SUPPORTED.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in set(MediaType):
        raise ApiError(MEDIA_TYPE_NOT_SUPPORTED, contentType=content_type, supported=list(MediaType))
    return MediaType(media_type)


def parse_login(media_type: MediaType, body: bytes) -> Login:
    """Parse the body of a login.

    :raises ApiError: BODY_NOT_READABLE, BODY_WITH_DOCTYPE, BODY_TOO_DEEP or BODY_NOT_OF_FIELDS; otherwise the first of
        FIELDS_UNKNOWN, FIELDS_REPEATED, FIELDS_MISSING and FIELDS_NOT_TEXT, with all fields that have this problem.
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

    def fields_with(problem: str) -> list[str]:
        return [name for name in names if problem in problems.get(name, ())]

    for definition, wrong in (
        (FIELDS_UNKNOWN, fields_with(_UNKNOWN)),
        (FIELDS_REPEATED, [name for name in names if counts[name] > 1]),
        (FIELDS_MISSING, fields_with(_MISSING)),
        (FIELDS_NOT_TEXT, fields_with(_NOT_TEXT)),
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
    """Count the brackets, since the maximum depth of Python's parser depends on its version."""
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", _JSON_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise _too_deep()


def _refuse_constant(constant: str) -> NoReturn:
    """Refuse NaN and infinities, which Python accepts although JSON does not have them."""
    raise ValueError(constant)


def _parse_xml(body: bytes) -> Fields:
    target = _Target()
    parser = etree.XMLParser(target=cast("ParserTarget[None]", target), resolve_entities=False)
    try:
        etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ApiError(BODY_NOT_READABLE, mediaType=MediaType.XML) from error
    if target.root != LOGIN_ELEMENT:
        raise _not_of_fields()
    return target.fields


class _Target:
    """Receives the events of the XML parser; refuses a document type declaration and too deep nesting.

    Elements count by their local names, since clients of the product send its own namespace (contract LOG-1).
    """

    def __init__(self) -> None:
        self.root = ""
        self.fields: list[tuple[str, object]] = []
        self._depth = 0
        self._text: str | None = None

    def doctype(self, *_: str | None) -> NoReturn:
        """Refuse a document type declaration before the parser reads its entities."""
        raise ApiError(BODY_WITH_DOCTYPE)

    def start(self, tag: str, _: object) -> None:
        """Begin the root, a field, or an element within a field, whose value is then not text."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _too_deep()
        if self._depth == 1:
            self.root = etree.QName(tag).localname
        self._text = "" if self._depth == 2 else None

    def data(self, text: str) -> None:
        """Continue the text of a field."""
        if self._text is not None:
            self._text += text

    def end(self, tag: str) -> None:
        """End an element, which may be a field."""
        if self._depth == 2:
            self.fields.append((etree.QName(tag).localname, self._text))
        self._depth -= 1
        self._text = None

    def close(self) -> None:
        """End the document."""


def _not_of_fields() -> ApiError:
    return ApiError(BODY_NOT_OF_FIELDS, element=LOGIN_ELEMENT)


def _too_deep() -> ApiError:
    return ApiError(BODY_TOO_DEEP, limit=MAX_DEPTH)


_PARSERS: Mapping[MediaType, Callable[[bytes], Fields]] = {MediaType.JSON: _parse_json, MediaType.XML: _parse_xml}

"""The check of a running service: provoke every error and compare the responses with the error catalogue."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from http.client import HTTPMessage
from itertools import zip_longest
from typing import NamedTuple

from lxml import etree

from casemgr.domain.actors import ActorKind
from casemgr.domain.texts import shorten
from casemgr.error_check.accounts import encode_login, log_in
from casemgr.error_check.client import Response, Send
from casemgr.error_check.fixtures import Fixtures, create_unknown
from casemgr.errors.bodies import build_error_body
from casemgr.errors.catalogue import (
    CATALOGUE,
    LANGUAGE_NOT_ACCEPTABLE,
    LOGIN_FAILED,
    MEDIA_TYPE_NOT_ACCEPTABLE,
    TOO_MANY_FAILURES,
    TOO_MANY_SESSIONS,
)
from casemgr.errors.definitions import ApiError, DetailValue, ErrorDef
from casemgr.http.headers import USER_MESSAGE_HEADER
from casemgr.http.limits import MAX_FAILURES_OF_ACCOUNT
from casemgr.http.media_types import XML_NAMESPACE, MediaType
from casemgr.i18n.locales import DEFAULT_LOCALE, Locale
from casemgr.representations import FORMATS

_MAX_SHOWN = 20
"""Maximum number of wrong responses whose differences the table shows."""

_PROVOKED_LAST = (LOGIN_FAILED, TOO_MANY_FAILURES)
"""The errors that require failed logins, too many of which block all logins."""

_CONTENT_LANGUAGE, _CONTENT_TYPE, _UNREADABLE_BODY = "Content-Language", "Content-Type", "unreadable body"


class Result(StrEnum):
    """The result of a probe."""

    RIGHT = "right"
    WRONG = "wrong"
    REFUSED = "refused"
    NOT_PROVOKED = "not provoked"


class Outcome(NamedTuple):
    """The outcome of provoking an error in a locale and a media type.

    :param name: the unique name of the error.
    :param explanation: the differences, or the reason why the error was not provoked; empty when the response is right.
    """

    code: str
    name: str
    locale: str
    media_type: str
    result: Result
    explanation: str


def check_errors(send: Send, fixtures: Fixtures, locales: Sequence[Locale]) -> Iterator[Outcome]:
    """Provoke every error in these locales and both media types, and compare the responses.

    :raises ServiceError: when the service cannot be used.
    """
    for definition in (*(one for one in CATALOGUE if one not in _PROVOKED_LAST), *_PROVOKED_LAST):
        if definition is TOO_MANY_FAILURES:
            for _ in range(MAX_FAILURES_OF_ACCOUNT):
                send(log_in(ActorKind.USER, encode_login(fixtures.locked_name.text, "")))
        for locale in locales:
            for media_type in MediaType:
                # A name of its own for each login, since too many failures would block a repeated one.
                fresh = replace(fixtures, unknown=create_unknown())
                result, explanation = _provoke(send, definition, fresh, locale, media_type)
                yield Outcome(definition.code, definition.name, locale.language_tag, media_type, result, explanation)


def _provoke(
    send: Send, definition: ErrorDef, fixtures: Fixtures, locale: Locale, media_type: MediaType
) -> tuple[Result, str]:
    probe = definition.probe
    if probe is None:
        return Result.NOT_PROVOKED, "Only a fault of the service causes it."
    if missing := fixtures.find_missing(probe):
        return (Result.REFUSED if missing.is_refused else Result.NOT_PROVOKED), missing.reason
    request = fixtures.build_request(probe)
    headers = {"Accept": media_type, "Accept-Language": locale.language_tag, USER_MESSAGE_HEADER: "yes"}
    response = send(replace(request, fields={**headers, **request.fields}))
    if definition in (LOGIN_FAILED, TOO_MANY_SESSIONS) and response.status == TOO_MANY_FAILURES.status:
        seconds = response.fields.get("Retry-After")
        return Result.REFUSED, f"Too many failed logins from this address; try again in {seconds} s."
    values = fixtures.build_values(definition.example if probe.values is None else probe.values)
    expected = _expect(definition, values, locale, media_type, response)
    differences = "; ".join(_compare(expected, response))
    return (Result.WRONG if differences else Result.RIGHT), differences


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


def tabulate(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Draw the table of errors and locales, followed by the reasons and the differences."""
    locales = list(dict.fromkeys(outcome.locale for outcome in outcomes))
    cells: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        cells.setdefault((outcome.name, outcome.locale), []).append(outcome)
    width = max(len(definition.name) for definition in CATALOGUE)
    yield f"{'':{10 + width}} {' '.join(locales)}"
    for definition in CATALOGUE:
        row = " ".join(f"{_cell(cells[definition.name, locale]):5}" for locale in locales)
        yield f"{definition.code:9} {definition.name:{width}} {row}".rstrip()
    yield ""
    yield "ok: JSON and XML are right; JSON, XML or both: wrong; -: not provoked"
    yield "406-100 is always in en-US, and 406-101 always in JSON."
    reasons: dict[str, dict[str, None]] = {}
    for outcome in outcomes:
        if outcome.result in (Result.REFUSED, Result.NOT_PROVOKED):
            reasons.setdefault(outcome.explanation, {})[outcome.name] = None
    yield from (f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
    wrong = [outcome for outcome in outcomes if outcome.result is Result.WRONG]
    yield from (f"{one.name} {one.locale} {one.media_type}: {one.explanation}" for one in wrong[:_MAX_SHOWN])
    if len(wrong) > _MAX_SHOWN:
        yield f"… and {len(wrong) - _MAX_SHOWN} more wrong responses"


def _cell(outcomes: Sequence[Outcome]) -> str:
    wrong = [MediaType(outcome.media_type).name for outcome in outcomes if outcome.result is Result.WRONG]
    if wrong:
        return wrong[0] if len(wrong) == 1 else "both"
    return "ok" if all(outcome.result is Result.RIGHT for outcome in outcomes) else "-"

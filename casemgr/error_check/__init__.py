"""The check of a running service: it provokes every error, and compares the responses with the error catalogue."""

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
from casemgr.error_check.client import Answer, Send
from casemgr.error_check.fixtures import Fixtures
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
from casemgr.i18n.translation import use_locale
from casemgr.representations import FORMATS

_MAX_SHOWN = 20
"""Wrong responses whose differences a table shows."""

_LAST = (LOGIN_FAILED, TOO_MANY_FAILURES)
"""Errors that take failed logins come last, in this order: after too many of them nobody can log in."""

_LANGUAGE, _TYPE, _UNREADABLE = "Content-Language", "Content-Type", "unreadable body"


class Result(StrEnum):
    """The result of a probe."""

    RIGHT = "right"
    WRONG = "wrong"
    REFUSED = "refused"
    NOT_PROVOKED = "not provoked"


class Outcome(NamedTuple):
    """The outcome of provoking an error in a locale and a media type.

    :param name: the unique name of the error.
    :param explanation: the differences, or why the error was not provoked.
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
    for definition in (*(one for one in CATALOGUE if one not in _LAST), *_LAST):
        if definition is TOO_MANY_FAILURES:
            for _ in range(MAX_FAILURES_OF_ACCOUNT):
                send(log_in(ActorKind.USER, encode_login(fixtures.locked_name.text, "")))
        for locale in locales:
            for media_type in MediaType:
                result, explanation = _provoke(send, definition, fixtures, locale, media_type)
                yield Outcome(definition.code, definition.name, locale.language_tag, media_type, result, explanation)


def _provoke(
    send: Send, definition: ErrorDef, fixtures: Fixtures, locale: Locale, media_type: MediaType
) -> tuple[Result, str]:
    probe = definition.probe
    if probe is None:
        return Result.NOT_PROVOKED, "Only a fault of the service provokes it."
    if missing := fixtures.find_missing(probe):
        return (Result.REFUSED if missing.is_refused else Result.NOT_PROVOKED), missing.reason
    request = fixtures.build_request(probe)
    headers = {"Accept": media_type, "Accept-Language": locale.language_tag, USER_MESSAGE_HEADER: "yes"}
    answer = send(replace(request, fields={**headers, **request.fields}))
    if definition in (LOGIN_FAILED, TOO_MANY_SESSIONS) and answer.status == TOO_MANY_FAILURES.status:
        seconds = answer.fields.get("Retry-After")
        return Result.REFUSED, f"Too many logins from this address have failed; it is let in again in {seconds} s."
    values = fixtures.build_values(definition.example if probe.values is None else probe.values)
    expected = _expect(definition, values, locale, media_type, answer)
    differences = "; ".join(_compare(expected, answer))
    return (Result.WRONG if differences else Result.RIGHT), differences


def _expect(
    definition: ErrorDef, values: dict[str, DetailValue], locale: Locale, media_type: MediaType, answer: Answer
) -> Answer:
    """Build the response of this installation."""
    if definition is TOO_MANY_FAILURES:
        # Only the service knows the seconds; its sentence and its header have to agree.
        retry_after = answer.fields.get("Retry-After", "")
        values["seconds"] = int(retry_after) if retry_after.isdecimal() else 0
    # An error about negotiation cannot be in what was requested (contract NEG-2, NEG-5).
    locale = DEFAULT_LOCALE if definition is LANGUAGE_NOT_ACCEPTABLE else locale
    media_type = MediaType.JSON if definition is MEDIA_TYPE_NOT_ACCEPTABLE else media_type
    with use_locale(locale):
        body = build_error_body(ApiError(definition, **values), with_user_message=True)
    fields = HTTPMessage()
    fields[_LANGUAGE], fields[_TYPE] = locale.language_tag, media_type
    return Answer(definition.status, fields, FORMATS[media_type].encode_error(body))


def _compare(expected: Answer, got: Answer) -> Iterator[str]:
    wanted, came = _read(expected), _read(got)
    for part in came if _UNREADABLE in came else dict.fromkeys((*wanted, *came)):
        if wanted.get(part) != came.get(part):
            yield f"{part}: expected {_excerpt(wanted, came, part)}, got {_excerpt(came, wanted, part)}"


def _excerpt(parts: Mapping[str, str], others: Mapping[str, str], part: str) -> str:
    """Quote a part, beginning shortly before the first difference."""
    if part not in parts:
        return "nothing"
    pairs = enumerate(zip_longest(parts[part], others.get(part, "")))
    start = max(0, next((index for index, (one, other) in pairs if one != other), 0) - 20)
    return f"‘{'…' if start else ''}{shorten(parts[part][start:])}’"


def _read(answer: Answer) -> dict[str, str]:
    """Read the parts of a response that are compared, by name; members that are not text as JSON."""
    parts: dict[str, object] = {"HTTP status": int(answer.status)}
    parts |= {name: answer.fields[name] for name in (_LANGUAGE, _TYPE) if name in answer.fields}
    try:
        parts |= _READERS[answer.fields[_TYPE]](answer.body)
    except (LookupError, TypeError, ValueError, RecursionError, etree.XMLSyntaxError):
        parts[_UNREADABLE] = answer.body.decode(errors="replace")
    return {
        name: part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for name, part in parts.items()
    }


def _read_json(body: bytes) -> dict[str, object]:
    return dict(json.loads(body))


def _read_xml(body: bytes) -> dict[str, object]:
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    if root.tag != f"{{{XML_NAMESPACE}}}error":
        raise ValueError
    return {
        str(member.tag).removeprefix(f"{{{XML_NAMESPACE}}}"): [dict(detail.attrib) for detail in member] or member.text
        for member in root
    }


_READERS: Mapping[str, Callable[[bytes], dict[str, object]]] = {MediaType.JSON: _read_json, MediaType.XML: _read_xml}


def tabulate(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Draw the matrix of errors and locales, and list below it what is not right."""
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
    yield "ok: both media types are right; JSON, XML, both: they are wrong; -: not provoked"
    yield "406-100 always comes in en-US, and 406-101 in JSON."
    reasons: dict[str, dict[str, None]] = {}
    for outcome in outcomes:
        if outcome.result in (Result.REFUSED, Result.NOT_PROVOKED):
            reasons.setdefault(outcome.explanation, {})[outcome.name] = None
    yield from (f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
    wrong = [outcome for outcome in outcomes if outcome.result is Result.WRONG]
    yield from (f"{one.name} {one.locale} {one.media_type}: {one.explanation}" for one in wrong[:_MAX_SHOWN])
    if len(wrong) > _MAX_SHOWN:
        yield f"… and {len(wrong) - _MAX_SHOWN} more that are wrong"


def _cell(outcomes: Sequence[Outcome]) -> str:
    wrong = [MediaType(outcome.media_type).name for outcome in outcomes if outcome.result is Result.WRONG]
    if wrong:
        return wrong[0] if len(wrong) == 1 else "both"
    return "ok" if all(outcome.result is Result.RIGHT for outcome in outcomes) else "-"

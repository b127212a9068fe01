"""The check of a running service: every error is provoked, and what it says held against the catalogues of this one."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from http.client import HTTPMessage
from itertools import zip_longest
from typing import NamedTuple

from lxml import etree

from casemgr import i18n
from casemgr.actors import ActorKind
from casemgr.dataset import shorten
from casemgr.error_bodies import build_error_body
from casemgr.error_check.client import Answer, Send
from casemgr.error_check.probes import Fixtures, Probe, build_probes, encode_login, log_in
from casemgr.errors import (
    CATALOGUE,
    LANGUAGE_NOT_ACCEPTABLE,
    LOGIN_FAILED,
    MEDIA_TYPE_NOT_ACCEPTABLE,
    TOO_MANY_FAILURES,
    TOO_MANY_SESSIONS,
    ApiError,
    ErrorDef,
)
from casemgr.header_fields import USER_MESSAGE_HEADER
from casemgr.locales import DEFAULT_LOCALE, Locale
from casemgr.media_types import MediaType
from casemgr.openapi.examples import ERROR_NAMES
from casemgr.representations import ENCODERS
from casemgr.representations.as_xml import NAMESPACE
from casemgr.throttling import MAX_FAILURES_OF_ACCOUNT

_MAX_SHOWN = 20
"""Answers whose differences a table shows."""

_LAST = (LOGIN_FAILED, TOO_MANY_FAILURES)
"""What takes failed logins comes last, in this order: after too many of them nobody can log in."""

_LANGUAGE, _TYPE, _UNREADABLE = "Content-Language", "Content-Type", "unreadable body"


class Result(StrEnum):
    """What comes of a probe."""

    RIGHT = "right"
    WRONG = "wrong"
    REFUSED = "refused"
    NOT_PROVOKED = "not provoked"


class Outcome(NamedTuple):
    """What came of provoking an error in a locale and a media type.

    :param error: its code, with a number where several errors have the same, as in the description of the API.
    :param explanation: what differs, or why the error was not provoked.
    """

    error: str
    locale: str
    media_type: str
    result: Result
    explanation: str


def check_errors(send: Send, fixtures: Fixtures, locales: Sequence[Locale]) -> Iterator[Outcome]:
    """Provoke every error in these locales and both media types, and compare what comes.

    :raises ServiceError: when the service cannot be used.
    """
    for definition in (*(one for one in CATALOGUE if one not in _LAST), *_LAST):
        if definition is TOO_MANY_FAILURES:
            for _ in range(MAX_FAILURES_OF_ACCOUNT):
                send(log_in(ActorKind.USER, encode_login(fixtures.locked_name, "")))
        for locale in locales:
            for media_type in MediaType:
                probe = build_probes(fixtures, locale, media_type).get(definition)
                result, explanation = _try(send, definition, probe, locale, media_type)
                yield Outcome(ERROR_NAMES[definition], locale.language_tag, media_type, result, explanation)


def _try(
    send: Send,
    definition: ErrorDef,
    probe: Probe | None,
    locale: Locale,
    media_type: MediaType,
) -> tuple[Result, str]:
    if probe is None:
        return Result.NOT_PROVOKED, "Only a fault of the service provokes it."
    if lacking := probe.lacking:
        return (Result.REFUSED if lacking.is_refused else Result.NOT_PROVOKED), lacking.reason
    fields = {"Accept": media_type, "Accept-Language": locale.language_tag, USER_MESSAGE_HEADER: "yes"}
    answer = send(replace(probe.request, fields={**fields, **probe.request.fields}))
    if definition in (LOGIN_FAILED, TOO_MANY_SESSIONS) and answer.status == TOO_MANY_FAILURES.status:
        seconds = answer.fields.get("Retry-After")
        return Result.REFUSED, f"Too many logins from this address have failed; it is let in again in {seconds} s."
    differences = "; ".join(_compare(_expect(definition, probe, locale, media_type, answer), answer))
    return (Result.WRONG if differences else Result.RIGHT), differences


def _expect(definition: ErrorDef, probe: Probe, locale: Locale, media_type: MediaType, answer: Answer) -> Answer:
    """Answer as this installation would."""
    values = dict(probe.values)
    if definition is TOO_MANY_FAILURES:
        # Only the service knows how many; what it says has to agree with itself.
        retry_after = answer.fields.get("Retry-After", "")
        values["seconds"] = int(retry_after) if retry_after.isdecimal() else 0
    # What cannot be had is what was asked for (contract NEG-2, NEG-5).
    locale = DEFAULT_LOCALE if definition is LANGUAGE_NOT_ACCEPTABLE else locale
    media_type = MediaType.JSON if definition is MEDIA_TYPE_NOT_ACCEPTABLE else media_type
    with i18n.use_locale(locale):
        body = build_error_body(ApiError(definition, **values), with_user_message=True)
    fields = HTTPMessage()
    fields[_LANGUAGE], fields[_TYPE] = locale.language_tag, media_type
    return Answer(definition.status, fields, ENCODERS[media_type].encode_error(body))


def _compare(expected: Answer, got: Answer) -> Iterator[str]:
    wanted, came = _read(expected), _read(got)
    for part in came if _UNREADABLE in came else dict.fromkeys((*wanted, *came)):
        if wanted.get(part) != came.get(part):
            yield f"{part}: expected {_excerpt(wanted, came, part)}, got {_excerpt(came, wanted, part)}"


def _excerpt(parts: Mapping[str, str], others: Mapping[str, str], part: str) -> str:
    """Quote a part from shortly before it begins to differ."""
    if part not in parts:
        return "nothing"
    pairs = enumerate(zip_longest(parts[part], others.get(part, "")))
    start = max(0, next((index for index, (one, other) in pairs if one != other), 0) - 20)
    return f"‘{'…' if start else ''}{shorten(parts[part][start:])}’"


def _read(answer: Answer) -> dict[str, str]:
    """Read what is compared of an answer, by name; members that are no texts as JSON."""
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
    if root.tag != f"{{{NAMESPACE}}}error":
        raise ValueError
    return {
        str(member.tag).removeprefix(f"{{{NAMESPACE}}}"): [dict(detail.attrib) for detail in member] or member.text
        for member in root
    }


_READERS: Mapping[str, Callable[[bytes], dict[str, object]]] = {MediaType.JSON: _read_json, MediaType.XML: _read_xml}


def tabulate(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Draw the matrix of errors and locales, and list below it what is not right."""
    locales = list(dict.fromkeys(outcome.locale for outcome in outcomes))
    cells: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        cells.setdefault((outcome.error, outcome.locale), []).append(outcome)
    yield f"{'':11} {' '.join(locales)}"
    for error in ERROR_NAMES.values():
        yield f"{error:11} {' '.join(f'{_cell(cells[error, locale]):5}' for locale in locales)}".rstrip()
    yield ""
    yield "ok: both media types are right; JSON, XML, both: they are wrong; -: not provoked"
    yield "406-100 is told in en-US and 406-101 in JSON, whatever was asked for."
    reasons: dict[str, dict[str, None]] = {}
    for outcome in outcomes:
        if outcome.result in (Result.REFUSED, Result.NOT_PROVOKED):
            reasons.setdefault(outcome.explanation, {})[outcome.error] = None
    yield from (f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
    wrong = [outcome for outcome in outcomes if outcome.result is Result.WRONG]
    yield from (f"{one.error} {one.locale} {one.media_type}: {one.explanation}" for one in wrong[:_MAX_SHOWN])
    if len(wrong) > _MAX_SHOWN:
        yield f"… and {len(wrong) - _MAX_SHOWN} more that are wrong"


def _cell(outcomes: Sequence[Outcome]) -> str:
    wrong = [MediaType(outcome.media_type).name for outcome in outcomes if outcome.result is Result.WRONG]
    if wrong:
        return wrong[0] if len(wrong) == 1 else "both"
    return "ok" if all(outcome.result is Result.RIGHT for outcome in outcomes) else "-"

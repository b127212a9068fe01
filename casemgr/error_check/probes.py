"""What provokes the errors of the catalogue from outside: a request for each, and what its error is about."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import NamedTuple

from casemgr import errors
from casemgr.access import VIEW_AGENT_CONSOLE
from casemgr.actors import ActorKind
from casemgr.error_check.client import Request
from casemgr.errors import DetailValue, ErrorDef
from casemgr.header_fields import AUTHORIZATION_HEADER, SESSION_HEADER
from casemgr.ids import MAX_ID
from casemgr.locales import LOCALES, Locale
from casemgr.login import MAX_SESSIONS
from casemgr.media_types import MediaType
from casemgr.parameters import MAX_IDS, MAX_IDS_LENGTH, ForceLogin
from casemgr.paths import BASE_PATH, CASE_PATH, LOGIN_PATH
from casemgr.representations.as_xml import NAMESPACE
from casemgr.request_bodies import ELEMENT, MAX_BODY, MAX_DEPTH

_NOWHERE = f"{BASE_PATH}/cases"
_USER_LOGIN = LOGIN_PATH.format(kind=ActorKind.USER)
_NOBODY = str(MAX_ID + 1)
"""An ID that nothing has: the database could not hold it."""


class Given(NamedTuple):
    """Something that a probe takes, or the reason why it is not there.

    :param is_refused: whether the service refuses it, although the account is known.
    """

    text: str = ""
    reason: str = ""
    is_refused: bool = False


class Fixtures(NamedTuple):
    """What there is to provoke errors with.

    :param user: the session of a user who may ask for cases.
    :param forbidden_case: the ID of a case that this user may not see.
    :param user_without_action: the session of a user who may not ask for cases.
    :param full_account: the body of a login to a user who already has as many sessions as are allowed.
    :param customer: the session of a customer.
    :param client_of_other_type: the token of a client application of a type other than API.
    :param locked_name: a user name with too many failed logins.
    """

    user: Given
    forbidden_case: Given
    user_without_action: Given
    full_account: Given
    customer: Given
    client_of_other_type: Given
    locked_name: str


class Probe(NamedTuple):
    """A request, and the values of the error that it provokes.

    :param lacking: what it takes and is not there, if anything.
    """

    request: Request
    values: Mapping[str, DetailValue]
    lacking: Given | None = None


class _Field(NamedTuple):
    name: str
    given: Given


def build_probes(fixtures: Fixtures, locale: Locale, media_type: MediaType) -> dict[ErrorDef, Probe]:
    """Build the probes of all errors that can be provoked, for a locale and a media type."""
    user, customer, unknown = _session(fixtures.user), _session(fixtures.customer), Given(secrets.token_urlsafe())
    no_language, no_media_type = f"{locale.language_tag};q=0", f"{media_type};q=0"
    too_long, too_many = "1" * (MAX_IDS_LENGTH + 1), ",".join("1" * (MAX_IDS[ActorKind.USER] + 1))
    media_types = list(MediaType)
    return {
        errors.PARAMETERS_NOT_ALLOWED: _ask("1?$pagesize=1", user, parameter=["$pagesize"]),
        errors.PARAMETERS_UNKNOWN: _log_in("{}", "?force=yes", parameter=["force"]),
        errors.VALUES_NOT_SUPPORTED: _log_in(
            "{}", "?forceLogin=maybe", parameter="forceLogin", value=["maybe"], supported=list(ForceLogin)
        ),
        errors.PARAMETERS_REPEATED: _log_in("{}", "?forceLogin=no&forceLogin=no", parameter=["forceLogin"]),
        errors.CUSTOMER_NOT_VALID: _ask("1?customer=abc", customer, parameter="customer", value="abc"),
        errors.IDS_NOT_VALID: _ask("abc", user, id=["abc"]),
        errors.ORDER_WITHOUT_SORT: _ask("1?$order=asc", user, parameter="$sort", order="$order"),
        errors.NO_GRANT_ON_CUSTOMER: _ask(f"1?customer={_NOBODY}", customer, customer=_NOBODY),
        errors.TWO_CREDENTIALS: _ask("1", _session(unknown), _bearer(unknown)),
        errors.BODY_NOT_READABLE: _log_in("{", mediaType=MediaType.JSON),
        errors.BODY_WITH_DOCTYPE: _log_in("<!DOCTYPE login><login/>", content_type=MediaType.XML),
        errors.BODY_TOO_DEEP: _log_in("[" * (MAX_DEPTH + 1), limit=MAX_DEPTH),
        errors.BODY_NOT_OF_FIELDS: _log_in("[]", element=ELEMENT, namespace=NAMESPACE),
        errors.FIELDS_UNKNOWN: _log_in('{"email": ""}', field=["email"]),
        errors.FIELDS_REPEATED: _log_in('{"userName": "", "password": "", "password": ""}', field=["password"]),
        errors.FIELDS_MISSING: _log_in('{"userName": ""}', field=["password"]),
        errors.FIELDS_NOT_TEXT: _log_in('{"userName": "", "password": 1}', field=["password"]),
        errors.TOO_MANY_IDS: _ask(too_many, user, ids=too_many, limit=MAX_IDS[ActorKind.USER]),
        errors.IDS_TOO_LONG: _ask(too_long, user, ids=too_long, limit=MAX_IDS_LENGTH),
        errors.NO_CREDENTIALS: _ask("1"),
        errors.SESSION_NOT_VALID: _ask("1", _session(unknown)),
        errors.LOGIN_FAILED: _log_in(encode_login(unknown.text, "")),
        errors.NOT_BEARER: _ask("1", _Field(AUTHORIZATION_HEADER, unknown)),
        errors.TOKEN_NOT_VALID: _ask("1", _bearer(unknown)),
        errors.TOKEN_NOT_OF_CLIENT: _ask("1", _bearer(fixtures.user)),
        errors.CASES_FORBIDDEN: _ask(fixtures.forbidden_case, user, id=[fixtures.forbidden_case.text]),
        errors.CLIENT_NOT_API: _ask("1", _bearer(fixtures.client_of_other_type)),
        errors.TOO_MANY_SESSIONS: _log_in(fixtures.full_account, limit=MAX_SESSIONS),
        errors.ACTION_MISSING: _ask("1", _session(fixtures.user_without_action), **asdict(VIEW_AGENT_CONSOLE)),
        errors.PATH_NOT_FOUND: Probe(Request("GET", _NOWHERE), {"path": _NOWHERE}),
        errors.CASES_NOT_FOUND: _ask(_NOBODY, user, id=[_NOBODY]),
        errors.METHOD_NOT_ALLOWED: Probe(Request("GET", _USER_LOGIN), {"method": ["OPTIONS", "POST"], "used": "GET"}),
        errors.LANGUAGE_NOT_ACCEPTABLE: _ask(
            "1",
            _Field("Accept-Language", Given(no_language)),
            requested=no_language,
            supported=[one.language_tag for one in LOCALES],
        ),
        errors.MEDIA_TYPE_NOT_ACCEPTABLE: _ask(
            "1", _Field("Accept", Given(no_media_type)), requested=no_media_type, supported=media_types
        ),
        errors.BODY_TOO_LARGE: _log_in(" " * (MAX_BODY + 1), limit=MAX_BODY),
        errors.MEDIA_TYPE_NOT_SUPPORTED: _log_in(
            "", content_type="text/plain", contentType="text/plain", supported=media_types
        ),
        errors.TOO_MANY_FAILURES: _log_in(encode_login(fixtures.locked_name, "")),
    }


def encode_login(user_name: str, password: str) -> str:
    """Encode the body of a login."""
    return json.dumps({"userName": user_name, "password": password})


def log_in(kind: ActorKind, body: str) -> Request:
    """Build a login."""
    return Request("POST", LOGIN_PATH.format(kind=kind), {"Content-Type": MediaType.JSON}, body)


def _session(given: Given) -> _Field:
    return _Field(SESSION_HEADER, given)


def _bearer(given: Given) -> _Field:
    return _Field(AUTHORIZATION_HEADER, given._replace(text=f"Bearer {given.text}"))


def _ask(ids: str | Given, /, *fields: _Field, **values: DetailValue) -> Probe:
    wanted = Given(ids) if isinstance(ids, str) else ids
    lacking = next((given for given in (*(field.given for field in fields), wanted) if given.reason), None)
    request = Request("GET", CASE_PATH.format(id=wanted.text), {field.name: field.given.text for field in fields})
    return Probe(request, values, lacking)


def _log_in(body: str | Given, query: str = "", /, content_type: str = MediaType.JSON, **values: DetailValue) -> Probe:
    sent = Given(body) if isinstance(body, str) else body
    request = Request("POST", _USER_LOGIN + query, {"Content-Type": content_type}, sent.text)
    return Probe(request, values, sent if sent.reason else None)

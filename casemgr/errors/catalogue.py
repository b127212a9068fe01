"""The error catalogue: every error that the API answers. Nothing about an error is declared anywhere else."""

from casemgr.domain.actors import VIEW_AGENT_CONSOLE, ActorKind
from casemgr.domain.attributes import ALL, ATTRIBUTES
from casemgr.domain.ids import MAX_ID
from casemgr.errors.definitions import ErrorDef, Operation, Probe, probe_cases, probe_login
from casemgr.http.headers import AUTHORIZATION_HEADER, SESSION_HEADER
from casemgr.http.limits import MAX_BODY, MAX_DEPTH, MAX_IDS, MAX_IDS_LENGTH, MAX_SESSIONS
from casemgr.http.media_types import LOGIN_ELEMENT, MediaType
from casemgr.http.paths import BASE_PATH
from casemgr.i18n.locales import LANGUAGE_TAGS
from casemgr.i18n.messages import N_, NN_

_REQUEST_NOT_VALID = N_("The request is not valid and could not be processed.")
_TOO_MUCH_REQUESTED = N_("Too much was requested at once.")
_SIGN_IN = N_("Please sign in and try again.")
_SIGN_IN_AGAIN = N_("Your session is no longer valid; please sign in again.")
_NO_PERMISSION = N_("You do not have permission to view this information.")
_NOT_FOUND = N_("What you are looking for could not be found.")

_AS_USER = {SESSION_HEADER: "<user>"}
_AS_CUSTOMER = {SESSION_HEADER: "<customer>"}

_UNUSED_PATH = f"{BASE_PATH}/cases"
_UNUSED_ID = str(MAX_ID + 1)
"""An ID that no record has, since the database could not hold it."""

_TOO_MANY_IDS = ",".join("1" * (MAX_IDS[ActorKind.USER] + 1))
_TOO_LONG_IDS = ",".join(["1000"] * 5000)

PARAMETERS_NOT_ALLOWED = ErrorDef(
    "PARAMETERS_NOT_ALLOWED",
    "400-101",
    when="A query parameter that this actor may not use.",
    developer=NN_(
        "The request has %(count)s query parameter that this actor may not use: %(parameter)s.",
        "The request has %(count)s query parameters that this actor may not use: %(parameter)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter",),
    counted_key="parameter",
    operations=Operation.CASES,
    example={"parameter": ["$pagesize"]},
    probe=probe_cases("1?$pagesize=1", _AS_USER),
)
PARAMETERS_UNKNOWN = ErrorDef(
    "PARAMETERS_UNKNOWN",
    "400-101",
    when="An unknown query parameter of a login.",
    developer=NN_(
        "The request has %(count)s unknown query parameter: %(parameter)s.",
        "The request has %(count)s unknown query parameters: %(parameter)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter",),
    counted_key="parameter",
    operations=Operation.LOGIN,
    example={"parameter": ["force"]},
    probe=probe_login("{}", "?force=yes"),
)
VALUES_NOT_SUPPORTED = ErrorDef(
    "VALUES_NOT_SUPPORTED",
    "400-102",
    when="An unsupported value of `$attribute`, `$sort`, `$order` or `forceLogin`.",
    developer=NN_(
        "Query parameter %(parameter)s has %(count)s unsupported value: %(value)s; supported are %(supported)s.",
        "Query parameter %(parameter)s has %(count)s unsupported values: %(value)s; supported are %(supported)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter", "value", "supported"),
    counted_key="value",
    operations=Operation.CASES | Operation.LOGIN,
    example={"parameter": "$attribute", "value": ["colour"], "supported": [ALL, *ATTRIBUTES[ActorKind.USER]]},
    probe=probe_login(
        "{}", "?forceLogin=maybe", values={"parameter": "forceLogin", "value": ["maybe"], "supported": ["yes", "no"]}
    ),
)
PARAMETERS_REPEATED = ErrorDef(
    "PARAMETERS_REPEATED",
    "400-103",
    when="A query parameter other than `$attribute` that is given more than once.",
    developer=NN_(
        "%(count)s query parameter is given more than once: %(parameter)s.",
        "%(count)s query parameters are given more than once: %(parameter)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter",),
    counted_key="parameter",
    operations=Operation.CASES | Operation.LOGIN,
    example={"parameter": ["forceLogin"]},
    probe=probe_login("{}", "?forceLogin=no&forceLogin=no"),
)
CUSTOMER_NOT_VALID = ErrorDef(
    "CUSTOMER_NOT_VALID",
    "400-105",
    when="`customer` is not a positive integer.",
    developer=N_("Query parameter %(parameter)s must be a positive integer, but its value is %(value)s."),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter", "value"),
    operations=Operation.CASES,
    example={"parameter": "customer", "value": "abc"},
    probe=probe_cases("1?customer=abc", _AS_CUSTOMER),
)
IDS_NOT_VALID = ErrorDef(
    "IDS_NOT_VALID",
    "400-108",
    when="An element of `ids` is not a positive integer.",
    developer=NN_(
        "%(count)s element of the ID list is not a positive integer: %(id)s.",
        "%(count)s elements of the ID list are not positive integers: %(id)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("id",),
    counted_key="id",
    operations=Operation.CASES,
    example={"id": ["abc", "-1"]},
    probe=probe_cases("abc,-1", _AS_USER),
)
ORDER_WITHOUT_SORT = ErrorDef(
    "ORDER_WITHOUT_SORT",
    "400-112",
    when="`$order` without `$sort`.",
    developer=N_("Query parameter %(order)s may only be used together with %(parameter)s."),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter",),
    quoted_keys=("order",),
    operations=Operation.CASES,
    example={"parameter": "$sort", "order": "$order"},
    probe=probe_cases("1?$order=asc", _AS_USER),
)
NO_GRANT_ON_CUSTOMER = ErrorDef(
    "NO_GRANT_ON_CUSTOMER",
    "400-114",
    when="The customer who is logged in has no grant on the customer in `customer`, or no such customer exists.",
    developer=N_("The customer who is signed in may not act on behalf of customer %(customer)s."),
    user=N_("You are not allowed to act on behalf of this customer."),
    detail_keys=("customer",),
    operations=Operation.CASES,
    example={"customer": "4711"},
    probe=probe_cases(f"1?customer={_UNUSED_ID}", _AS_CUSTOMER, values={"customer": _UNUSED_ID}),
)
TWO_CREDENTIALS = ErrorDef(
    "TWO_CREDENTIALS",
    "400-115",
    when="`X-egain-session` and `Authorization` in one request.",
    developer=N_("The headers X-egain-session and Authorization must not be sent together."),
    user=_REQUEST_NOT_VALID,
    operations=Operation.AUTHENTICATED,
    probe=probe_cases("1", {SESSION_HEADER: "<unknown>", AUTHORIZATION_HEADER: "Bearer <unknown>"}),
)
BODY_NOT_READABLE = ErrorDef(
    "BODY_NOT_READABLE",
    "400-120",
    when="The body cannot be read as JSON or XML, as `Content-Type` says.",
    developer=N_("The request body cannot be read as %(mediaType)s."),
    user=_REQUEST_NOT_VALID,
    detail_keys=("mediaType",),
    operations=Operation.LOGIN,
    example={"mediaType": MediaType.JSON},
    probe=probe_login("{"),
)
BODY_WITH_DOCTYPE = ErrorDef(
    "BODY_WITH_DOCTYPE",
    "400-121",
    when="The XML has a document type declaration.",
    developer=N_("The XML of the request body must not have a document type declaration."),
    user=_REQUEST_NOT_VALID,
    operations=Operation.LOGIN,
    probe=probe_login("<!DOCTYPE login><login/>", content_type=MediaType.XML),
)
BODY_TOO_DEEP = ErrorDef(
    "BODY_TOO_DEEP",
    "400-122",
    when=f"The body is nested more than {MAX_DEPTH} levels deep.",
    developer=NN_(
        "The request body may be nested at most %(count)s level deep.",
        "The request body may be nested at most %(count)s levels deep.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("limit",),
    counted_key="limit",
    operations=Operation.LOGIN,
    example={"limit": MAX_DEPTH},
    probe=probe_login("[" * (MAX_DEPTH + 1)),
)
BODY_NOT_OF_FIELDS = ErrorDef(
    "BODY_NOT_OF_FIELDS",
    "400-123",
    when="The body is neither a JSON object nor an element `login`.",
    developer=N_("The request body must be a JSON object or, in XML, the element %(element)s."),
    user=_REQUEST_NOT_VALID,
    quoted_keys=("element",),
    operations=Operation.LOGIN,
    example={"element": LOGIN_ELEMENT},
    probe=probe_login("[]"),
)
FIELDS_UNKNOWN = ErrorDef(
    "FIELDS_UNKNOWN",
    "400-124",
    when="An unknown field in the body.",
    developer=NN_(
        "The request body has %(count)s unknown field: %(field)s.",
        "The request body has %(count)s unknown fields: %(field)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("field",),
    counted_key="field",
    operations=Operation.LOGIN,
    example={"field": ["email"]},
    probe=probe_login('{"email": ""}'),
)
FIELDS_REPEATED = ErrorDef(
    "FIELDS_REPEATED",
    "400-125",
    when="A field that is given more than once in the body.",
    developer=NN_(
        "%(count)s field of the request body is given more than once: %(field)s.",
        "%(count)s fields of the request body are given more than once: %(field)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("field",),
    counted_key="field",
    operations=Operation.LOGIN,
    example={"field": ["password"]},
    probe=probe_login('{"userName": "", "password": "", "password": ""}'),
)
FIELDS_MISSING = ErrorDef(
    "FIELDS_MISSING",
    "400-126",
    when="A field that is missing from the body.",
    developer=NN_(
        "%(count)s field is missing from the request body: %(field)s.",
        "%(count)s fields are missing from the request body: %(field)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("field",),
    counted_key="field",
    operations=Operation.LOGIN,
    example={"field": ["password"]},
    probe=probe_login('{"userName": ""}'),
)
FIELDS_NOT_TEXT = ErrorDef(
    "FIELDS_NOT_TEXT",
    "400-127",
    when="A field of the body that is not text.",
    developer=NN_(
        "%(count)s field of the request body must be text, but is not: %(field)s.",
        "%(count)s fields of the request body must be text, but are not: %(field)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("field",),
    counted_key="field",
    operations=Operation.LOGIN,
    example={"field": ["password"]},
    probe=probe_login('{"userName": "", "password": 1}'),
)
TOO_MANY_IDS = ErrorDef(
    "TOO_MANY_IDS",
    "400-10424",
    when=f"More than {MAX_IDS[ActorKind.USER]} IDs, or more than {MAX_IDS[ActorKind.CUSTOMER]} for a customer.",
    developer=NN_(
        "At most %(limit)s ID may be requested at once, but the ID list %(ids)s has more.",
        "At most %(limit)s IDs may be requested at once, but the ID list %(ids)s has more.",
    ),
    user=_TOO_MUCH_REQUESTED,
    detail_keys=("limit",),
    quoted_keys=("ids",),
    counted_key="limit",
    operations=Operation.CASES,
    example={"limit": 1, "ids": "1000,1001"},
    probe=probe_cases(_TOO_MANY_IDS, _AS_USER, values={"limit": MAX_IDS[ActorKind.USER], "ids": _TOO_MANY_IDS}),
)
IDS_TOO_LONG = ErrorDef(
    "IDS_TOO_LONG",
    "400-10424",
    when=f"`ids` is longer than {MAX_IDS_LENGTH:,} characters.",
    developer=NN_(
        "The ID list may be at most %(limit)s character long, but the one that begins with %(ids)s is longer.",
        "The ID list may be at most %(limit)s characters long, but the one that begins with %(ids)s is longer.",
    ),
    user=_TOO_MUCH_REQUESTED,
    detail_keys=("limit",),
    quoted_keys=("ids",),
    counted_key="limit",
    operations=Operation.CASES,
    example={"limit": MAX_IDS_LENGTH, "ids": _TOO_LONG_IDS},
    probe=probe_cases(_TOO_LONG_IDS, _AS_USER),
)
NO_CREDENTIALS = ErrorDef(
    "NO_CREDENTIALS",
    "401-100",
    when="Neither `X-egain-session` nor `Authorization`.",
    developer=N_("The request has neither an X-egain-session header nor an Authorization header."),
    user=_SIGN_IN,
    operations=Operation.AUTHENTICATED,
    probe=probe_cases("1"),
)
SESSION_NOT_VALID = ErrorDef(
    "SESSION_NOT_VALID",
    "401-101",
    when="The session in `X-egain-session` is unknown, has expired, or belongs to a client application.",
    developer=N_(
        "The session in the X-egain-session header is unknown, has expired, "
        "or belongs neither to a user nor to a customer."
    ),
    user=_SIGN_IN_AGAIN,
    operations=Operation.AUTHENTICATED,
    probe=probe_cases("1", {SESSION_HEADER: "<unknown>"}),
)
LOGIN_FAILED = ErrorDef(
    "LOGIN_FAILED",
    "401-102",
    when="A wrong user name or password, or a disabled account.",
    developer=N_("The user name or the password is not correct, or the account is disabled."),
    user=N_("The user name or the password is not correct."),
    operations=Operation.LOGIN,
    probe=probe_login('{"userName": "<unknown>", "password": ""}'),
)
NOT_BEARER = ErrorDef(
    "NOT_BEARER",
    "401-104",
    when="`Authorization` is not a Bearer credential.",
    developer=N_("The Authorization header must consist of the word Bearer and one token."),
    user=_SIGN_IN,
    operations=Operation.AUTHENTICATED,
    probe=probe_cases("1", {AUTHORIZATION_HEADER: "<unknown>"}),
)
TOKEN_NOT_VALID = ErrorDef(
    "TOKEN_NOT_VALID",
    "401-105",
    when="The session in `Authorization` is unknown or has expired.",
    developer=N_("The session in the Authorization header is unknown or has expired."),
    user=_SIGN_IN_AGAIN,
    operations=Operation.AUTHENTICATED,
    probe=probe_cases("1", {AUTHORIZATION_HEADER: "Bearer <unknown>"}),
)
TOKEN_NOT_OF_CLIENT = ErrorDef(
    "TOKEN_NOT_OF_CLIENT",
    "401-106",
    when="The session in `Authorization` does not belong to a client application.",
    developer=N_("The session in the Authorization header does not belong to a client application."),
    user=_SIGN_IN_AGAIN,
    operations=Operation.AUTHENTICATED,
    probe=probe_cases("1", {AUTHORIZATION_HEADER: "Bearer <user>"}),
)
CASES_FORBIDDEN = ErrorDef(
    "CASES_FORBIDDEN",
    "403-105",
    when="Cases that the user may not see.",
    developer=NN_(
        "%(count)s requested case may not be seen by this user: %(id)s.",
        "%(count)s requested cases may not be seen by this user: %(id)s.",
    ),
    user=_NO_PERMISSION,
    detail_keys=("id",),
    counted_key="id",
    operations=Operation.CASES,
    example={"id": ["1000"]},
    probe=probe_cases("<forbidden_case>", _AS_USER, values={"id": ["<forbidden_case>"]}),
)
CLIENT_NOT_API = ErrorDef(
    "CLIENT_NOT_API",
    "403-112",
    when="A client application of a type other than `API`.",
    developer=N_("Only client applications of the type API may use this service."),
    user=_NO_PERMISSION,
    operations=Operation.CASES,
    probe=probe_cases("1", {AUTHORIZATION_HEADER: "Bearer <client_of_other_type>"}),
)
TOO_MANY_SESSIONS = ErrorDef(
    "TOO_MANY_SESSIONS",
    "403-120",
    when=f"A login to an account that has {MAX_SESSIONS} sessions from logins already.",
    developer=NN_(
        "The account already has %(count)s session, which is the most allowed; "
        "the query parameter forceLogin=yes ends the oldest one.",
        "The account already has %(count)s sessions, which is the most allowed; "
        "the query parameter forceLogin=yes ends the oldest one.",
    ),
    user=N_("You are signed in too many times; please sign out somewhere else first."),
    detail_keys=("limit",),
    counted_key="limit",
    operations=Operation.LOGIN,
    example={"limit": MAX_SESSIONS},
    probe=probe_login("<full_account>"),
)
ACTION_MISSING = ErrorDef(
    "ACTION_MISSING",
    "403-178",
    when="None of the user's roles allows the action.",
    developer=N_("The user lacks the action %(action)s on the resource %(resource)s."),
    user=_NO_PERMISSION,
    detail_keys=("action", "resource"),
    operations=Operation.CASES,
    example={"action": VIEW_AGENT_CONSOLE.action, "resource": VIEW_AGENT_CONSOLE.resource},
    probe=probe_cases("1", {SESSION_HEADER: "<user_without_action>"}),
)
PATH_NOT_FOUND = ErrorDef(
    "PATH_NOT_FOUND",
    "404-001",
    when="No such path.",
    developer=N_("There is no resource at the path %(path)s."),
    user=_NOT_FOUND,
    quoted_keys=("path",),
    operations=Operation.CASES | Operation.METADATA,
    example={"path": _UNUSED_PATH},
    probe=Probe("GET", _UNUSED_PATH),
)
CASES_NOT_FOUND = ErrorDef(
    "CASES_NOT_FOUND",
    "404-100",
    when="Cases that do not exist or, for a customer, are not visible.",
    developer=NN_(
        "%(count)s requested case does not exist: %(id)s.",
        "%(count)s requested cases do not exist: %(id)s.",
    ),
    user=_NOT_FOUND,
    detail_keys=("id",),
    counted_key="id",
    operations=Operation.CASES,
    example={"id": ["4711"]},
    probe=probe_cases(_UNUSED_ID, _AS_USER, values={"id": [_UNUSED_ID]}),
)
METHOD_NOT_ALLOWED = ErrorDef(
    "METHOD_NOT_ALLOWED",
    "405-100",
    when="A method that the path does not allow.",
    developer=N_("The method %(used)s is not allowed for this resource; allowed are %(method)s."),
    user=_REQUEST_NOT_VALID,
    detail_keys=("method",),
    quoted_keys=("used",),
    example={"method": ["GET", "HEAD", "OPTIONS"], "used": "PUT"},
    probe=probe_cases("1", method="PUT"),
)
LANGUAGE_NOT_ACCEPTABLE = ErrorDef(
    "LANGUAGE_NOT_ACCEPTABLE",
    "406-100",
    when="`Accept-Language` cannot be read or matches no locale.",
    developer=N_(
        "The value %(requested)s of the Accept-Language header cannot be satisfied; "
        "the supported languages are %(supported)s."
    ),
    user=N_("The requested language is not available."),
    detail_keys=("supported",),
    quoted_keys=("requested",),
    operations=Operation.LOCALISED | Operation.ERRORS,
    example={"requested": "tlh", "supported": LANGUAGE_TAGS},
    probe=probe_cases("1", {"Accept-Language": "tlh"}),
)
MEDIA_TYPE_NOT_ACCEPTABLE = ErrorDef(
    "MEDIA_TYPE_NOT_ACCEPTABLE",
    "406-101",
    when="`Accept` cannot be read or matches no media type.",
    developer=N_(
        "The value %(requested)s of the Accept header cannot be satisfied; the supported media types are %(supported)s."
    ),
    user=N_("The requested format is not available."),
    detail_keys=("supported",),
    quoted_keys=("requested",),
    operations=Operation.LOCALISED,
    example={"requested": "text/html", "supported": list(MediaType)},
    probe=probe_cases("1", {"Accept": "text/html"}),
)
BODY_TOO_LARGE = ErrorDef(
    "BODY_TOO_LARGE",
    "413-100",
    when=f"The body is longer than {MAX_BODY:,} bytes.",
    developer=NN_(
        "The request body may be at most %(count)s byte long.",
        "The request body may be at most %(count)s bytes long.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("limit",),
    counted_key="limit",
    operations=Operation.LOGIN,
    example={"limit": MAX_BODY},
    probe=probe_login(" " * (MAX_BODY + 1)),
)
MEDIA_TYPE_NOT_SUPPORTED = ErrorDef(
    "MEDIA_TYPE_NOT_SUPPORTED",
    "415-100",
    when="`Content-Type` is neither `application/json` nor `application/xml`.",
    developer=N_(
        "The value %(contentType)s of the Content-Type header is not supported; "
        "the supported media types are %(supported)s."
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("supported",),
    quoted_keys=("contentType",),
    operations=Operation.LOGIN,
    example={"contentType": "text/plain", "supported": list(MediaType)},
    probe=probe_login("", content_type="text/plain"),
)
TOO_MANY_FAILURES = ErrorDef(
    "TOO_MANY_FAILURES",
    "429-001",
    when="Too many failed logins.",
    developer=NN_(
        "Too many attempts to log in have failed; the next one is possible in %(count)s second.",
        "Too many attempts to log in have failed; the next one is possible in %(count)s seconds.",
    ),
    user=N_("Too many attempts to sign in have failed; please try again later."),
    detail_keys=("seconds",),
    counted_key="seconds",
    operations=Operation.LOGIN,
    example={"seconds": 42},
    probe=probe_login('{"userName": "<locked_name>", "password": ""}'),
)
UNEXPECTED = ErrorDef(
    "UNEXPECTED",
    "500-100",
    when="Anything unexpected, such as a database that cannot be reached.",
    developer=N_("An unexpected error in the service prevented it from processing the request."),
    user=N_("Something went wrong; please try again later."),
    operations=Operation.LOCALISED | Operation.TOKENS | Operation.ERRORS,
)

UNAVAILABLE = ErrorDef(
    "UNAVAILABLE",
    "503-100",
    when="The service is too busy, or cannot do this now, such as a login while the database takes no writes.",
    developer=NN_(
        "The service cannot process the request at the moment; it can be repeated in %(count)s second.",
        "The service cannot process the request at the moment; it can be repeated in %(count)s seconds.",
    ),
    user=N_("The service is busy; please try again in a moment."),
    detail_keys=("seconds",),
    counted_key="seconds",
    operations=Operation.LOCALISED,
    example={"seconds": 5},
)

CATALOGUE: tuple[ErrorDef, ...] = tuple(value for value in tuple(globals().values()) if isinstance(value, ErrorDef))
"""Every entry, in the order of the codes."""

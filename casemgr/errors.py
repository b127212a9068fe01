"""The error catalogue: every error that the API answers, declared once."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from casemgr.messages import N_, NN_

DetailValue = str | int | Sequence[str]
"""What a detail or a quotation of an error holds: a text, a number, or several texts."""


@dataclass(frozen=True, slots=True)
class ErrorDef:
    """One entry of the error catalogue.

    :param code: `{HTTP status}-{number}`; a code once given is never reused.
    :param developer: the sentence for developers, or its singular and plural; its placeholders are the keys below,
        and `count` where there are plural forms.
    :param user: the sentence for a person who knows nothing of APIs; it has no placeholders.
    :param detail_keys: what the details carry, in this order.
    :param quoted_keys: input that the sentence quotes although the details do not carry it.
    :param counted_key: the key whose number of values, or whose value if it is a number, selects the plural form.

    Source: contract, error catalogue; REP-7, REP-8.
    """

    code: str
    status: HTTPStatus
    developer: str | tuple[str, str]
    user: str
    detail_keys: tuple[str, ...] = ()
    quoted_keys: tuple[str, ...] = ()
    counted_key: str = ""


class ApiError(Exception):
    """An error of the catalogue together with what it is about."""

    def __init__(self, definition: ErrorDef, **values: DetailValue) -> None:
        """Take the error apart from its wording, which is chosen when the answer is written.

        :param values: one value for each of the definition's `detail_keys` and `quoted_keys`.
        :raises TypeError: when a key is missing or not declared.
        """
        declared = {*definition.detail_keys, *definition.quoted_keys}
        if declared != values.keys():
            raise TypeError(f"{definition.code} takes {sorted(declared)}, not {sorted(values)}")
        super().__init__(definition.code)
        self.definition = definition
        self.values = values


_REQUEST_NOT_VALID = N_("The request is not valid and could not be processed.")
_TOO_MUCH_REQUESTED = N_("Too much was requested at once.")
_SIGN_IN = N_("Please sign in and try again.")
_SIGN_IN_AGAIN = N_("Your session is no longer valid; please sign in again.")
_NO_PERMISSION = N_("You do not have permission to view this information.")
_NOT_FOUND = N_("What you are looking for could not be found.")

PARAMETERS_NOT_ALLOWED = ErrorDef(
    "400-101",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "The request has %(count)s query parameter that this actor may not use: %(parameter)s.",
        "The request has %(count)s query parameters that this actor may not use: %(parameter)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter",),
    counted_key="parameter",
)
PARAMETERS_UNKNOWN = ErrorDef(
    "400-101",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "The request has %(count)s unknown query parameter: %(parameter)s.",
        "The request has %(count)s unknown query parameters: %(parameter)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter",),
    counted_key="parameter",
)
VALUES_NOT_SUPPORTED = ErrorDef(
    "400-102",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "Query parameter %(parameter)s has %(count)s unsupported value: %(value)s; supported are %(supported)s.",
        "Query parameter %(parameter)s has %(count)s unsupported values: %(value)s; supported are %(supported)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter", "value", "supported"),
    counted_key="value",
)
PARAMETERS_REPEATED = ErrorDef(
    "400-103",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "%(count)s query parameter is given more than once: %(parameter)s.",
        "%(count)s query parameters are given more than once: %(parameter)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter",),
    counted_key="parameter",
)
CUSTOMER_NOT_VALID = ErrorDef(
    "400-105",
    HTTPStatus.BAD_REQUEST,
    developer=N_("Query parameter %(parameter)s must be a positive integer, but its value is %(value)s."),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter", "value"),
)
IDS_NOT_VALID = ErrorDef(
    "400-108",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "%(count)s element of the ID list is not a positive integer: %(id)s.",
        "%(count)s elements of the ID list are not positive integers: %(id)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("id",),
    counted_key="id",
)
ORDER_WITHOUT_SORT = ErrorDef(
    "400-112",
    HTTPStatus.BAD_REQUEST,
    developer=N_("Query parameter %(order)s may only be used together with %(parameter)s."),
    user=_REQUEST_NOT_VALID,
    detail_keys=("parameter",),
    quoted_keys=("order",),
)
NO_GRANT_ON_CUSTOMER = ErrorDef(
    "400-114",
    HTTPStatus.BAD_REQUEST,
    developer=N_("The customer who is signed in may not act on behalf of customer %(customer)s."),
    user=N_("You are not allowed to act on behalf of this customer."),
    detail_keys=("customer",),
)
TWO_CREDENTIALS = ErrorDef(
    "400-115",
    HTTPStatus.BAD_REQUEST,
    developer=N_("The headers X-egain-session and Authorization must not be sent together."),
    user=_REQUEST_NOT_VALID,
)
BODY_NOT_READABLE = ErrorDef(
    "400-120",
    HTTPStatus.BAD_REQUEST,
    developer=N_("The request body cannot be read as %(mediaType)s."),
    user=_REQUEST_NOT_VALID,
    detail_keys=("mediaType",),
)
BODY_WITH_DOCTYPE = ErrorDef(
    "400-121",
    HTTPStatus.BAD_REQUEST,
    developer=N_("The XML of the request body must not have a document type declaration."),
    user=_REQUEST_NOT_VALID,
)
BODY_TOO_DEEP = ErrorDef(
    "400-122",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "The request body may be nested at most %(count)s level deep.",
        "The request body may be nested at most %(count)s levels deep.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("limit",),
    counted_key="limit",
)
BODY_NOT_OF_FIELDS = ErrorDef(
    "400-123",
    HTTPStatus.BAD_REQUEST,
    developer=N_(
        "The request body must be a JSON object or, in XML, the element %(element)s in the namespace %(namespace)s."
    ),
    user=_REQUEST_NOT_VALID,
    quoted_keys=("element", "namespace"),
)
FIELDS_UNKNOWN = ErrorDef(
    "400-124",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "The request body has %(count)s unknown field: %(field)s.",
        "The request body has %(count)s unknown fields: %(field)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("field",),
    counted_key="field",
)
FIELDS_REPEATED = ErrorDef(
    "400-125",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "%(count)s field of the request body is given more than once: %(field)s.",
        "%(count)s fields of the request body are given more than once: %(field)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("field",),
    counted_key="field",
)
FIELDS_MISSING = ErrorDef(
    "400-126",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "%(count)s field is missing from the request body: %(field)s.",
        "%(count)s fields are missing from the request body: %(field)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("field",),
    counted_key="field",
)
FIELDS_NOT_TEXT = ErrorDef(
    "400-127",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "%(count)s field of the request body must be text, but is not: %(field)s.",
        "%(count)s fields of the request body must be text, but are not: %(field)s.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("field",),
    counted_key="field",
)
TOO_MANY_IDS = ErrorDef(
    "400-10424",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "At most %(limit)s ID may be requested at once, but the ID list %(ids)s has more.",
        "At most %(limit)s IDs may be requested at once, but the ID list %(ids)s has more.",
    ),
    user=_TOO_MUCH_REQUESTED,
    detail_keys=("limit",),
    quoted_keys=("ids",),
    counted_key="limit",
)
IDS_TOO_LONG = ErrorDef(
    "400-10424",
    HTTPStatus.BAD_REQUEST,
    developer=NN_(
        "The ID list may be at most %(limit)s character long, but the one that begins with %(ids)s is longer.",
        "The ID list may be at most %(limit)s characters long, but the one that begins with %(ids)s is longer.",
    ),
    user=_TOO_MUCH_REQUESTED,
    detail_keys=("limit",),
    quoted_keys=("ids",),
    counted_key="limit",
)
NO_CREDENTIALS = ErrorDef(
    "401-100",
    HTTPStatus.UNAUTHORIZED,
    developer=N_("The request has neither an X-egain-session header nor an Authorization header."),
    user=_SIGN_IN,
)
SESSION_NOT_VALID = ErrorDef(
    "401-101",
    HTTPStatus.UNAUTHORIZED,
    developer=N_(
        "The session in the X-egain-session header is unknown, has expired, "
        "or belongs neither to a user nor to a customer."
    ),
    user=_SIGN_IN_AGAIN,
)
LOGIN_FAILED = ErrorDef(
    "401-102",
    HTTPStatus.UNAUTHORIZED,
    developer=N_("The user name or the password is not correct, or the account is disabled."),
    user=N_("The user name or the password is not correct."),
)
NOT_BEARER = ErrorDef(
    "401-104",
    HTTPStatus.UNAUTHORIZED,
    developer=N_("The Authorization header must consist of the word Bearer and one token."),
    user=_SIGN_IN,
)
TOKEN_NOT_VALID = ErrorDef(
    "401-105",
    HTTPStatus.UNAUTHORIZED,
    developer=N_("The session in the Authorization header is unknown or has expired."),
    user=_SIGN_IN_AGAIN,
)
TOKEN_NOT_OF_CLIENT = ErrorDef(
    "401-106",
    HTTPStatus.UNAUTHORIZED,
    developer=N_("The session in the Authorization header does not belong to a client application."),
    user=_SIGN_IN_AGAIN,
)
CASES_FORBIDDEN = ErrorDef(
    "403-105",
    HTTPStatus.FORBIDDEN,
    developer=NN_(
        "%(count)s requested case may not be seen by this user: %(id)s.",
        "%(count)s requested cases may not be seen by this user: %(id)s.",
    ),
    user=_NO_PERMISSION,
    detail_keys=("id",),
    counted_key="id",
)
CLIENT_NOT_API = ErrorDef(
    "403-112",
    HTTPStatus.FORBIDDEN,
    developer=N_("Only client applications of the type API may use this service."),
    user=_NO_PERMISSION,
)
TOO_MANY_SESSIONS = ErrorDef(
    "403-120",
    HTTPStatus.FORBIDDEN,
    developer=NN_(
        "The account already has %(count)s session, which is the most allowed; "
        "the query parameter forceLogin=yes ends the oldest one.",
        "The account already has %(count)s sessions, which is the most allowed; "
        "the query parameter forceLogin=yes ends the oldest one.",
    ),
    user=N_("You are signed in too many times; please sign out somewhere else first."),
    detail_keys=("limit",),
    counted_key="limit",
)
ACTION_MISSING = ErrorDef(
    "403-178",
    HTTPStatus.FORBIDDEN,
    developer=N_("The user lacks the action %(action)s on the resource %(resource)s."),
    user=_NO_PERMISSION,
    detail_keys=("action", "resource"),
)
PATH_NOT_FOUND = ErrorDef(
    "404-001",
    HTTPStatus.NOT_FOUND,
    developer=N_("There is no resource at the path %(path)s."),
    user=_NOT_FOUND,
    quoted_keys=("path",),
)
CASES_NOT_FOUND = ErrorDef(
    "404-100",
    HTTPStatus.NOT_FOUND,
    developer=NN_(
        "%(count)s requested case does not exist: %(id)s.",
        "%(count)s requested cases do not exist: %(id)s.",
    ),
    user=_NOT_FOUND,
    detail_keys=("id",),
    counted_key="id",
)
METHOD_NOT_ALLOWED = ErrorDef(
    "405-100",
    HTTPStatus.METHOD_NOT_ALLOWED,
    developer=N_("The method %(used)s is not allowed for this resource; allowed are %(method)s."),
    user=_REQUEST_NOT_VALID,
    detail_keys=("method",),
    quoted_keys=("used",),
)
LANGUAGE_NOT_ACCEPTABLE = ErrorDef(
    "406-100",
    HTTPStatus.NOT_ACCEPTABLE,
    developer=N_(
        "The value %(requested)s of the Accept-Language header cannot be satisfied; "
        "the supported languages are %(supported)s."
    ),
    user=N_("The requested language is not available."),
    detail_keys=("supported",),
    quoted_keys=("requested",),
)
MEDIA_TYPE_NOT_ACCEPTABLE = ErrorDef(
    "406-101",
    HTTPStatus.NOT_ACCEPTABLE,
    developer=N_(
        "The value %(requested)s of the Accept header cannot be satisfied; the supported media types are %(supported)s."
    ),
    user=N_("The requested format is not available."),
    detail_keys=("supported",),
    quoted_keys=("requested",),
)
BODY_TOO_LARGE = ErrorDef(
    "413-100",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    developer=NN_(
        "The request body may be at most %(count)s byte long.",
        "The request body may be at most %(count)s bytes long.",
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("limit",),
    counted_key="limit",
)
MEDIA_TYPE_NOT_SUPPORTED = ErrorDef(
    "415-100",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    developer=N_(
        "The value %(contentType)s of the Content-Type header is not supported; "
        "the supported media types are %(supported)s."
    ),
    user=_REQUEST_NOT_VALID,
    detail_keys=("supported",),
    quoted_keys=("contentType",),
)
TOO_MANY_FAILURES = ErrorDef(
    "429-100",
    HTTPStatus.TOO_MANY_REQUESTS,
    developer=NN_(
        "Too many attempts to log in have failed; the next one is possible in %(count)s second.",
        "Too many attempts to log in have failed; the next one is possible in %(count)s seconds.",
    ),
    user=N_("Too many attempts to sign in have failed; please try again later."),
    detail_keys=("seconds",),
    counted_key="seconds",
)
UNEXPECTED = ErrorDef(
    "500-100",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    developer=N_("An unexpected error in the service prevented it from processing the request."),
    user=N_("Something went wrong; please try again later."),
)

CATALOGUE = tuple(value for value in tuple(globals().values()) if isinstance(value, ErrorDef))
"""Every error, in the order of the codes; several of them may have the same."""

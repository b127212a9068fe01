"""The parts of an entry of the error catalogue, and the exception that carries it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Flag, auto
from http import HTTPStatus

from casemgr.domain.actors import ActorKind
from casemgr.http.media_types import MediaType
from casemgr.http.paths import CASE_PATH, LOGIN_PATH

DetailValue = str | int | Sequence[str]
"""The value of a detail or of quoted input: a text, a number, or several texts."""


class Operation(Flag):
    """The operations of the API, to tell which errors each of them may answer."""

    CASES = auto()
    LOGIN = auto()
    LOGOUT = auto()
    TOKENS = auto()
    METADATA = auto()
    ERRORS = auto()
    AUTHENTICATED = CASES | LOGOUT
    LOCALISED = CASES | LOGIN | LOGOUT
    NONE = 0


@dataclass(frozen=True, slots=True)
class Probe:
    """A request that provokes an error from outside.

    Path, header fields and body may hold placeholders, which `casemgr.error_check.fixtures` declares, such as `<user>`
    for the session of a user.

    :param values: the values of the error that the service answers; None when they are those of the example.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    values: Mapping[str, DetailValue] | None = None


def probe_cases(
    ids: str, headers: Mapping[str, str] = {}, *, method: str = "GET", values: Mapping[str, DetailValue] | None = None
) -> Probe:
    """Build a probe that requests cases.

    :param ids: the IDs, with a query string if need be.
    """
    return Probe(method, CASE_PATH.format(id=ids), headers, values=values)


def probe_login(
    body: str, query: str = "", *, content_type: str = MediaType.JSON, values: Mapping[str, DetailValue] | None = None
) -> Probe:
    """Build a probe that logs in a user."""
    path = LOGIN_PATH.format(kind=ActorKind.USER) + query
    return Probe("POST", path, {"Content-Type": content_type}, body, values)


@dataclass(frozen=True, slots=True, eq=False)
class ErrorDef:
    """One entry of the error catalogue.

    :param name: the unique name of the entry, that of its constant; several entries may share a code.
    :param code: `{HTTP status}-{number}`; codes are never reused.
    :param when: when the error occurs, in English, for the documentation.
    :param developer: the sentence for developers, or its singular and plural. Its placeholders are the keys below, and
        `count` where there are plural forms.
    :param user: the sentence for a person who knows nothing of APIs; it has no placeholders.
    :param detail_keys: the keys of the details, in their order.
    :param quoted_keys: input that the sentence quotes although the details do not carry it.
    :param counted_key: the key that selects the plural form, by its number of values or by its value if that is a
        number.
    :param operations: the operations that may answer with this error.
    :param example: values of `detail_keys` and `quoted_keys`, for documentation.
    :param probe: a request that provokes the error; None if nothing from outside can.

    Source: contract, error catalogue; REP-7, REP-8.
    """

    name: str
    code: str
    when: str
    developer: str | tuple[str, str]
    user: str
    detail_keys: tuple[str, ...] = ()
    quoted_keys: tuple[str, ...] = ()
    counted_key: str = ""
    operations: Operation = Operation.NONE
    example: Mapping[str, DetailValue] = field(default_factory=dict)
    probe: Probe | None = None

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status, which the code begins with."""
        return HTTPStatus(int(self.code.partition("-")[0]))


class ApiError(Exception):
    """An error of the catalogue together with the values of one occurrence."""

    def __init__(self, definition: ErrorDef, **values: DetailValue) -> None:
        """Store the error, which is worded when the response is written.

        :param values: one value for each of the definition's `detail_keys` and `quoted_keys`.
        :raises TypeError: when a key is missing or not declared.
        """
        declared = {*definition.detail_keys, *definition.quoted_keys}
        if declared != values.keys():
            raise TypeError(f"{definition.name} takes {sorted(declared)}, not {sorted(values)}")
        super().__init__(definition.code)
        self.definition = definition
        self.values = values

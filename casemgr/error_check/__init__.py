"""The check of a running service: provoke every error and compare the responses with the error catalogue."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from casemgr.domain.actors import ActorKind
from casemgr.domain.texts import shorten
from casemgr.error_check.accounts import encode_login, log_in
from casemgr.error_check.client import Response, Send
from casemgr.error_check.comparison import find_differences
from casemgr.error_check.fixtures import Fixture, Fixtures, complete_probe, create_unknown
from casemgr.error_check.outcomes import Outcome, Result
from casemgr.errors.catalogue import LOGIN_FAILED, TOO_MANY_FAILURES, TOO_MANY_SESSIONS
from casemgr.errors.definitions import ErrorDef
from casemgr.http.limits import MAX_FAILURES_OF_PAIR
from casemgr.http.media_types import MediaType
from casemgr.i18n.locales import Locale

_PROVOKED_LAST = (LOGIN_FAILED, TOO_MANY_FAILURES)
"""The errors that require failed logins, too many of which block all logins."""

_FROM_LOGINS = (LOGIN_FAILED, TOO_MANY_SESSIONS)
"""The errors that cannot be provoked while the service refuses logins."""


def check_errors(
    send: Send, fixtures: Fixtures, locales: Sequence[Locale], definitions: Sequence[ErrorDef]
) -> Iterator[Outcome]:
    """Provoke errors in these locales and both media types, and compare the responses.

    A failed login is provoked once for each locale, with the media types in turn: these failures count for all logins
    from the same address (contract LOG-4), and it should be possible to repeat the check.

    :raises ServiceError: when the service cannot be used.
    """
    failures = _FailedLogins(send, fixtures.locked_name)
    first = (definition for definition in definitions if definition not in _PROVOKED_LAST)
    last = (definition for definition in _PROVOKED_LAST if definition in definitions)
    for definition in (*first, *last):
        if definition is TOO_MANY_FAILURES:
            failures.block_name()
        for index, locale in enumerate(locales):
            for media_type in MediaType:
                if definition is LOGIN_FAILED and media_type is not list(MediaType)[index % len(MediaType)]:
                    result, explanation = Result.NOT_PROVOKED, _ONE_MEDIA_TYPE
                else:
                    result, explanation = _provoke(send, definition, fixtures, failures, locale, media_type)
                yield Outcome(definition.code, definition.name, locale.language_tag, media_type, result, explanation)


_ONE_MEDIA_TYPE = "In each locale only JSON or XML is tried, since failed logins count against this address."


class _FailedLogins:
    """The failed logins of a check, of which there are as few as possible.

    :param refusal: why the service refuses logins from this address; empty as long as it accepts them.
    """

    def __init__(self, send: Send, blocked_name: Fixture) -> None:
        self._send = send
        self._blocked_name = blocked_name
        self._count = 0
        self.refusal = ""

    def choose_name(self) -> Fixture:
        """Choose the user name of the next failed login; the first ones block a name for TOO_MANY_FAILURES."""
        return self._blocked_name if self._count < MAX_FAILURES_OF_PAIR else create_unknown()

    def observe(self, response: Response) -> None:
        """Count a failed login, or note that the service refuses logins."""
        if response.status == TOO_MANY_FAILURES.status:
            seconds = shorten(response.fields.get("Retry-After", "unknown"))
            self.refusal = f"Too many failed logins from this address; try again in {seconds} s."
        else:
            self._count += 1

    def block_name(self) -> None:
        """Log in with the name to be blocked until it has failed often enough."""
        while self._count < MAX_FAILURES_OF_PAIR and not self.refusal:
            self.observe(self._send(log_in(ActorKind.USER, encode_login(self._blocked_name.text, ""))))


def _provoke(
    send: Send,
    definition: ErrorDef,
    fixtures: Fixtures,
    failures: _FailedLogins,
    locale: Locale,
    media_type: MediaType,
) -> tuple[Result, str]:
    probe = definition.probe
    if probe is None:
        return Result.NOT_PROVOKED, "Only a fault of the service causes it."
    if missing := fixtures.find_missing(probe):
        return (Result.REFUSED if missing.is_refused else Result.NOT_PROVOKED), missing.reason
    if definition in _FROM_LOGINS and failures.refusal:
        return Result.REFUSED, failures.refusal
    if definition is LOGIN_FAILED:
        fixtures = replace(fixtures, unknown=failures.choose_name())
    response = send(fixtures.build_request(complete_probe(probe, locale, media_type)))
    if definition is LOGIN_FAILED or (definition in _FROM_LOGINS and response.status == TOO_MANY_FAILURES.status):
        failures.observe(response)
        if failures.refusal:
            return Result.REFUSED, failures.refusal
    values = fixtures.build_values(definition.example if probe.values is None else probe.values)
    differences = find_differences(definition, values, locale, media_type, response)
    return (Result.WRONG if differences else Result.RIGHT), differences

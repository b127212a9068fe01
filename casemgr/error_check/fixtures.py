"""The fixtures of probes: the texts that replace the placeholders in the probes of the error catalogue."""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from casemgr.error_check.client import Request
from casemgr.errors.definitions import DetailValue, Probe
from casemgr.http.headers import USER_MESSAGE_HEADER
from casemgr.http.media_types import MediaType
from casemgr.i18n.locales import Locale

_PLACEHOLDER = re.compile(r"<([a-z_]+)>")


class Fixture(NamedTuple):
    """The text for a placeholder, or the reason why there is none.

    :param reason: a sentence; empty when there is a text.
    :param is_refused: whether the reason is that the service refuses the account.
    """

    text: str = ""
    reason: str = ""
    is_refused: bool = False


def create_unknown() -> Fixture:
    """Create a random text, which is neither a session ID nor a user name of the service."""
    return Fixture(secrets.token_urlsafe())


def complete_probe(probe: Probe, locale: Locale, media_type: MediaType) -> Probe:
    """Add the header fields that ask for a locale, a media type and both messages, unless the probe has its own."""
    fields = {"Accept": media_type, "Accept-Language": locale.language_tag, USER_MESSAGE_HEADER: "yes"}
    return replace(probe, headers={**fields, **probe.headers})


def find_placeholders(probe: Probe) -> Iterator[str]:
    """Find the names of the fixtures that a probe needs."""
    for text in (*probe.headers.values(), probe.path, probe.body or ""):
        yield from (match[1] for match in _PLACEHOLDER.finditer(text) if match[1] in Fixtures.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Fixtures:
    """The fixtures of one check; a placeholder in a probe is the name of a fixture in angle brackets.

    :param user: the session of a user who may request cases.
    :param forbidden_case: the ID of a case that this user may not see.
    :param user_without_action: the session of a user who may not request cases.
    :param full_account: the body of a login to a user who already has the maximum number of sessions.
    :param customer: the session of a customer.
    :param client_of_other_type: the token of a client application of a type other than API.
    :param locked_name: a user name with too many failed logins.
    :param unknown: a session ID and a user name that nobody has.
    """

    user: Fixture
    forbidden_case: Fixture
    user_without_action: Fixture
    full_account: Fixture
    customer: Fixture
    client_of_other_type: Fixture
    locked_name: Fixture
    unknown: Fixture

    def find_missing(self, probe: Probe) -> Fixture | None:
        """Find the first fixture that a probe needs and that has no text."""
        fixtures = filter(None, map(self._find, find_placeholders(probe)))
        return next((fixture for fixture in fixtures if fixture.reason), None)

    def fill_in(self, text: str) -> str:
        """Replace the placeholders in a text."""
        return _PLACEHOLDER.sub(lambda match: fixture.text if (fixture := self._find(match[1])) else match[0], text)

    def build_request(self, probe: Probe) -> Request:
        """Build the request of a probe."""
        headers = {name: self.fill_in(value) for name, value in probe.headers.items()}
        body = None if probe.body is None else self.fill_in(probe.body)
        return Request(probe.method, self.fill_in(probe.path), headers, body)

    def build_values(self, values: Mapping[str, DetailValue]) -> dict[str, DetailValue]:
        """Replace the placeholders in the values of an error."""
        return {key: self._fill_in_value(value) for key, value in values.items()}

    def _fill_in_value(self, value: DetailValue) -> DetailValue:
        match value:
            case int():
                return value
            case str():
                return self.fill_in(value)
            case _:
                return [self.fill_in(text) for text in value]

    def _find(self, name: str) -> Fixture | None:
        fixture: Fixture | None = getattr(self, name, None) if name in self.__dataclass_fields__ else None
        return fixture

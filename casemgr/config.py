"""The settings of the service and of the command, read from the environment and checked once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from casemgr.durations import parse_duration

DATABASE_URL = "CASEMGR_DATABASE_URL"
DEFAULT_DATABASE_URL = "sqlite:///casemgr.db"
SESSION_IDLE_TIME = "CASEMGR_SESSION_IDLE_TIME"
SESSION_LIFETIME = "CASEMGR_SESSION_LIFETIME"
TOKEN_LIFETIME = "CASEMGR_TOKEN_LIFETIME"  # noqa: S105 - the name of a setting
TRUSTED_PROXIES = "CASEMGR_TRUSTED_PROXIES"
BASE_URL = "CASEMGR_BASE_URL"

_DURATIONS = {
    "session_idle_time": SESSION_IDLE_TIME,
    "session_lifetime": SESSION_LIFETIME,
    "token_lifetime": TOKEN_LIFETIME,
}

_SCHEME_AND_AUTHORITY = re.compile(r"https?://[^\s/?#@]+")

Network = IPv4Network | IPv6Network


class ConfigError(ValueError):
    """A setting cannot be used; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting.

    :param database_url: where the cases are; a relative SQLite path counts from the working directory.
    :param session_idle_time: how long a session of a login lasts without being used.
    :param session_lifetime: how long a session of a login lasts at most.
    :param token_lifetime: how long a token of a client application lasts.
    :param trusted_proxies: the proxies whose X-Forwarded-For is believed.
    :param base_url: scheme and authority under which clients reach the service; None means those of each request.
    """

    database_url: URL
    session_idle_time: timedelta = timedelta(minutes=30)
    session_lifetime: timedelta = timedelta(hours=12)
    token_lifetime: timedelta = timedelta(hours=1)
    trusted_proxies: tuple[Network, ...] = ()
    base_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Config":
        """Read the settings; one that is empty counts as absent.

        :raises ConfigError: when one cannot be used.

        Source: contract OPS-1.
        """
        return cls(
            _database_url(environment.get(DATABASE_URL) or DEFAULT_DATABASE_URL),
            trusted_proxies=_networks(environment.get(TRUSTED_PROXIES, "")),
            base_url=_base_url(environment.get(BASE_URL, "")),
            **{
                field: _duration(name, environment[name]) for field, name in _DURATIONS.items() if environment.get(name)
            },
        )


def _database_url(value: str) -> URL:
    try:
        database_url = make_url(value)
    except (ArgumentError, ValueError) as error:
        # The value may hold a password: it is not repeated.
        raise ConfigError(f"{DATABASE_URL} is not an SQLAlchemy URL such as {DEFAULT_DATABASE_URL}.") from error
    if database_url.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise ConfigError(f"{DATABASE_URL} must name an SQLite database, such as {DEFAULT_DATABASE_URL}.")
    return database_url


def _duration(name: str, value: str) -> timedelta:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise ConfigError(f"{name}: {value!r} {error}.") from error


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(map(ip_network, value.replace(",", " ").split()))
    except ValueError as error:
        raise ConfigError(f"{TRUSTED_PROXIES}: {error}.") from error


def _base_url(value: str) -> str | None:
    if not value:
        return None
    if not _SCHEME_AND_AUTHORITY.fullmatch(value):
        raise ConfigError(f"{BASE_URL} must be a scheme and a host, such as https://cases.example.com.")
    return value

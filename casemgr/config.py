"""The settings of the service and of the command, read from the environment and checked once."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from casemgr.domain.durations import parse_duration
from casemgr.http.addresses import Network

DATABASE_URL = "CASEMGR_DATABASE_URL"
DEFAULT_DATABASE_URL = "sqlite:///casemgr.db"
REPLICA_URLS = "CASEMGR_REPLICA_URLS"
TRUSTED_PROXIES = "CASEMGR_TRUSTED_PROXIES"
BASE_URL = "CASEMGR_BASE_URL"
CORS_ORIGINS = "CASEMGR_CORS_ORIGINS"
METRICS_ADDRESS = "CASEMGR_METRICS_ADDRESS"

_SCHEME_AND_AUTHORITY = re.compile(r"https?://[A-Za-z0-9._~-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""The names that a URL may have for a database and its driver, and the driver that is used."""


class ConfigError(ValueError):
    """A setting cannot be used; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: a host name or an IP address, and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Pool:
    """The connections to a PostgreSQL server; SQLite has no use for them.

    :param size: how many are kept open by each process; as many again may be opened for a while.
    :param connect_timeout: how long it may take to open one.
    :param statement_timeout: how long a statement may take; 0 means as long as it wants.
    """

    size: int = 5
    connect_timeout: timedelta = timedelta(seconds=5)
    statement_timeout: timedelta = timedelta(seconds=10)

    @property
    def limit(self) -> int:
        """How many connections there are at most."""
        return 2 * self.size


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting.

    :param database_url: where the cases are; a relative SQLite path counts from the working directory.
    :param pool: the connections to it, and to each replica.
    :param replica_urls: copies of the database that cases are read from.
    :param replica_max_lag: how much older than the database a replica may be.
    :param session_idle_time: how long a session of a login lasts without being used.
    :param session_lifetime: how long a session of a login lasts at most.
    :param token_lifetime: how long a token of a client application lasts.
    :param trusted_proxies: the proxies whose X-Forwarded-For is believed.
    :param base_url: scheme and authority under which clients reach the service; None means those of each request.
    :param cors_origins: the origins, of scheme and authority, whose pages may call the API.
    :param slow_request: how long a request may take before the log warns of it.
    :param metrics_address: where Prometheus asks for metrics; None means that there are none.
    """

    database_url: URL
    pool: Pool = Pool()
    replica_urls: tuple[URL, ...] = ()
    replica_max_lag: timedelta = timedelta(seconds=10)
    session_idle_time: timedelta = timedelta(minutes=30)
    session_lifetime: timedelta = timedelta(hours=12)
    token_lifetime: timedelta = timedelta(hours=1)
    trusted_proxies: tuple[Network, ...] = ()
    base_url: str | None = None
    cors_origins: tuple[str, ...] = ()
    slow_request: timedelta = timedelta(seconds=1)
    metrics_address: Address | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Config":
        """Read the settings; one that is empty counts as absent.

        :raises ConfigError: when one cannot be used.

        Source: contract OPS-1.
        """
        return cls(
            _database_url(environment.get(DATABASE_URL) or DEFAULT_DATABASE_URL),
            pool=Pool(**_given(environment, _POOL)),
            replica_urls=_replica_urls(environment.get(REPLICA_URLS, "")),
            trusted_proxies=_networks(environment.get(TRUSTED_PROXIES, "")),
            base_url=_base_url(environment.get(BASE_URL, "")),
            cors_origins=_origins(environment.get(CORS_ORIGINS, "")),
            metrics_address=_address(environment.get(METRICS_ADDRESS, "")),
            **_given(environment, _TIMES),
        )


def _database_url(value: str) -> URL:
    try:
        database_url = make_url(value)
    except (ArgumentError, ValueError) as error:
        # The value may hold a password: it is not repeated.
        raise ConfigError(f"{DATABASE_URL} is not an SQLAlchemy URL such as {DEFAULT_DATABASE_URL}.") from error
    if database_url.drivername not in _DRIVERS:
        raise ConfigError(
            f"{DATABASE_URL} must name an SQLite or PostgreSQL database, such as {DEFAULT_DATABASE_URL} or "
            "postgresql://casemgr@localhost/casemgr."
        )
    return database_url.set(drivername=_DRIVERS[database_url.drivername])


def _replica_urls(value: str) -> tuple[URL, ...]:
    try:
        urls = tuple(map(make_url, value.split()))
        usable = all(_DRIVERS.get(url.drivername) == "postgresql+psycopg" for url in urls)
    except (ArgumentError, ValueError):
        usable = False
    if not usable:
        raise ConfigError(f"{REPLICA_URLS} must name PostgreSQL databases, separated by blanks.")
    return tuple(url.set(drivername=_DRIVERS[url.drivername]) for url in urls)


def _given(environment: Mapping[str, str], settings: Mapping[str, tuple[str, Callable[[str], Any]]]) -> dict[str, Any]:
    """Parse the settings that are given; the others keep their defaults."""
    values = {}
    for field, (name, parse) in settings.items():
        if value := environment.get(name):
            try:
                values[field] = parse(value)
            except ValueError as error:
                raise ConfigError(f"{name}: {value!r} {error}.") from error
    return values


def _parse_size(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise ValueError("is not a whole number from 1 to 9999")
    return int(text)


_POOL = {
    "size": ("CASEMGR_POOL_SIZE", _parse_size),
    "connect_timeout": ("CASEMGR_CONNECT_TIMEOUT", parse_duration),
    "statement_timeout": ("CASEMGR_STATEMENT_TIMEOUT", parse_duration),
}
_TIMES = {
    "replica_max_lag": ("CASEMGR_REPLICA_MAX_LAG", parse_duration),
    "session_idle_time": ("CASEMGR_SESSION_IDLE_TIME", parse_duration),
    "session_lifetime": ("CASEMGR_SESSION_LIFETIME", parse_duration),
    "token_lifetime": ("CASEMGR_TOKEN_LIFETIME", parse_duration),
    "slow_request": ("CASEMGR_SLOW_REQUEST", parse_duration),
}
"""The fields of a setting, each with its name in the environment and how it is read."""


def _networks(value: str) -> tuple[Network, ...]:
    try:
        return tuple(map(ip_network, value.replace(",", " ").split()))
    except ValueError as error:
        raise ConfigError(f"{TRUSTED_PROXIES}: {error}.") from error


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(value.replace(",", " ").split())
    for origin in origins:
        if not _SCHEME_AND_AUTHORITY.fullmatch(origin):
            raise ConfigError(f"{CORS_ORIGINS}: {origin!r} is no origin such as https://console.example.com.")
    return origins


def _address(value: str) -> Address | None:
    if not value:
        return None
    try:
        parts = urlsplit(f"//{value}")
        if parts.hostname and parts.port and value == str(Address(parts.hostname, parts.port)):
            return Address(parts.hostname, parts.port)
    except ValueError:
        pass
    raise ConfigError(f"{METRICS_ADDRESS} must be a host and a port, such as 127.0.0.1:9108.")


def _base_url(value: str) -> str | None:
    if not value:
        return None
    if not _SCHEME_AND_AUTHORITY.fullmatch(value):
        raise ConfigError(f"{BASE_URL} must be a scheme and a host, such as https://cases.example.com.")
    return value

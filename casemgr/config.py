"""The settings of the service and of the command: declared in one table, read from the environment, checked once."""

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

_SCHEME_AND_AUTHORITY = re.compile(r"https?://[A-Za-z0-9._~-]+(:[0-9]{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""The driver names that a URL may have, and the driver that each stands for."""


class ConfigError(ValueError):
    """A setting cannot be used; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host name or an IP address, and a TCP port to listen on."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write the address as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Pool:
    """The connections of a process to one PostgreSQL server; SQLite does not use them.

    :param size: the number of connections that may be open at a time.
    :param connect_timeout: the time after which connecting fails.
    :param statement_timeout: the time after which a statement is aborted; 0 means never.
    :param behind_pooler: whether the server is reached through a pooler, such as PgBouncer.
    """

    size: int = 5
    connect_timeout: timedelta = timedelta(seconds=5)
    statement_timeout: timedelta = timedelta(seconds=10)
    behind_pooler: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """The values of all settings; SETTINGS describes them.

    :param base_url: None means that URLs of the service are known at loopback addresses only.
    :param metrics_address: None means that there are no metrics.
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
        """Read the settings; an empty variable counts as absent.

        :raises ConfigError: when a setting cannot be used.

        Source: contract OPS-1.
        """
        values: dict[str, Any] = {}
        pool: dict[str, Any] = {}
        for setting in SETTINGS:
            if text := environment.get(setting.name) or setting.default:
                group, _, name = setting.field.rpartition(".")
                try:
                    (pool if group else values)[name] = setting.parse(text)
                except ValueError as error:
                    raise ConfigError(f"{setting.name}{error}.") from error
        return cls(pool=Pool(**pool), **values)


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of a setting, which docs/configuration.md repeats.

    :param name: the name of its environment variable.
    :param field: the field of `Config` that it sets, or `pool.` and a field of `Pool`.
    :param default: the text that stands for an absent variable; None means that the field keeps its own default.
    :param parse: converts the text to the value of the field, or raises ValueError with a message that completes the
        sentence after the name of the variable.
    :param description: one sentence on what it sets.
    """

    name: str
    field: str
    default: str | None
    parse: Callable[[str], object]
    description: str


def _parse_database_url(text: str) -> URL:
    # The messages do not repeat the URL, since it may hold a password.
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise ValueError(f" is not an SQLAlchemy URL such as {DEFAULT_DATABASE_URL}") from error
    if url.drivername not in _DRIVERS:
        raise ValueError(
            f" must name an SQLite or PostgreSQL database, such as {DEFAULT_DATABASE_URL} or "
            "postgresql://casemgr@localhost/casemgr"
        )
    return url.set(drivername=_DRIVERS[url.drivername])


def _parse_replica_urls(text: str) -> tuple[URL, ...]:
    try:
        urls = tuple(map(_parse_database_url, text.split()))
        if all(url.get_backend_name() == "postgresql" for url in urls):
            return urls
    except ValueError:
        pass
    raise ValueError(" must name PostgreSQL databases, separated by blanks")


def _parse_duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ValueError(f": {text!r} {error}") from error


def _parse_pool_size(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise ValueError(f": {text!r} is not a whole number from 1 to 9999")
    return int(text)


def _parse_switch(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f": {text!r} is neither yes nor no")
    return text == "yes"


def _parse_networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(map(ip_network, _split(text)))
    except ValueError as error:
        raise ValueError(f": {error}") from error


def _parse_base_url(text: str) -> str:
    if not _SCHEME_AND_AUTHORITY.fullmatch(text):
        raise ValueError(" must be a scheme and a host, such as https://cases.example.com")
    return text


def _parse_origins(text: str) -> tuple[str, ...]:
    for origin in (origins := _split(text)):
        if not _SCHEME_AND_AUTHORITY.fullmatch(origin):
            raise ValueError(f": {origin!r} is no origin such as https://console.example.com")
    # Browsers send scheme and host in lower case.
    return tuple(map(str.lower, origins))


def _parse_address(text: str) -> Address:
    try:
        parts = urlsplit(f"//{text}")
        if parts.hostname and parts.port and text == str(address := Address(parts.hostname, parts.port)):
            return address
    except ValueError:
        pass
    raise ValueError(" must be a host and a port, such as 127.0.0.1:9108")


def _split(text: str) -> list[str]:
    return text.replace(",", " ").split()


SETTINGS = (
    Setting(
        DATABASE_URL,
        "database_url",
        DEFAULT_DATABASE_URL,
        _parse_database_url,
        "The SQLite or PostgreSQL database that holds cases, accounts and sessions, as an SQLAlchemy URL.",
    ),
    Setting(
        "CASEMGR_REPLICA_URLS",
        "replica_urls",
        None,
        _parse_replica_urls,
        "Cases are read from these streaming replicas of the PostgreSQL database, in turn.",
    ),
    Setting(
        "CASEMGR_REPLICA_MAX_LAG",
        "replica_max_lag",
        "10s",
        _parse_duration,
        "A replica that lags further behind the primary is not used.",
    ),
    Setting(
        "CASEMGR_POOL_SIZE",
        "pool.size",
        "5",
        _parse_pool_size,
        "Each process lets this many requests use the databases at a time, each with one connection to a server.",
    ),
    Setting(
        "CASEMGR_BEHIND_POOLER",
        "pool.behind_pooler",
        "no",
        _parse_switch,
        "PostgreSQL is reached through a pooler such as PgBouncer, which rules out prepared statements.",
    ),
    Setting(
        "CASEMGR_CONNECT_TIMEOUT",
        "pool.connect_timeout",
        "5s",
        _parse_duration,
        "Connecting to PostgreSQL fails after this time; `1s` counts as `2s`.",
    ),
    Setting(
        "CASEMGR_STATEMENT_TIMEOUT",
        "pool.statement_timeout",
        "10s",
        _parse_duration,
        "PostgreSQL aborts a statement of the service after this time; statements of commands have no limit.",
    ),
    Setting(
        "CASEMGR_SESSION_IDLE_TIME",
        "session_idle_time",
        "30m",
        _parse_duration,
        "A session from a login ends after this time without a request for cases.",
    ),
    Setting(
        "CASEMGR_SESSION_LIFETIME",
        "session_lifetime",
        "12h",
        _parse_duration,
        "A session from a login ends after this time, used or not.",
    ),
    Setting(
        "CASEMGR_TOKEN_LIFETIME",
        "token_lifetime",
        "1h",
        _parse_duration,
        "An access token of a client application expires after this time.",
    ),
    Setting(
        "CASEMGR_TRUSTED_PROXIES",
        "trusted_proxies",
        None,
        _parse_networks,
        "`X-Forwarded-For` and `X-Forwarded-Proto` count only when a proxy with one of these addresses sends them.",
    ),
    Setting(
        "CASEMGR_BASE_URL",
        "base_url",
        None,
        _parse_base_url,
        "The OAuth 2.0 metadata and the guide show this scheme and host; without it, only localhost has metadata.",
    ),
    Setting(
        "CASEMGR_CORS_ORIGINS",
        "cors_origins",
        None,
        _parse_origins,
        "Web pages of these origins may call the API from a browser.",
    ),
    Setting(
        "CASEMGR_SLOW_REQUEST",
        "slow_request",
        "1s",
        _parse_duration,
        "The log line of a request that takes longer is a warning.",
    ),
    Setting(
        "CASEMGR_METRICS_ADDRESS",
        "metrics_address",
        None,
        _parse_address,
        "Prometheus fetches the metrics of the node from this host and port.",
    ),
)
"""The declarations of all settings, in the order of docs/configuration.md."""

"""The settings of the service and of the command: declared in one table, read from the environment, checked once."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from casemgr.config.parsers import (
    DEFAULT_DATABASE_URL,
    Address,
    parse_address,
    parse_base_url,
    parse_database_url,
    parse_duration,
    parse_networks,
    parse_number,
    parse_origins,
    parse_replica_urls,
    parse_switch,
)
from casemgr.http.addresses import Network

PREFIX = "CASEMGR_"
"""The beginning of the names of all settings."""

DATABASE_URL = "CASEMGR_DATABASE_URL"

_SERVICE_LINK = re.compile(r"(.*_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_\d+_(TCP|UDP|SCTP).*)?)")
"""The ends of the names by which Kubernetes and Docker tell every container where the others are."""


class ConfigError(ValueError):
    """A setting cannot be used; the message says which one and why."""


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
    :param audit_log: None means that commands leave no record.
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
    docs_page: bool = True
    demo_accounts: bool = False
    slow_request: timedelta = timedelta(seconds=1)
    metrics_address: Address | None = None
    audit_log: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Config":
        """Read the settings; an empty variable counts as absent, unless it is that of the database.

        :raises ConfigError: when a setting cannot be used, or does not exist.

        Source: contract OPS-1.
        """
        check_names(environment)
        # Mostly the leftover of a variable that was not filled in: the default would create a database somewhere.
        if environment.get(DATABASE_URL) == "":
            raise ConfigError(f"{DATABASE_URL} is empty: name a database, such as {DEFAULT_DATABASE_URL}, or unset it.")
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


def check_names(environment: Mapping[str, str] = os.environ) -> None:
    """Check that no variable has the misspelt name of a setting.

    Other variables with the prefix may be there: for a service casemgr-metrics, Kubernetes sets
    CASEMGR_METRICS_SERVICE_HOST, CASEMGR_METRICS_PORT and more in every container.

    :raises ConfigError: when one has, with the name that was probably meant.
    """
    names = [setting.name.removeprefix(PREFIX) for setting in SETTINGS]
    for name in environment:
        written = name.removeprefix(PREFIX)
        if name.startswith(PREFIX) and written not in names and not _SERVICE_LINK.fullmatch(written):
            for similar in get_close_matches(written.upper(), names, n=1):
                raise ConfigError(f"{name}: there is no such setting; did you mean {PREFIX}{similar}?")


SETTINGS = (
    Setting(
        DATABASE_URL,
        "database_url",
        DEFAULT_DATABASE_URL,
        parse_database_url,
        "The SQLite or PostgreSQL database that holds cases, accounts and sessions, as an SQLAlchemy URL.",
    ),
    Setting(
        "CASEMGR_REPLICA_URLS",
        "replica_urls",
        None,
        parse_replica_urls,
        "Cases are read from these streaming replicas of the PostgreSQL database, in turn.",
    ),
    Setting(
        "CASEMGR_REPLICA_MAX_LAG",
        "replica_max_lag",
        "10s",
        parse_duration,
        "A replica that lags further behind the primary is not used.",
    ),
    Setting(
        "CASEMGR_POOL_SIZE",
        "pool.size",
        "5",
        parse_number,
        "Each process lets this many requests use the databases at a time, each with one connection to a server.",
    ),
    Setting(
        "CASEMGR_BEHIND_POOLER",
        "pool.behind_pooler",
        "no",
        parse_switch,
        "PostgreSQL is reached through a pooler such as PgBouncer, which rules out prepared statements.",
    ),
    Setting(
        "CASEMGR_CONNECT_TIMEOUT",
        "pool.connect_timeout",
        "5s",
        parse_duration,
        "Connecting to PostgreSQL fails after this time; `1s` counts as `2s`.",
    ),
    Setting(
        "CASEMGR_STATEMENT_TIMEOUT",
        "pool.statement_timeout",
        "10s",
        parse_duration,
        "PostgreSQL aborts a statement of the service after this time; statements of commands have no limit.",
    ),
    Setting(
        "CASEMGR_SESSION_IDLE_TIME",
        "session_idle_time",
        "30m",
        parse_duration,
        "A session from a login ends after this time without a request for cases.",
    ),
    Setting(
        "CASEMGR_SESSION_LIFETIME",
        "session_lifetime",
        "12h",
        parse_duration,
        "A session from a login ends after this time, used or not.",
    ),
    Setting(
        "CASEMGR_TOKEN_LIFETIME",
        "token_lifetime",
        "1h",
        parse_duration,
        "An access token of a client application expires after this time.",
    ),
    Setting(
        "CASEMGR_TRUSTED_PROXIES",
        "trusted_proxies",
        None,
        parse_networks,
        "`X-Forwarded-For` and `X-Forwarded-Proto` count only when a proxy with one of these addresses sends them.",
    ),
    Setting(
        "CASEMGR_BASE_URL",
        "base_url",
        None,
        parse_base_url,
        "OAuth 2.0 metadata, OpenAPI and guide show this scheme and host; without it, only localhost has metadata.",
    ),
    Setting(
        "CASEMGR_CORS_ORIGINS",
        "cors_origins",
        None,
        parse_origins,
        "Web pages of these origins may call the API from a browser.",
    ),
    Setting(
        "CASEMGR_DOCS_PAGE",
        "docs_page",
        "yes",
        parse_switch,
        "`no` hides the page for people at `/core/casemgr/v3/docs`.",
    ),
    Setting(
        "CASEMGR_DEMO_ACCOUNTS",
        "demo_accounts",
        "no",
        parse_switch,
        "`yes` shows the accounts of the demo data on the page; `make run` sets it with the demo data.",
    ),
    Setting(
        "CASEMGR_SLOW_REQUEST",
        "slow_request",
        "1s",
        parse_duration,
        "The log line of a request that takes longer is a warning.",
    ),
    Setting(
        "CASEMGR_METRICS_ADDRESS",
        "metrics_address",
        None,
        parse_address,
        "Prometheus fetches the metrics of the node from this host and port.",
    ),
    Setting(
        "CASEMGR_AUDIT_LOG",
        "audit_log",
        None,
        Path,
        "Each command that changes accounts, sessions or data, or copies all data, appends lines to this file: who ran"
        " it, when, on what.",
    ),
)
"""The declarations of all settings, in the order of docs/configuration.md."""

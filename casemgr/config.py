"""The settings of the service and of the command, read from the environment and checked once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DATABASE_URL = "CASEMGR_DATABASE_URL"
DEFAULT_DATABASE_URL = "sqlite:///casemgr.db"


class ConfigError(ValueError):
    """A setting cannot be used; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting.

    :param database_url: where the cases are; a relative SQLite path counts from the working directory.
    """

    database_url: URL

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Config":
        """Read the settings.

        :raises ConfigError: when one cannot be used.

        Source: contract OPS-1.
        """
        try:
            database_url = make_url(environment.get(DATABASE_URL) or DEFAULT_DATABASE_URL)
        except (ArgumentError, ValueError) as error:
            # The value may hold a password: it is not repeated.
            raise ConfigError(f"{DATABASE_URL} is not an SQLAlchemy URL such as {DEFAULT_DATABASE_URL}.") from error
        if database_url.drivername not in {"sqlite", "sqlite+pysqlite"}:
            raise ConfigError(f"{DATABASE_URL} must name an SQLite database, such as {DEFAULT_DATABASE_URL}.")
        return cls(database_url)

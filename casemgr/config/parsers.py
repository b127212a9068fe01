"""Parsers, each of which turns the text of a setting into its value.

A parser raises ValueError with a message that completes the sentence after the name of the variable.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from casemgr.domain import durations
from casemgr.http.addresses import Network

DEFAULT_DATABASE_URL = "sqlite:///casemgr.db"

_SCHEME_AND_AUTHORITY = re.compile(r"https?://(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""The driver names that a URL may have, and the driver that each stands for."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host name or an IP address, and a TCP port to listen on."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write the address as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_database_url(text: str) -> URL:
    """Parse an SQLAlchemy URL; its driver becomes the one that casemgr uses."""
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
    if url.drivername.startswith("sqlite") and url.database in {None, "", ":memory:"}:
        raise ValueError(f" names no file, such as {DEFAULT_DATABASE_URL}: each process would have its own database")
    url = url.set(drivername=_DRIVERS[url.drivername])
    try:
        url.get_dialect()().create_connect_args(url)
    except ArgumentError as error:
        raise ValueError(" must name several hosts as in ?host=db-1:5432&host=db-2:5432") from error
    return url


def parse_replica_urls(text: str) -> tuple[URL, ...]:
    """Parse URLs of PostgreSQL databases."""
    try:
        urls = tuple(map(parse_database_url, text.split()))
        if all(url.get_backend_name() == "postgresql" for url in urls):
            return urls
    except ValueError:
        pass
    raise ValueError(" must name PostgreSQL databases, separated by blanks")


def parse_duration(text: str) -> timedelta:
    """Parse a number and a unit."""
    try:
        return durations.parse_duration(text)
    except ValueError as error:
        raise ValueError(f": {text!r} {error}") from error


def parse_number(text: str, maximum: int = 9999) -> int:
    """Parse a whole number from 1 to a maximum below 100,000."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text) or int(text) > maximum:
        raise ValueError(f": {text!r} is not a whole number from 1 to {maximum}")
    return int(text)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Parse addresses and networks."""
    try:
        return tuple(map(ip_network, _split(text)))
    except ValueError as error:
        raise ValueError(f": {error}") from error


def parse_base_url(text: str) -> str:
    """Check scheme, host and optional port."""
    if not _SCHEME_AND_AUTHORITY.fullmatch(text):
        raise ValueError(" must be a scheme and a host, such as https://cases.example.com")
    return text


def parse_origins(text: str) -> tuple[str, ...]:
    """Parse origins; the result is in lower case, as browsers send them."""
    for origin in (origins := _split(text)):
        if not _SCHEME_AND_AUTHORITY.fullmatch(origin):
            raise ValueError(f": {origin!r} is no origin such as https://console.example.com")
    return tuple(map(str.lower, origins))


def parse_address(text: str) -> Address:
    """Parse a host and a port."""
    try:
        parts = urlsplit(f"//{text}")
        if parts.hostname and parts.port and text == str(address := Address(parts.hostname, parts.port)):
            return address
    except ValueError:
        pass
    raise ValueError(" must be a host and a port, such as 127.0.0.1:9108")


def parse_switch(text: str) -> bool:
    """Parse yes or no."""
    if text not in {"yes", "no"}:
        raise ValueError(f": {text!r} is neither yes nor no")
    return text == "yes"


def _split(text: str) -> list[str]:
    return text.replace(",", " ").split()

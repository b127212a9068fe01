"""Failed logins, and how many of them are too many.

They are counted in the database, so that all workers count together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from math import ceil

from sqlalchemy import Connection, delete, func, insert, select

from casemgr.actors import ActorKind
from casemgr.errors import TOO_MANY_FAILURES, ApiError
from casemgr.models import FailedLogin

_WINDOW = timedelta(minutes=15)
"""How long a failure counts."""

MAX_FAILURES_OF_ACCOUNT = 10
_MAX_FAILURES_OF_ADDRESS = 100
"""How many failures there may be before further attempts are refused."""

_IPV6_PREFIX = 64
"""Bits of an IPv6 address that count: the others are for whoever has the address to choose."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What failures are counted for.

    :param digest: what stands for it in the database; people type passwords where a name belongs.
    :param limit: how many failures it may have before further attempts are refused.
    """

    digest: bytes
    limit: int


def subject_of_account(kind: ActorKind, login_id: str) -> Subject:
    """Count failures for an account, whether or not it exists."""
    return Subject(sha256(f"{kind.name}:{login_id}".encode()).digest(), MAX_FAILURES_OF_ACCOUNT)


def subject_of_address(address: str) -> Subject:
    """Count failures for a network address; what is none, such as that of a Unix socket, counts as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        counted = address
    else:
        counted = str(ip_network((parsed, _IPV6_PREFIX), strict=False)) if parsed.version == 6 else str(parsed)
    return Subject(sha256(f"ADDRESS:{counted}".encode()).digest(), _MAX_FAILURES_OF_ADDRESS)


def check_failures(connection: Connection, subjects: Sequence[Subject], now: datetime) -> None:
    """Check that another attempt may be made.

    :raises ApiError: TOO_MANY_FAILURES, with the seconds until enough failures have been long ago.
    """
    waits = [wait for subject in subjects if (wait := _wait(connection, subject, now))]
    if waits:
        raise ApiError(TOO_MANY_FAILURES, seconds=ceil(max(waits).total_seconds()))


def _wait(connection: Connection, subject: Subject, now: datetime) -> timedelta | None:
    """Compute how long it takes until one of the failures that fill the limit no longer counts."""
    failed: datetime | None = connection.scalar(
        select(FailedLogin.failed)
        .where(FailedLogin.subject == subject.digest, FailedLogin.failed > now - _WINDOW)
        .order_by(FailedLogin.failed.desc())
        .offset(subject.limit - 1)
        .limit(1)
    )
    return None if failed is None else failed + _WINDOW - now


def lock_subjects(connection: Connection, subjects: Sequence[Subject]) -> None:
    """Let no other transaction count for these subjects before this one ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        # In one order, so that no two transactions wait for each other.
        for key in sorted(int.from_bytes(subject.digest[:8], signed=True) for subject in subjects):
            connection.execute(select(func.pg_advisory_xact_lock(key)))


def record_failure(connection: Connection, subjects: Sequence[Subject], now: datetime) -> None:
    """Count a failure, and drop those that no longer count."""
    purge_failures(connection, now)
    connection.execute(insert(FailedLogin), [{"subject": subject.digest, "failed": now} for subject in subjects])


def forget_failures(connection: Connection, subject: Subject) -> None:
    """Let a subject begin anew."""
    connection.execute(delete(FailedLogin).where(FailedLogin.subject == subject.digest))


def purge_failures(connection: Connection, now: datetime) -> None:
    """Delete the failures that no longer count."""
    connection.execute(delete(FailedLogin).where(FailedLogin.failed <= now - _WINDOW))

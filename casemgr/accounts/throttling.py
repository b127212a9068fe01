"""Throttling: failed logins are counted in the database, for all workers, and too many of them refuse further ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from math import ceil

from sqlalchemy import Connection, delete, func, insert, select

from casemgr.database.models import FailedLogin
from casemgr.domain.actors import ActorKind
from casemgr.errors.catalogue import TOO_MANY_FAILURES
from casemgr.errors.definitions import ApiError
from casemgr.http.limits import MAX_FAILURES_OF_ACCOUNT, MAX_FAILURES_OF_ADDRESS

_WINDOW = timedelta(minutes=15)
"""The time for which a failure counts."""

_IPV6_PREFIX = 64
"""Bits of an IPv6 address that count; the owner of the address can choose the others."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An account or network address whose failures are counted.

    :param digest: its SHA-256, since people type passwords where a name belongs.
    :param limit: the number of failures after which further attempts are refused.
    """

    digest: bytes
    limit: int


def subject_of_account(kind: ActorKind, login_id: str) -> Subject:
    """Return the subject of an account, which need not exist."""
    return Subject(sha256(f"{kind.name}:{login_id}".encode()).digest(), MAX_FAILURES_OF_ACCOUNT)


def subject_of_address(address: str) -> Subject:
    """Return the subject of a network address; other texts, such as that of a Unix socket, count as they are."""
    try:
        parsed = ip_address(address)
    except ValueError:
        counted = address
    else:
        counted = str(ip_network((parsed, _IPV6_PREFIX), strict=False)) if parsed.version == 6 else str(parsed)
    return Subject(sha256(f"ADDRESS:{counted}".encode()).digest(), MAX_FAILURES_OF_ADDRESS)


def check_failures(connection: Connection, subjects: Sequence[Subject], now: datetime) -> None:
    """Check that another attempt is allowed.

    :raises ApiError: TOO_MANY_FAILURES, with the seconds until another attempt is allowed.
    """
    waits = [wait for subject in subjects if (wait := _wait(connection, subject, now))]
    if waits:
        raise ApiError(TOO_MANY_FAILURES, seconds=ceil(max(waits).total_seconds()))


def _wait(connection: Connection, subject: Subject, now: datetime) -> timedelta | None:
    """Compute the time until one of the failures that reach the limit no longer counts; None when they do not."""
    failed: datetime | None = connection.scalar(
        select(FailedLogin.failed)
        .where(FailedLogin.subject == subject.digest, FailedLogin.failed > now - _WINDOW)
        .order_by(FailedLogin.failed.desc())
        .offset(subject.limit - 1)
        .limit(1)
    )
    return None if failed is None else failed + _WINDOW - now


def lock_subjects(connection: Connection, subjects: Sequence[Subject]) -> None:
    """Make other transactions wait that lock these subjects; SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        # In the same order in every transaction, to prevent deadlocks.
        for key in sorted(int.from_bytes(subject.digest[:8], signed=True) for subject in subjects):
            connection.execute(select(func.pg_advisory_xact_lock(key)))


def record_failure(connection: Connection, subjects: Sequence[Subject], now: datetime) -> None:
    """Record a failure, and delete those that no longer count."""
    purge_failures(connection, now)
    connection.execute(insert(FailedLogin), [{"subject": subject.digest, "failed": now} for subject in subjects])


def forget_failures(connection: Connection, subject: Subject) -> None:
    """Forget the failures of a subject."""
    connection.execute(delete(FailedLogin).where(FailedLogin.subject == subject.digest))


def purge_failures(connection: Connection, now: datetime) -> None:
    """Delete the failures that no longer count."""
    connection.execute(delete(FailedLogin).where(FailedLogin.failed <= now - _WINDOW))

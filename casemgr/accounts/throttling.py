"""Throttling: the database counts failed logins for all workers; after too many, further logins are refused."""

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
"""Bits of an IPv6 address that identify a network; its owner can choose the other bits freely."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An account or network address whose failures are counted.

    :param digest: a SHA-256 digest, since people type passwords into the field for the login ID.
    :param limit: the number of failures after which further logins are refused.
    """

    digest: bytes
    limit: int


def subject_of_account(kind: ActorKind, login_id: str) -> Subject:
    """Build the subject for an account, which need not exist."""
    return Subject(sha256(f"{kind.name}:{login_id}".encode()).digest(), MAX_FAILURES_OF_ACCOUNT)


def subject_of_address(address: str) -> Subject:
    """Build the subject for a network address; other text, such as that of a Unix socket, is used as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        network = address
    else:
        network = str(ip_network((parsed, _IPV6_PREFIX), strict=False)) if parsed.version == 6 else str(parsed)
    return Subject(sha256(f"ADDRESS:{network}".encode()).digest(), MAX_FAILURES_OF_ADDRESS)


def check_failures(connection: Connection, subjects: Sequence[Subject], now: datetime) -> None:
    """Check that none of the subjects has too many failures.

    :raises ApiError: TOO_MANY_FAILURES, with the seconds until the next attempt is allowed.
    """
    waits = [wait for subject in subjects if (wait := _compute_wait(connection, subject, now))]
    if waits:
        raise ApiError(TOO_MANY_FAILURES, seconds=ceil(max(waits).total_seconds()))


def _compute_wait(connection: Connection, subject: Subject, now: datetime) -> timedelta | None:
    """Compute the time until the failures fall below the limit; None when they are below it."""
    # The failure that reaches the limit, counted from the latest.
    failed: datetime | None = connection.scalar(
        select(FailedLogin.failed)
        .where(FailedLogin.subject == subject.digest, FailedLogin.failed > now - _WINDOW)
        .order_by(FailedLogin.failed.desc())
        .offset(subject.limit - 1)
        .limit(1)
    )
    return None if failed is None else failed + _WINDOW - now


def lock_subjects(connection: Connection, subjects: Sequence[Subject]) -> None:
    """Lock subjects until the end of the transaction; SQLite allows only one writer anyway."""
    if connection.dialect.name == "postgresql":
        # Every transaction takes the locks in the same order, to prevent deadlocks.
        for key in sorted(int.from_bytes(subject.digest[:8], signed=True) for subject in subjects):
            connection.execute(select(func.pg_advisory_xact_lock(key)))


def record_failure(connection: Connection, subjects: Sequence[Subject], now: datetime) -> None:
    """Record a failure of these subjects, and delete outdated failures."""
    purge_failures(connection, now)
    connection.execute(insert(FailedLogin), [{"subject": subject.digest, "failed": now} for subject in subjects])


def forget_failures(connection: Connection, subject: Subject) -> None:
    """Delete the failures of a subject."""
    connection.execute(delete(FailedLogin).where(FailedLogin.subject == subject.digest))


def purge_failures(connection: Connection, now: datetime) -> None:
    """Delete the outdated failures of all subjects."""
    connection.execute(delete(FailedLogin).where(FailedLogin.failed <= now - _WINDOW))

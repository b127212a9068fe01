"""Throttling: the database counts failed logins for all workers; after too many, further logins are refused.

Failures count for the pair of account and network address, for the address over all accounts, and for the account over
all addresses. Whoever guesses the password of somebody else soon reaches the limit of the pair or of the address, which
does not concern the victim. Only guesses from many addresses reach the limit of the account; then the addresses from
which the account has logged in lately may go on.

Source: contract LOG-4.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network
from math import ceil
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from casemgr.database.models import FailedLogin, KnownAddress
from casemgr.domain.actors import ActorKind
from casemgr.errors.catalogue import TOO_MANY_FAILURES
from casemgr.errors.definitions import ApiError
from casemgr.http.addresses import parse_address
from casemgr.http.limits import MAX_FAILURES_OF_ACCOUNT, MAX_FAILURES_OF_ADDRESS, MAX_FAILURES_OF_PAIR

_WINDOW = timedelta(minutes=15)
"""The time for which a failure counts."""

_CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far in the future a failure still counts, since the clocks of nodes differ and requests wait for each other.

A failure further in the future was recorded before the clock was set back.
"""

_KNOWN_FOR = timedelta(days=30)
"""The time for which an address is known after a successful login."""

_IPV6_PREFIX = 64
"""Bits of an IPv6 address that identify a network; its owner can choose the other bits freely."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An account, a network address, or a pair of both, whose failures are counted.

    :param digest: a SHA-256 digest, since people type passwords into the field for the login ID.
    :param limit: the number of failures after which further logins are refused.
    :param account: the digest of the account of a pair; None for other subjects.
    """

    digest: bytes
    limit: int
    account: bytes | None = None


@dataclass(frozen=True, slots=True)
class Failures:
    """The failures of an account that still count.

    :param refused_from: describes the addresses from which logins are refused; None when there are none.
    :param refused_until: when the last of them may try again; None when there are none.
    """

    count: int
    refused_from: str | None
    refused_until: datetime | None


class Subjects(NamedTuple):
    """The subjects of one attempt to log in."""

    account: Subject
    address: Subject
    pair: Subject


def subjects_of_attempt(kind: ActorKind, login_id: str, address: str) -> Subjects:
    """Build the subjects for which a failure of an attempt counts."""
    account, network = subject_of_account(kind, login_id), subject_of_address(address)
    pair = Subject(sha256(account.digest + network.digest).digest(), MAX_FAILURES_OF_PAIR, account.digest)
    return Subjects(account, network, pair)


def subject_of_account(kind: ActorKind, login_id: str) -> Subject:
    """Build the subject for an account, which need not exist."""
    return Subject(sha256(f"{kind.name}:{login_id}".encode()).digest(), MAX_FAILURES_OF_ACCOUNT)


def subject_of_address(address: str) -> Subject:
    """Build the subject for a network address; other text, such as that of a Unix socket, is used as it is."""
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        network = str(IPv6Network((int(parsed), _IPV6_PREFIX), strict=False))
    else:
        network = address if parsed is None else str(parsed)
    return Subject(sha256(f"ADDRESS:{network}".encode()).digest(), MAX_FAILURES_OF_ADDRESS)


def check_failures(connection: Connection, subjects: Subjects, now: datetime) -> None:
    """Check that none of the subjects has too many failures; at a known address, those of the account do not matter.

    :raises ApiError: TOO_MANY_FAILURES, with the seconds until the next attempt is allowed.
    """
    waits = {subject: wait for subject in subjects if (wait := _compute_wait(connection, subject, now))}
    if subjects.account in waits and _is_known(connection, subjects, now):
        del waits[subjects.account]
    if waits:
        raise ApiError(TOO_MANY_FAILURES, seconds=ceil(max(waits.values()).total_seconds()))


def load_failures(connection: Connection, account: Subject, now: datetime) -> Failures:
    """Load the failures of an account, and whether they have consequences for further logins."""
    count = connection.scalar(
        select(func.count()).select_from(FailedLogin).where(FailedLogin.subject == account.digest, *_counting(now))
    )
    pairs = connection.scalars(
        select(FailedLogin.subject).where(FailedLogin.account == account.digest, *_counting(now)).distinct()
    ).all()
    of_account = _compute_wait(connection, account, now)
    of_pairs = [wait for pair in pairs if (wait := _compute_wait(connection, Subject(pair, MAX_FAILURES_OF_PAIR), now))]
    if of_account:
        return Failures(count or 0, "all addresses but known ones", now + max([of_account, *of_pairs]))
    if of_pairs:
        addresses = "1 address" if len(of_pairs) == 1 else f"{len(of_pairs)} addresses"
        return Failures(count or 0, addresses, now + max(of_pairs))
    return Failures(count or 0, None, None)


def _counting(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return FailedLogin.failed > now - _WINDOW, FailedLogin.failed <= now + _CLOCK_TOLERANCE


def _compute_wait(connection: Connection, subject: Subject, now: datetime) -> timedelta | None:
    """Compute the time until the failures fall below the limit; None when they are below it."""
    # The failure that reaches the limit, counted from the latest.
    failed: datetime | None = connection.scalar(
        select(FailedLogin.failed)
        .where(FailedLogin.subject == subject.digest, *_counting(now))
        .order_by(FailedLogin.failed.desc())
        .offset(subject.limit - 1)
        .limit(1)
    )
    return None if failed is None else min(failed + _WINDOW - now, _WINDOW)


def _is_known(connection: Connection, subjects: Subjects, now: datetime) -> bool:
    """Check whether the account has logged in from the address lately."""
    known = select(KnownAddress.succeeded).where(
        KnownAddress.account == subjects.account.digest,
        KnownAddress.address == subjects.address.digest,
        KnownAddress.succeeded > now - _KNOWN_FOR,
    )
    return connection.scalar(known) is not None


def lock_subjects(connection: Connection, subjects: Iterable[Subject]) -> None:
    """Lock subjects until the end of the transaction; SQLite allows only one writer anyway."""
    if connection.dialect.name == "postgresql":
        # Every transaction takes the locks in the same order, to prevent deadlocks.
        for key in sorted(int.from_bytes(subject.digest[:8], signed=True) for subject in subjects):
            connection.execute(select(func.pg_advisory_xact_lock(key)))


def record_failure(connection: Connection, subjects: Iterable[Subject], now: datetime) -> None:
    """Record a failure of these subjects, and delete what is outdated."""
    purge_throttling(connection, now)
    rows = [{"subject": subject.digest, "account": subject.account, "failed": now} for subject in subjects]
    connection.execute(insert(FailedLogin), rows)


def record_success(connection: Connection, subjects: Subjects, now: datetime) -> None:
    """Forget the failures of the pair, and remember the address of the account.

    The failures of the address and of the account remain: one account must not free an address for guesses at others.
    """
    connection.execute(delete(FailedLogin).where(FailedLogin.subject == subjects.pair.digest))
    known = {"account": subjects.account.digest, "address": subjects.address.digest}
    # The locks on the subjects prevent that two transactions insert the same row.
    updated = connection.execute(update(KnownAddress).filter_by(**known).values(succeeded=now))
    if not updated.rowcount:
        connection.execute(insert(KnownAddress).values(**known, succeeded=now))


def forget_failures(connection: Connection, account: Subject) -> None:
    """Delete the failures of an account, over all addresses and in each of its pairs."""
    connection.execute(
        delete(FailedLogin).where(or_(FailedLogin.subject == account.digest, FailedLogin.account == account.digest))
    )


def purge_throttling(connection: Connection, now: datetime) -> None:
    """Delete the outdated failures of all subjects, and the addresses that are no longer known."""
    connection.execute(delete(FailedLogin).where(FailedLogin.failed <= now - _WINDOW))
    connection.execute(delete(KnownAddress).where(KnownAddress.succeeded <= now - _KNOWN_FOR))

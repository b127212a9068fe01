"""Salted hashes of passwords and client secrets."""

import argon2
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_HASHER = argon2.PasswordHasher()


def hash_password(password: str) -> str:
    """Hash a password with argon2id (RFC 9106) and a random salt, which is slow on purpose."""
    return _HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Check a password against its hash.

    :param password_hash: None when there is no hash; then the check fails after the same time.
    """
    if password_hash is None:
        _HASHER.hash(password)
        return False
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError, UnicodeError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Check whether a hash has other parameters than new hashes."""
    return _HASHER.check_needs_rehash(password_hash)

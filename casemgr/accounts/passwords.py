"""Salted hashes of passwords and client secrets."""

import argon2
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_HASHER = argon2.PasswordHasher()


def hash_password(password: str) -> str:
    """Hash a password with argon2id (RFC 9106) and a random salt, which is slow on purpose.

    :raises ValueError: when the password is empty (contract LOG-3).
    """
    if not password:
        raise ValueError("A password may not be empty.")
    return _HASHER.hash(password)


def hash_if_changed(password_hash: str | None, password: str) -> str:
    """Hash a password, unless it is the one that a hash was made of; return that hash then (contract LOG-5).

    :param password_hash: the stored hash; None when there is none.
    """
    if password_hash is not None and verify_password(password_hash, password):
        return password_hash
    return hash_password(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Check a password against its hash; an empty one is always wrong (contract LOG-3).

    :param password_hash: None when there is no hash. Then, as with an empty password, the check fails after the same
        time.
    """
    if password_hash is None or not password:
        _HASHER.hash(password)
        return False
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError, UnicodeError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Check whether a hash was made with other parameters than new hashes are."""
    return _HASHER.check_needs_rehash(password_hash)

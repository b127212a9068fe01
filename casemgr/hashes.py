"""What is stored instead of secrets: salted hashes of passwords, digests of session IDs."""

import hashlib

import argon2
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_HASHER = argon2.PasswordHasher()


def hash_password(password: str) -> str:
    """Hash a password with argon2id (RFC 9106) and a salt of its own; slow on purpose."""
    return _HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Tell whether a password is the one that was hashed.

    :param password_hash: None where there is nothing to compare with; the answer then takes as long.
    """
    if password_hash is None:
        _HASHER.hash(password)
        return False
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError, UnicodeError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with other parameters than a new one would be."""
    return _HASHER.check_needs_rehash(password_hash)


def digest_of(session_id: str) -> bytes:
    """Compute what the database holds instead of a session ID (contract ACC-1)."""
    return hashlib.sha256(session_id.encode(errors="surrogateescape")).digest()

"""What is stored instead of secrets: salted hashes of passwords, digests of session IDs."""

import hashlib

import argon2

_HASHER = argon2.PasswordHasher()


def hash_password(password: str) -> str:
    """Hash a password with argon2id (RFC 9106) and a salt of its own; slow on purpose."""
    return _HASHER.hash(password)


def digest_of(session_id: str) -> bytes:
    """Compute what the database holds instead of a session ID (contract ACC-1)."""
    return hashlib.sha256(session_id.encode(errors="surrogateescape")).digest()

"""Passwords of operators: argon2id with the library's own parameters, and the same work for whoever is unknown."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr

from bitloot.errors import Malformed

__all__ = ["MAX_LENGTH", "MIN_LENGTH", "check_new_password", "hash_password", "holds", "outworn"]

#: Characters. Length is what makes a password hard to guess; nobody types more than the upper limit.
MIN_LENGTH, MAX_LENGTH = 12, 256

#: Fewer different characters than this are a pattern.
MIN_VARIETY = 6

_HASHER = PasswordHasher()


def check_new_password(password: SecretStr, email: str) -> None:
    """Raises Malformed (weak_password) with the reason, never with the password."""
    text = _written(password)
    if not MIN_LENGTH <= len(text) <= MAX_LENGTH:
        raise _weak(f"needs {MIN_LENGTH} to {MAX_LENGTH} characters")
    if len(set(text)) < MIN_VARIETY:
        raise _weak("repeats itself")
    if email.casefold().partition("@")[0] in text.casefold() and len(text) < MIN_LENGTH + len(email):
        raise _weak("is made of the address")


def hash_password(password: SecretStr) -> str:
    """What is kept of it: salt and parameters are part of it."""
    return _HASHER.hash(_written(password))


def holds(known: str | None, password: SecretStr) -> bool:
    """Whether this is the password of that hash. Without a hash it takes as long, and is False."""
    decoy = _decoy()  # made before anybody is compared, so that its first making tells nothing either
    try:
        return _HASHER.verify(known or decoy, _written(password)) and known is not None
    except (VerificationError, InvalidHashError):
        return False


def outworn(known: str) -> bool:
    """Whether the hash was made with older parameters than a new one would be."""
    return _HASHER.check_needs_rehash(known)


@cache
def _decoy() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))


def _written(password: SecretStr) -> str:
    """One spelling for what keyboards write in several."""
    return unicodedata.normalize("NFKC", password.get_secret_value())


def _weak(why: str) -> Malformed:
    return Malformed(f"This password {why}.", code="weak_password")

"""Errors sorted by what happens next, not by where they came from (PROVIDERS.md §7.1).

BitLootError
├── Retryable      it certainly did not happen: the same step again, later
│   ├── Closed         we did not even try: our own gate to that provider is shut; costs no attempt
│   └── Unheard        it may have happened, but the other side knows a repeat by its key, for a while
├── Permanent      it did not happen and never will like this
│   ├── BadSignature   whoever sent this is not who they say
│   ├── Malformed      the sender's bytes cannot be understood
│   └── SealBroken     a sealed thing does not open: tampered, moved, or the wrong master key
├── Blocked        not the order's fault (our account, balance, quota): hold, ring the operator, resume
├── Ambiguous      it may have happened: ask before any repeat
│   └── Duplicate      the other side already knows our id
└── UnsafeSettings the process must not start
"""

from __future__ import annotations

import traceback

__all__ = [
    "Ambiguous",
    "BadSignature",
    "BitLootError",
    "Blocked",
    "Closed",
    "Duplicate",
    "Malformed",
    "Permanent",
    "Retryable",
    "SealBroken",
    "Unheard",
    "UnsafeSettings",
    "frames_of",
]


class BitLootError(Exception):
    """Base of all. `code` is stable and machine-readable; the text never holds a payload, key or secret."""

    default_code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or self.default_code


class Retryable(BitLootError):
    """It certainly did not happen; try the same step again, not before `after` seconds if given."""

    default_code = "retryable"

    def __init__(self, message: str, *, code: str | None = None, after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.after = after


class Closed(Retryable):
    """Nobody was called: our gate to that provider is shut, or its pace is used up. This was no attempt."""

    default_code = "closed"


class Unheard(Retryable):
    """No answer came to what carried a key: a repeat does nothing twice for as long as the other side remembers it."""

    default_code = "unheard"


class Permanent(BitLootError):
    """It did not happen and never will like this."""

    default_code = "permanent"


class BadSignature(Permanent):
    """Whoever sent this could not prove who they are."""

    default_code = "bad_signature"


class Malformed(Permanent):
    """These bytes cannot be understood."""

    default_code = "malformed"


class SealBroken(Permanent):
    """A sealed thing does not open: tampered with, moved elsewhere, or another master key."""

    default_code = "seal_broken"


class Blocked(BitLootError):
    """Nothing is wrong with the order: our account there is. Hold, ring the operator, resume later."""

    default_code = "blocked"

    def __init__(self, message: str, *, code: str | None = None, after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.after = after


class Ambiguous(BitLootError):
    """It may have happened. Ask the other side before anything is repeated."""

    default_code = "ambiguous"


class Duplicate(Ambiguous):
    """The other side already knows our id: look it up there and adopt what is found."""

    default_code = "duplicate"


def frames_of(error: BaseException) -> str:
    """Where an error came from, without texts or values: file, line and function of each frame, and its class."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([*lines, type(error).__name__])


class UnsafeSettings(BitLootError):
    """The process must not start like this; one sentence per reason."""

    default_code = "unsafe_settings"

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons

"""One-time codes (RFC 6238): six digits, a new one every thirty seconds, each good once."""

from __future__ import annotations

import time

import pyotp

__all__ = ["PERIOD", "matching_step", "new_secret", "setup_address"]

#: How long (seconds) a code is shown.
PERIOD = 30

#: Codes before and after the present one that count too: clocks of telephones differ, and typing takes time.
DRIFT = 1


def new_secret() -> str:
    """160 random bits, in base32 as the apps take it."""
    return pyotp.random_base32(32)


def setup_address(secret: str, email: str, issuer: str) -> str:
    """What the app's camera reads: otpauth://…"""
    return pyotp.TOTP(secret, interval=PERIOD).provisioning_uri(name=email, issuer_name=issuer)


def matching_step(secret: str, code: str, *, after: int = 0, now: float | None = None) -> int | None:
    """The step (of PERIOD since 1970) that shows `code`, if it is one around now and later than `after`."""
    codes = pyotp.TOTP(secret, interval=PERIOD)
    given = "".join(code.split())
    present = int(time.time() if now is None else now) // PERIOD
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        same = pyotp.utils.strings_equal(codes.generate_otp(step), given)
        if same and step > after:
            found = step
    return found

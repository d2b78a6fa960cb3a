"""Fuzzes both parsers of notices with atheris: `python fuzz/notices.py fuzz/corpus -max_total_time=600`.

Needs `pip install atheris`, which is no dependency of ours. Any error but a refusal is a finding; so is a body that
has a canonical form and that the strict reader takes, but whose canonical form it reads differently.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import atheris

with atheris.instrument_imports(include=["bitloot", "json"]):  # whose ways are looked for
    import hashlib
    import hmac

    from pydantic import SecretStr

    from bitloot import strict_json
    from bitloot.errors import BadSignature, Malformed
    from bitloot.gateways.ipn_canonical import canonical
    from bitloot.gateways.nowpayments import NowPayments
    from bitloot.redaction import redacted
    from bitloot.suppliers import kinguin_webhook, reservations_webhook

SECRET = "a-secret-for-fuzzing-only"  # noqa: S105
GATEWAY = NowPayments("https://127.0.0.1:9/v1", SecretStr("k" * 16), SecretStr(SECRET))
VERIFIER = reservations_webhook.Verifier("static", SecretStr(SECRET))


def signed(body: bytes) -> None:
    signature = hmac.digest(SECRET.encode(), body, hashlib.sha512).hex()
    GATEWAY.parse_ipn({"x-nowpayments-sig": signature}, body)


def same_reading(body: bytes) -> None:
    """Whoever reads the form that was signed reads what we read."""
    if strict_json.loads(canonical(body)) != strict_json.loads(body):
        raise AssertionError("signed and read differently")


def one(data: bytes) -> None:
    webhook = {"x-event-secret": SECRET, "x-event-name": "order.status"}
    readers = (
        signed,
        same_reading,
        redacted,
        lambda body: kinguin_webhook.read_webhook(webhook, body, SECRET),
        lambda body: reservations_webhook.read_webhook({"x-auth-token": SECRET}, body, VERIFIER),
    )
    for read in readers:
        with suppress(BadSignature, Malformed):
            read(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()

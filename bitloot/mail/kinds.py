"""The kinds of letters, by name, for whoever need not write one: the settings name them in every process."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["KINDS"]

#: Every kind of letter. What tells more than `letters.LetterFacts` does is named with it.
KINDS: Mapping[str, frozenset[str]] = {
    "order_received": frozenset({"price", "amount", "until"}),
    "payment_confirmed": frozenset({"amount"}),
    "underpaid": frozenset({"received", "asked", "missing"}),
    "cannot_deliver": frozenset({"missing", "amount", "coin"}),
    "keys_ready": frozenset({"one"}),
    "refund": frozenset({"amount", "transaction"}),
    "guest_code": frozenset({"code", "minutes"}),
}

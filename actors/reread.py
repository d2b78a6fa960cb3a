"""Reads a kept notice again. Who proved itself when it came needs no second proof: secrets change meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

from bitloot.gateways.base import Gateway, OtherNews, PaymentNews
from bitloot.senders import PROOFS
from bitloot.suppliers.base import Hint, Supplier
from db import Notice

__all__ = ["reread_goods", "reread_money"]

# The seal vouches for what is read here: only intake seals under a notice's id and source, after the proof, and a
# refused delivery is sealed under a name that no notice has.


def reread_money(
    gateway: Gateway, notice: Notice, headers: Mapping[str, str], body: bytes
) -> PaymentNews | OtherNews:
    """What the opened notice says. Raises Malformed, or BadSignature for one of which no proof is known."""
    if notice.proof in PROOFS:
        return gateway.reread_ipn(body, notice.proof)
    return gateway.parse_ipn(headers, body)


def reread_goods(supplier: Supplier, notice: Notice, headers: Mapping[str, str], body: bytes) -> Hint:
    """What the opened notice says. Raises as `reread_money`."""
    if notice.proof in PROOFS:
        return supplier.reread_webhook(headers, body, notice.proof)
    return supplier.parse_webhook(headers, body)

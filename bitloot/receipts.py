"""Receipts: what was sold, sealed, mailed and seen, signed so that anybody with the public key can check it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bitloot.audit import derived, read_audit_keys
from bitloot.errors import BadSignature, Malformed, UnsafeSettings

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["ReceiptKeys", "check_receipt", "signed_bytes"]

#: The first bytes of what is signed: no signature of ours is good for anything else.
PURPOSE = b"bitloot receipt 1\n"


class ReceiptKeys:
    """Ed25519 keys, one derived from each audit key: the first signs, all public ones are shown."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if not keys:
            raise UnsafeSettings(["AUDIT_KEYS is missing: receipts are signed by keys that derive from it."])
        self._newest = next(iter(keys))
        self._signer = Ed25519PrivateKey.from_private_bytes(derived(keys[self._newest], "receipt"))
        self.public = {
            number: base64.b64encode(
                Ed25519PrivateKey.from_private_bytes(derived(key, "receipt")).public_key().public_bytes_raw()
            ).decode()
            for number, key in keys.items()
        }

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises UnsafeSettings."""
        return cls(read_audit_keys(settings))

    def sign(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The receipt: the facts, the public key, and the signature over both."""
        receipt = {"type": "bitloot-receipt", "version": 1, **facts, "publicKey": self.public[self._newest]}
        return receipt | {"signature": base64.b64encode(self._signer.sign(signed_bytes(receipt))).decode()}

    def __repr__(self) -> str:
        return f"ReceiptKeys({', '.join(map(str, self.public))})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("receipt keys are neither pickled nor copied")


def signed_bytes(receipt: Mapping[str, Any]) -> bytes:
    """What a signature covers: all members but itself, as JSON with sorted names, no spaces, UTF-8."""
    content = {name: value for name, value in receipt.items() if name != "signature"}
    return PURPOSE + json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check_receipt(text: str, public_keys: Mapping[int, str]) -> dict[str, Any]:
    """The receipt, if one of these public keys (base64) signed it. Raises Malformed or BadSignature.

    The key that a receipt names proves nothing by itself: it must be one that the reader trusts.
    """
    try:
        receipt = json.loads(text)
        signature = base64.b64decode(receipt["signature"], validate=True)
        signed, named = signed_bytes(receipt), receipt["publicKey"]
        known = receipt["type"] == "bitloot-receipt" and receipt["version"] == 1
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Malformed("this is no receipt", code="bad_receipt") from None
    if not known:
        raise Malformed("this is no receipt of a version that is known here", code="bad_receipt")
    if named not in public_keys.values():
        raise BadSignature("the receipt is signed by another key", code="unknown_key")
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(named)).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise BadSignature("the signature does not belong to this receipt") from None
    found: dict[str, Any] = receipt
    return found

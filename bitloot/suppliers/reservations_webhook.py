"""Webhooks of the reservation dialect: signed over the raw body, or with a static token (PROVIDERS.md §7.2, §3.8 E)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import SecretStr

from bitloot import strict_json
from bitloot.errors import BadSignature, Malformed
from bitloot.moments import read_moment
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Hint

__all__ = ["PROOF_HEADERS", "WORDS", "Verifier", "read_hint", "read_webhook"]

SIGNATURE_HEADER, TOKEN_HEADER = PROOF_HEADERS = ("x-kinguin-signature", "x-auth-token")

WORDS: Mapping[str, SupplierStatus] = {
    "reserved": SupplierStatus.PENDING,
    "processing": SupplierStatus.PENDING,
    "ready": SupplierStatus.PENDING,  # to be fetched: `delivered` will tell
    "delivered": SupplierStatus.DELIVERED,
    "failed": SupplierStatus.FAILED,
    "cancelled": SupplierStatus.CANCELED,
    "canceled": SupplierStatus.CANCELED,
    "refunded": SupplierStatus.REFUNDED,
}

#: An event's name, as far as it is kept in clear: words, and nothing that could be a key or a mail address.
_EVENT = re.compile(r"[a-z]+(_[a-z]+){0,5}")

MAX_EVENT = 64  # characters


@dataclass(frozen=True)
class Verifier:
    """How a webhook proves where it comes from, and by which secret; `previous` while that is being changed."""

    kind: Literal["hmac-sha512", "hmac-sha256", "static"]
    secret: SecretStr
    previous: SecretStr | None = None

    def check(self, headers: Mapping[str, str], body: bytes) -> str:
        """`secret` or `secret-previous`: by which one the header that this kind of proof uses fits the body.

        Raises BadSignature.
        """
        for name, secret in (("secret", self.secret), ("secret-previous", self.previous or SecretStr(""))):
            if self._fits(secret.get_secret_value().strip().encode("utf-8"), headers, body):
                return name
        raise BadSignature("reservations: the webhook carries no valid proof")

    def _fits(self, secret: bytes, headers: Mapping[str, str], body: bytes) -> bool:
        if not secret:
            return False
        if self.kind == "static":
            given, right = headers.get(TOKEN_HEADER, "").strip(), secret
        else:
            digest = hmac.digest(secret, body, self.kind.removeprefix("hmac-"))
            given, right = headers.get(SIGNATURE_HEADER, "").strip().lower(), digest.hex().encode("ascii")
        return hmac.compare_digest(given.encode("utf-8", "replace"), right)


def read_webhook(headers: Mapping[str, str], body: bytes, verifier: Verifier) -> Hint:
    """Raises BadSignature, or Malformed for a proved body that is no JSON object."""
    return read_hint(body, verifier.check(headers, body))


def read_hint(body: bytes, proof: str) -> Hint:
    """What a webhook says whose sender proved itself by `proof`. Raises Malformed.

    A body may carry the key itself. It is left where it is: the worker fetches keys, and nothing else may hold one.
    """
    fields = strict_json.loads(body)
    if not isinstance(fields, dict):
        raise Malformed("reservations: the webhook is no JSON object", code="not_an_object")
    word = _word(fields)
    supplier_ref = _text(fields.get("reservationId"))
    return Hint(
        event=word if _EVENT.fullmatch(word) and len(word) <= MAX_EVENT else "unnamed",
        supplier_ref=supplier_ref,
        purchase_ref=_text(fields.get("orderExternalId")) or _text(fields.get("orderId")),
        status=WORDS.get(word),
        updated_at=read_moment(_time(fields)),
        digest=_digest(word, supplier_ref, fields),
        relevant=supplier_ref is not None,
        proof=proof,
    )


def _word(fields: Mapping[str, Any]) -> str:
    """`status`, or else `event`, whose words may stand behind a dot: `reservation.delivered`."""
    word = fields.get("status") or fields.get("event")
    return word.strip().lower().rpartition(".")[2] if isinstance(word, str) else ""


def _time(fields: Mapping[str, Any]) -> Any:
    return next((fields[name] for name in ("updatedAt", "occurredAt", "timestamp") if fields.get(name)), None)


def _text(value: Any) -> str | None:
    if isinstance(value, str | int) and not isinstance(value, bool) and 0 < len(str(value)) <= 128:
        return str(value)
    return None


def _digest(word: str, supplier_ref: str | None, fields: Mapping[str, Any]) -> str:
    """Of what makes an event the same event, without the key that may lie beside it."""
    identity = repr([word, supplier_ref, str(_time(fields))])
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()

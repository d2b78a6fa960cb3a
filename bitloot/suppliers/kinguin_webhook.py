"""Kinguin's webhooks: unsigned, with a shared secret; a hint and never more (PROVIDERS.md §1.6)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from bitloot import strict_json
from bitloot.errors import BadSignature, Malformed
from bitloot.moments import read_moment
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Hint
from bitloot.suppliers.kinguin_fields import STATUSES, read_ref

__all__ = ["SECRET_HEADER", "read_webhook"]

SECRET_HEADER = "x-event-secret"  # noqa: S105 (the header's name)
EVENT_HEADER = "x-event-name"

#: Events about an order; `order.complete` is what old stores still get.
_ORDER_EVENTS = frozenset({"order.status", "order.complete"})


def read_webhook(headers: Mapping[str, str], body: bytes, secret: str) -> Hint:
    """Raises BadSignature unless the secret is right.

    With the right secret nothing is refused: the dashboard's "test URL" button sends strange bodies, and too many
    failures may get the endpoint switched off.
    """
    given, right = headers.get(SECRET_HEADER, "").encode("utf-8", "replace"), secret.strip().encode("utf-8")
    if not right or not hmac.compare_digest(given, right):
        raise BadSignature("kinguin: the webhook does not know the secret")
    event = headers.get(EVENT_HEADER, "").strip().lower()[:64]
    fields = _fields(body)
    supplier_ref = read_ref(fields.get("orderId"))
    if event not in _ORDER_EVENTS or supplier_ref is None:
        digest = hashlib.sha256(event.encode("utf-8", "replace") + b"\n" + body).hexdigest()
        return Hint(event or "unnamed", supplier_ref, None, None, None, digest, relevant=False)
    return Hint(
        event=event,
        supplier_ref=supplier_ref,
        purchase_ref=read_ref(fields.get("orderExternalId")),
        status=_status(event, fields),
        updated_at=read_moment(fields.get("updatedAt")),
        digest=_digest(event, fields),
    )


def _fields(body: bytes) -> Mapping[str, Any]:
    try:
        content = strict_json.loads(body)
    except Malformed:
        return {}
    return content if isinstance(content, dict) else {}


def _status(event: str, fields: Mapping[str, Any]) -> SupplierStatus | None:
    if event == "order.complete":
        return SupplierStatus.DELIVERED
    return STATUSES.get(str(fields.get("status")).strip().lower())


def _digest(event: str, fields: Mapping[str, Any]) -> str:
    """Of what makes an event the same event: Kinguin sends no event id (§6)."""
    identity = [event, *(fields.get(name) for name in ("orderId", "status", "updatedAt"))]
    return hashlib.sha256(repr([str(part) for part in identity]).encode()).hexdigest()

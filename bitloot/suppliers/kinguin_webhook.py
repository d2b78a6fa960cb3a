"""Kinguin's webhooks: unsigned, with a shared secret; a hint and never more (PROVIDERS.md §1.6)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from bitloot import strict_json
from bitloot.errors import BadSignature, Malformed
from bitloot.moments import read_moment
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Hint
from bitloot.suppliers.kinguin_fields import STATUSES, read_ref

__all__ = ["SECRET_HEADER", "read_hint", "read_webhook"]

SECRET_HEADER = "x-event-secret"  # noqa: S105 (the header's name)
EVENT_HEADER = "x-event-name"

#: An event's name, as far as it is kept in clear: words, and nothing that could be a key or a mail address.
_EVENT = re.compile(r"[a-z]+([._][a-z]+){0,5}")

MAX_EVENT = 64  # characters

#: Events about an order; `order.complete` is what old stores still get.
_ORDER_EVENTS = frozenset({"order.status", "order.complete"})


def read_webhook(headers: Mapping[str, str], body: bytes, secret: str, previous: str = "") -> Hint:
    """Raises BadSignature unless the secret (or, while it is being changed, the previous one) is right.

    With the right secret little is refused: the dashboard's "test URL" button sends strange bodies, and too many
    failures may get the endpoint switched off. But news of an order in JSON that two readers could read differently
    (a member named twice, NaN, half a surrogate pair …) is Malformed.
    """
    return read_hint(headers, body, _prove(headers.get(SECRET_HEADER, ""), secret, previous))


def read_hint(headers: Mapping[str, str], body: bytes, proof: str) -> Hint:
    """What a webhook says whose sender proved itself by `proof`. Raises Malformed as above."""
    told = headers.get(EVENT_HEADER, "").strip().lower()
    event = told if _EVENT.fullmatch(told) and len(told) <= MAX_EVENT else "unnamed"
    fields = _fields(body, strict=event in _ORDER_EVENTS)
    supplier_ref = read_ref(fields.get("orderId"))
    if event not in _ORDER_EVENTS or supplier_ref is None:
        digest = hashlib.sha256(told.encode("utf-8", "replace") + b"\n" + body).hexdigest()
        return Hint(event, supplier_ref, None, None, None, digest, relevant=False, proof=proof)
    return Hint(
        proof=proof,
        event=event,
        supplier_ref=supplier_ref,
        purchase_ref=read_ref(fields.get("orderExternalId")),
        status=_status(event, fields),
        updated_at=read_moment(fields.get("updatedAt")),
        digest=_digest(event, fields),
    )


def _prove(told: str, secret: str, previous: str) -> str:
    """Which secret it was. Both are compared, so that the time tells nothing."""
    given, known = told.encode("utf-8", "replace"), {"secret": secret, "secret-previous": previous}
    keys = {name: text.strip().encode("utf-8") for name, text in known.items()}
    fits = [name for name, key in keys.items() if hmac.compare_digest(given, key) and key]
    if not fits:
        raise BadSignature("kinguin: the webhook does not know the secret")
    return fits[0]


def _fields(body: bytes, *, strict: bool) -> Mapping[str, Any]:
    """What is no JSON at all cannot be misread: it is taken as saying nothing."""
    try:
        content = strict_json.loads(body)
    except Malformed as error:
        if strict and error.code != "json_syntax":
            raise
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

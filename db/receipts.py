"""What a receipt says about one order. Keys by their keyed fingerprint; nothing sealed is read."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from bitloot.amounts import plain
from db.base import now, rows

__all__ = ["receipt_facts"]

#: Reveals that a receipt lists at most; the first is always among them.
MOST = 100


def receipt_facts(order_id: uuid.UUID, shop_name: str) -> dict[str, Any] | None:
    """JSON-ready; times are ISO 8601 in UTC, amounts text. None for an order that is not there or was never paid."""
    found = rows(
        "SELECT o.email, o.price, o.currency, o.created_at, min(m.at) FROM orders o"
        " JOIN moves m ON m.order_id = o.id AND m.dst = 'paid' WHERE o.id = %s GROUP BY o.id",
        order_id,
    )
    if not found:
        return None
    email, price, currency, placed, paid = found[0]
    return {
        "shop": shop_name,
        "issuedAt": _time(now()),
        "order": {
            "id": str(order_id),
            "email": email,
            "price": plain(price),
            "currency": currency,
            "placedAt": _time(placed),
            "paidAt": _time(paid),
        },
        "lines": _lines(order_id),
        "letters": _letters(order_id),
        "reveals": _reveals(order_id),
    }


def _lines(order_id: uuid.UUID) -> list[dict[str, Any]]:
    keys = rows(
        "SELECT line_id, id, media_type, fingerprint, object_digest, stored_at FROM keys WHERE order_id = %s"
        " ORDER BY stored_at, id",
        order_id,
    )
    lines = rows(
        "SELECT id, name, quantity, unit_price FROM lines WHERE order_id = %s ORDER BY position", order_id
    )
    return [
        {
            "name": name,
            "quantity": quantity,
            "unitPrice": plain(price),
            "keys": [
                {
                    "id": str(key),
                    "mediaType": media,
                    "fingerprint": fingerprint,
                    "sealedSha256": digest,
                    "sealedAt": _time(at),
                }
                for line, key, media, fingerprint, digest, at in keys
                if line == line_id
            ],
        }
        for line_id, name, quantity, price in lines
    ]


def _letters(order_id: uuid.UUID) -> list[dict[str, Any]]:
    found = rows(
        "SELECT kind, generation, recipient, sent_at, provider, provider_id FROM letters"
        " WHERE order_id = %s AND sent_at IS NOT NULL ORDER BY sent_at",
        order_id,
    )
    return [
        {
            "kind": kind,
            "generation": generation,
            "to": to,
            "mailedAt": _time(at),
            "provider": provider,
            "providerId": provider_id,
        }
        for kind, generation, to, at, provider, provider_id in found
    ]


def _reveals(order_id: uuid.UUID) -> list[dict[str, Any]]:
    """Each with its place in the audit chain and its link, so that it can be looked up there."""
    found = rows(
        "SELECT outcome, at, address, user_agent, seq, encode(mac, 'hex'), details FROM access_records"
        " WHERE order_id = %s AND action = 'reveal' AND outcome IN ('granted', 'failed') ORDER BY id LIMIT %s",
        *(order_id, MOST),
    )
    return [
        {
            "outcome": outcome,
            "at": _time(at),
            "address": address,
            "userAgent": agent,
            "keys": details.get("keys", []),
            "record": seq,
            "link": link,
        }
        for outcome, at, address, agent, seq, link, details in found
    ]


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")

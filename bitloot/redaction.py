"""What a person is shown of a sealed body: fields that are known to be harmless; of all others only their size.

A list of what may be seen, not of what may not: a key that lies under a name that nobody thought of stays hidden.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bitloot import strict_json
from bitloot.errors import Malformed

__all__ = ["redacted", "redacted_headers"]

#: Members whose text or number is shown: those that the providers document (PROVIDERS.md §1.6, §3.5), but for
#: `order_description`, addresses of mail and whatever may hold a key.
SHOWN = (
    frozenset({"payment_id", "payment_status", "parent_payment_id", "purchase_id", "invoice_id", "order_id"})
    | {"actually_paid", "actually_paid_at_fiat", "pay_amount", "pay_currency", "pay_address"}
    | {"price_amount", "price_currency", "outcome_amount", "outcome_currency", "payment_extra_ids"}
    | {"currency", "depositFee", "serviceFee", "withdrawalFee", "created_at", "updated_at"}
    | {"id", "status", "batch_withdrawal_id", "amount", "hash"}
    | {"orderId", "orderExternalId", "reservationId", "event", "updatedAt", "occurredAt", "timestamp"}
    | {"kinguinId", "productId", "qty", "textQty", "cheapestOfferId"}
)

SHOWN_HEADERS = frozenset({"content-type", "x-event-name"})

#: Longer texts are no ids, words or times (characters).
LONGEST = 128

#: A name that could be data itself is not shown either.
_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,39}")
_MAIL = re.compile(r"([^@\s]{1,64})@([^@\s]{1,255})")

#: What most game keys look like: groups of capitals and digits. Such a text is hidden under any name.
_KEY = re.compile(r"[A-Z0-9]{4,8}(-[A-Z0-9]{4,8}){2,}")


def redacted(body: bytes) -> Any:
    """The body as JSON for a person; `{"unreadable": n bytes}` where it is none."""
    try:
        content = strict_json.loads(body)
    except Malformed as error:
        return {"unreadable": error.code, "bytes": len(body)}
    return _shown(content, "")


def redacted_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Proofs are secrets, or as good as one: of them only the length."""
    return {
        name: value[:LONGEST] if name in SHOWN_HEADERS and not _KEY.search(value) else _length(value)
        for name, value in headers.items()
    }


def _shown(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {_name(member, at): _shown(item, member) for at, (member, item) in enumerate(value.items())}
    if isinstance(value, list):
        return [_shown(item, name) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and (mail := _MAIL.fullmatch(value)):
        return f"{mail[1][0]}…@{mail[2]}"
    if name not in SHOWN:
        return _length(value)
    if isinstance(value, str):
        return value if len(value) <= LONGEST and not _KEY.search(value) else _length(value)
    return str(value)  # exactly as it stands there, whatever reads it


def _name(member: str, at: int) -> str:
    return member if _NAME.fullmatch(member) else f"member {at + 1} ({len(member)} characters)"


def _length(value: Any) -> str:
    return f"({len(str(value))} characters)"

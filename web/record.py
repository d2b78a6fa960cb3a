"""Who asked for what, from where: written before it is given."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from falcon import Request

from db import record_access
from db.tries import tried
from web.addresses import neighbourhood
from web.auth import Viewer, address_of, user_agent_of

__all__ = ["record", "record_refusal"]

#: Refusals of one kind are each written down up to this many within a while (seconds), and then at every doubling.
EACH, WHILE = 8, 3600.0

#: … and those about no known order, from whatever address, up to this many.
EACH_OF_STRANGERS = 500


def record(
    req: Request,
    viewer: Viewer,
    order_id: uuid.UUID | None,
    action: str,
    outcome: str,
    details: Mapping[str, Any],
) -> None:
    """One access record, in its own commit; inside a transaction in that one, as its last part."""
    record_access(
        order_id,
        action,
        actor=viewer.label,
        outcome=outcome,
        address=address_of(req),
        user_agent=user_agent_of(req),
        details=details,
    )


def record_refusal(
    req: Request,
    viewer: Viewer,
    order_id: uuid.UUID | None,
    action: str,
    details: Mapping[str, Any],
    outcome: str = "refused",
) -> None:
    """As `record`, for what was refused. Anybody may be refused as often as he likes, and a record stays for ever: so
    of many alike few are written, and each says how many of them there were (`asks`, `strangers`)."""
    asks, _ = tried(f"refused:{action}:{order_id}:{neighbourhood(address_of(req))}", WHILE)
    told, due = {**details, "asks": asks}, _is_told(asks, EACH)
    if order_id is None:
        strangers, _ = tried(f"refused:{action}", WHILE)
        told["strangers"] = strangers
        due = due and _is_told(strangers, EACH_OF_STRANGERS)
    if due:
        record(req, viewer, order_id, action, outcome, told)


def _is_told(number: int, each: int) -> bool:
    return number <= each or number & (number - 1) == 0

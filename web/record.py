"""Who asked for what, from where: written before it is given."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from falcon import Request

from db import record_access
from web.auth import Viewer, address_of, user_agent_of

__all__ = ["record"]


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

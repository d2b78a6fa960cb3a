"""Limits on looks and on token checks, by order and by network address."""

from __future__ import annotations

import uuid

from falcon import Request

from bitloot.settings import Settings
from db.tries import count_try
from web.auth import address_of
from web.errors import Problem

__all__ = ["limit_address", "limit_order"]

#: The window (seconds) in which tries are counted.
WINDOW = 60.0


def limit_address(req: Request, settings: Settings) -> None:
    """Counts a try of whoever it is. Raises Problem 429."""
    _count(f"address:{address_of(req)}", settings.tries_per_address)


def limit_order(order_id: uuid.UUID, settings: Settings) -> None:
    """Counts a try on this order. Only for those who may: a stranger must not use up a buyer's. Raises Problem 429."""
    _count(f"order:{order_id}", settings.tries_per_order)


def _count(subject: str, limit: int) -> None:
    wait = count_try(subject, limit, WINDOW)
    if wait is not None:
        headers = {"Retry-After": str(round(wait))}
        raise Problem(429, "too_many_tries", "That was often. Please wait a moment.", headers=headers)

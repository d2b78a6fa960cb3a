"""Limits on orders, looks and token checks, by order and by network address."""

from __future__ import annotations

import hashlib
import uuid

from falcon import Request

from bitloot.settings import Settings
from db.tries import count_try
from web.addresses import neighbourhood
from web.auth import address_of
from web.errors import Problem

__all__ = ["limit_address", "limit_order", "limit_orders"]

#: The windows (seconds) in which tries are counted, and orders for one mail address.
WINDOW = 60.0
MAIL_WINDOW = 3600.0


def limit_address(req: Request, settings: Settings) -> None:
    """Counts a try of whoever it is; a household counts as one, or IPv6 would give it any number of tries.
    Raises Problem 429."""
    _count(f"address:{neighbourhood(address_of(req))}", settings.tries_per_address)


def limit_order(order_id: uuid.UUID, settings: Settings) -> None:
    """Counts a try on this order. Only for those who may: a stranger must not use up a buyer's. Raises Problem 429."""
    _count(f"order:{order_id}", settings.tries_per_order)


def limit_orders(req: Request, email: str, settings: Settings) -> None:
    """Counts an order. Each costs a call to the gateway, a week of questions to it, and a letter to somebody who need
    not have asked for it; that somebody may still order, from wherever he is. Raises Problem 429."""
    limit, address = settings.orders_per_address, neighbourhood(address_of(req))
    if limit:
        _count(f"orders:{address}", limit)
        mail = hashlib.sha256(email.casefold().encode()).hexdigest()
        _count(f"orders:{address}:{mail}", limit, MAIL_WINDOW)


def _count(subject: str, limit: int, window: float = WINDOW) -> None:
    wait = count_try(subject, limit, window)
    if wait is not None:
        headers = {"Retry-After": str(round(wait))}
        raise Problem(429, "too_many_tries", "That was often. Please wait a moment.", headers=headers)

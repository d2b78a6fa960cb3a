"""Where a fault may bite: the calls that stand-ins take, the notices they send, the keys they hand out."""

from __future__ import annotations

from fnmatch import fnmatchcase

__all__ = ["KINDS", "POINTS", "check_place", "covers"]

_CALLS = (
    *("nowpayments.status", "nowpayments.currencies", "nowpayments.min_amount", "nowpayments.estimate"),
    *("nowpayments.create_payment", "nowpayments.read_payment"),
    *("kinguin.products", "kinguin.product", "kinguin.place_order", "kinguin.search_orders"),
    *("kinguin.read_order", "kinguin.read_keys", "kinguin.return_keys", "kinguin.balance", "kinguin.lists"),
    *("reservations.token", "reservations.reserve", "reservations.give", "reservations.read"),
    *("reservations.delivered", "resend.send", "resend.read"),
)
_WEBHOOKS = ("kinguin.webhook", "reservations.webhook")
_NOTICES = ("nowpayments.ipn", *_WEBHOOKS)
_DELIVERIES = ("kinguin.deliver", "reservations.deliver")

#: Every point that a rule may name.
POINTS = (*_CALLS, *_NOTICES, *_DELIVERIES)

#: What can happen, and at which of the points.
KINDS: dict[str, tuple[str, ...]] = {
    # to a call
    "drop_before_effect": _CALLS,
    "drop_after_effect": _CALLS,
    "delay": (*_CALLS, *_NOTICES),
    "status": _CALLS,
    "drip": _CALLS,
    "truncate": _CALLS,
    # to a purchase
    "known_already": ("kinguin.place_order",),
    "sell_again": ("kinguin.place_order", "reservations.give"),
    "no_balance": ("kinguin.place_order", "reservations.give"),
    "notice_first": ("kinguin.place_order", "reservations.give", "nowpayments.create_payment"),
    # to the search
    "search_lag": ("kinguin.search_orders",),
    "search_empty": ("kinguin.search_orders",),
    "search_strangers": ("kinguin.search_orders",),
    "search_twice": ("kinguin.search_orders",),
    # to the keys
    "order_ends": _DELIVERIES,
    "keys_one_by_one": _DELIVERIES,
    "last_key_late": _DELIVERIES,
    "last_key_never": _DELIVERIES,
    "same_key": _DELIVERIES,
    "image_key": ("kinguin.deliver",),
    # to a notice
    "no_webhook": _NOTICES,
    "webhook_times": _NOTICES,
    "webhook_reordered": _NOTICES,
    "webhook_forged": _NOTICES,
    "webhook_wrong_secret": _NOTICES,
    "ipn_variant": ("nowpayments.ipn",),
}


def covers(pattern: str, point: str) -> bool:
    """Whether `kinguin.place_order`, `kinguin.*` or `kinguin.*|resend.send` names this point."""
    return any(fnmatchcase(point, part) for part in pattern.split("|"))


def check_place(pattern: str, kind: str) -> None:
    """Raises ValueError for a rule that could never bite."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
    if any(not any(covers(part, point) for point in KINDS[kind]) for part in pattern.split("|")):
        raise ValueError(f"{kind} bites at {', '.join(KINDS[kind])} (or a pattern of these)")

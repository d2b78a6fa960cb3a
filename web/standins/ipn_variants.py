"""The shapes that real IPNs were seen in, beside the usual one (PROVIDERS.md §3.4–3.6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from web.standins.answers import iso

__all__ = ["EXTRA", "SHAPES"]

Body = dict[str, Any]

#: Variants that are notices of their own, sent before the true one.
EXTRA = frozenset({"child", "payout"})


def _small_floats(body: Body) -> Body:
    fee = {**body["fee"], "depositFee": 0.0000021, "serviceFee": 1e-7, "withdrawalFee": 0.000083}
    return {**body, "fee": fee}


def _non_ascii(body: Body) -> Body:
    return {**body, "order_description": "Clé Steam – Duo/Pack “X” 🎮 Zażółć"}


def _nested_fee(body: Body) -> Body:
    inner = {"z": 1e-7, "a": {"y": [{"d": 4, "c": 3}], "b": None}}
    fee = {"withdrawalFee": 0, "details": inner, **dict(reversed(body["fee"].items()))}
    return {"fee": fee, **{name: value for name, value in reversed(body.items()) if name != "fee"}}


def _null_order_id(body: Body) -> Body:
    return {**body, "order_id": None}


def _arrays(body: Body) -> Body:
    number = body["payment_id"]
    extra = [{"z": number + 3, "a": [3, 1, 2]}, [], {}]
    return {**body, "payment_extra_ids": [number + 2, number + 1], "extra": extra}


def _epoch_millis(body: Body) -> Body:
    return {**body, "created_at": body["updated_at"] - 60_000, "updated_at": body["updated_at"]}


def _iso_dates(body: Body) -> Body:
    moment = iso(datetime.fromtimestamp(body["updated_at"] / 1000, UTC), "Z")
    older = {name: value for name, value in body.items() if name not in {"fee", "actually_paid_at_fiat"}}
    return {**older, "created_at": moment, "updated_at": moment}


#: What each makes of a body before it is signed.
SHAPES: dict[str, Callable[[Body], Body]] = {
    "small_floats": _small_floats,
    "non_ascii": _non_ascii,
    "nested_fee": _nested_fee,
    "null_order_id": _null_order_id,
    "arrays": _arrays,
    "epoch_millis": _epoch_millis,
    "iso_dates": _iso_dates,
}

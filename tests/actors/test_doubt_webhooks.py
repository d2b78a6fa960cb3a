"""A webhook that names our reference settles a purchase in doubt, as far as the supplier's own word confirms it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bitloot.shop import Shop
from bitloot.states import PurchaseState
from bitloot.suppliers.base import Placed, Wanted
from db import Notice, Purchase
from tests.actors.conftest import fault
from tests.actors.ledger import (
    LADDER,
    Bent,
    Killed,
    charged,
    deliver_webhook,
    go,
    looks,
    pass_time,
    seconds_to_next_look,
)
from web.standins.server import RunningStandins

POINT, SEARCH = "kinguin.place_order", "kinguin.search_orders"


def webhook(shop: Shop, standins: RunningStandins, number: int = 0, **told: Any) -> None:
    """Kinguin's own webhook about the order that it sold, or one that tells something else."""
    sold = standins.shop.kinguin.newest_first()
    body = {"status": "processing", "updatedAt": f"2026-01-02T03:04:05.{number:03}+00:00"}
    if sold:
        body |= {"orderId": sold[0].id, "orderExternalId": str(sold[0].external_id)}
    secret = shop.settings.kinguin_webhook_secret.get_secret_value()
    headers = {"x-event-name": "order.status", "x-event-secret": secret}
    deliver_webhook(shop, headers, json.dumps(body | told).encode(), f"digest {number}")


def test_a_webhook_that_names_our_reference_makes_the_look_due_at_once(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_after_effect")
    go(shop, kinguin, ladder=LADDER)
    assert go(shop, kinguin, ladder=LADDER).state is PurchaseState.AMBIGUOUS
    webhook(shop, standins)
    assert go(shop, kinguin, ladder=LADDER).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_a_webhook_that_came_before_the_doubt_settles_it_in_the_same_run(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    def told_before(begin: Callable[..., Placed], *call: Any) -> Placed:
        placed = begin(*call)
        webhook(shop, standins)
        raise ConnectionResetError(placed.supplier_ref)

    bent: Any = Bent(shop.suppliers["kinguin"], begin=told_before)
    with pytest.raises(ConnectionResetError):
        go(shop, kinguin, ladder=LADDER, supplier=bent)
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.PLACED
    assert go(shop, kinguin, ladder=LADDER).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_a_webhook_that_came_before_the_process_died_settles_the_doubt_after_the_lease(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    def killed(begin: Callable[..., Placed], *call: Any) -> Placed:
        begin(*call)
        webhook(shop, standins)
        raise Killed

    go(shop, kinguin, ladder=LADDER, supplier=Bent(shop.suppliers["kinguin"], begin=killed))
    pass_time()
    assert go(shop, kinguin, ladder=LADDER).state is PurchaseState.WAITING


def test_what_a_webhook_names_is_found_though_the_search_lags(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_after_effect")
    fault(standins, SEARCH, "search_empty", count=None)
    go(shop, kinguin, ladder=LADDER)
    webhook(shop, standins)
    assert go(shop, kinguin, ladder=LADDER).state is PurchaseState.WAITING


def test_a_webhook_that_names_a_strangers_order_moves_nothing_and_no_rung(
    shop: Shop, kinguin: Purchase, reservation: Purchase, standins: RunningStandins
) -> None:
    """The secret is known to somebody: they name our reference with an order that is not ours, and one that is none."""
    fault(standins, POINT, "drop_before_effect")
    go(shop, kinguin, ladder=LADDER)
    stranger = shop.suppliers["kinguin"].begin("BL-stranger", _wanted(kinguin))
    ours = {"orderExternalId": kinguin.purchase_ref}
    for number, ref in enumerate((stranger.supplier_ref, "PNOTHERE000"), 1):
        webhook(shop, standins, number, orderId=ref, **ours)
        after = go(shop, kinguin, ladder=LADDER)
        assert (after.state, after.looks, after.supplier_ref) == (PurchaseState.AMBIGUOUS, 1, None)
    assert looks(kinguin) == ["looked: none, though a webhook named one"] * 2
    assert seconds_to_next_look(kinguin) > 0
    asked = len(looks(kinguin))
    go(shop, kinguin, ladder=LADDER)
    assert len(looks(kinguin)) == asked  # one look for each webhook, and no more
    assert Notice.select().count() == 2


def test_a_failed_look_does_not_use_the_webhook_up(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_after_effect")
    go(shop, kinguin, ladder=LADDER)
    webhook(shop, standins)
    fault(standins, SEARCH, "status", status=503)
    assert go(shop, kinguin, ladder=LADDER).state is PurchaseState.AMBIGUOUS
    assert go(shop, kinguin, ladder=LADDER).state is PurchaseState.WAITING


def _wanted(purchase: Purchase) -> Wanted:
    return Wanted(purchase.product_ref, 1, purchase.max_price, purchase.currency)

"""Whom a webhook wakes."""

from __future__ import annotations

import uuid

import pytest

from actors.encrypt_store import encrypt_store
from actors.finalize import finalize
from actors.hints import step_for
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState, SupplierStatus
from bitloot.suppliers.base import Hint
from db.hints import Hinted

DELIVERED, CANCELED = SupplierStatus.DELIVERED, SupplierStatus.CANCELED


@pytest.mark.parametrize(
    ("order", "purchase", "says", "step"),
    [
        ("paid", "ambiguous", DELIVERED, reserve),
        ("paid", "waiting", DELIVERED, reserve),
        ("paid", "partial", None, reserve),
        ("paid", "sending", DELIVERED, None),
        ("paid", "committing", DELIVERED, None),
        ("waiting", "waiting", DELIVERED, finalize),
        ("waiting", "waiting", CANCELED, finalize),
        ("ready", "waiting", DELIVERED, finalize),
        ("failed", "waiting", DELIVERED, encrypt_store),
        ("failed", "failed", DELIVERED, finalize),
        ("fulfilled", "stored", DELIVERED, None),
        ("fulfilled", "stored", None, None),
        ("fulfilled", "stored", CANCELED, finalize),
    ],
)
def test_a_webhook_wakes_the_step_that_asks(
    order: str, purchase: str, says: SupplierStatus | None, step: object
) -> None:
    about = Hinted(uuid.uuid4(), OrderState(order), PurchaseState(purchase))
    assert step_for(about, Hint("order.status", "P1", None, says, None, "d")) is step


def test_a_delivery_is_fetched_at_once_where_keys_tell_as_much_as_a_status(shop: Shop) -> None:
    about = Hinted(uuid.uuid4(), OrderState.WAITING, PurchaseState.WAITING)
    hints = [Hint("delivered", "P1", None, says, None, "d") for says in (DELIVERED, CANCELED, None)]
    woken = {
        name: [step_for(about, hint, supplier) for hint in hints] for name, supplier in shop.suppliers.items()
    }
    assert woken == {"kinguin": [finalize] * 3, "reservations": [encrypt_store, finalize, finalize]}

"""An answer about a purchase asks the supplier, settles it, and lets its order go on: once."""

from __future__ import annotations

import uuid

import pytest

from actors.finalize import finalize
from actors.reserve import reserve
from actors.resolve import resolve, step_after
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Case, Purchase, open_case
from db.resolutions import Refused, Resolved
from tests.actors.conftest import fault
from tests.actors.ledger import charged, go
from tests.factories import again
from web.standins.server import RunningStandins


def answer(case: Case, move: str, **basis: str) -> Resolved:
    return resolve(case.id, move, who="admin:olga", reason="asked Kinguin", basis=basis)


@pytest.fixture
def bought_unseen(shop: Shop, kinguin: Purchase, standins: RunningStandins) -> Purchase:
    """Bought, but no search ever showed it."""
    fault(standins, "kinguin.place_order", "drop_after_effect")
    fault(standins, "kinguin.search_orders", "search_empty", count=None)
    for _ in range(3):
        go(shop, kinguin)
    standins.shop.faults.clear()
    return Purchase.get_by_id(kinguin.id)


@pytest.fixture
def never_bought(shop: Shop, kinguin: Purchase, standins: RunningStandins) -> Purchase:
    fault(standins, "kinguin.place_order", "drop_before_effect")
    for _ in range(3):
        go(shop, kinguin)
    return Purchase.get_by_id(kinguin.id)


def reference_of(purchase: Purchase, shop: Shop) -> str:
    return shop.suppliers["kinguin"].find(purchase.purchase_ref)[0].supplier_ref


def test_an_adopted_purchase_is_delivered_and_charged_once(
    shop: Shop, bought_unseen: Purchase, standins: RunningStandins
) -> None:
    case = Case.get(Case.kind == "purchase_in_doubt")
    done = answer(case, "adopt", ref=reference_of(bought_unseen, shop))
    assert done.case.basis == {"ref": reference_of(bought_unseen, shop)}
    assert step_after(done, "adopt") is reserve
    reserve(str(bought_unseen.order_id))
    finalize(str(bought_unseen.order_id))
    assert again(bought_unseen.order).state is OrderState.READY
    assert charged(standins) == [1]


def test_what_was_never_bought_fails_and_may_be_bought_then(
    shop: Shop, never_bought: Purchase, standins: RunningStandins
) -> None:
    answer(Case.get(Case.kind == "purchase_in_doubt"), "not_bought")
    reserve(str(never_bought.order_id))
    assert again(never_bought.order).state is OrderState.FAILED
    done = answer(Case.get(Case.kind == "purchase_failed"), "retry")
    assert (done.dst, step_after(done, "retry")) == (OrderState.PAID, reserve)
    reserve(str(never_bought.order_id))
    assert again(never_bought.order).state in {OrderState.WAITING, OrderState.READY}
    assert charged(standins) == [1]


def test_the_suppliers_word_outweighs_the_persons(shop: Shop, bought_unseen: Purchase) -> None:
    case = Case.get(Case.kind == "purchase_in_doubt")
    with pytest.raises(Refused, match="adopt it") as refused:
        answer(case, "not_bought")
    assert refused.value.code == "bought_there"
    with pytest.raises(Refused, match="Name the supplier's order"):
        answer(case, "adopt")
    assert Case.get_by_id(case.id).state == "open"
    assert Purchase.get_by_id(bought_unseen.id).state is PurchaseState.MANUAL


def test_an_answer_that_died_half_way_is_given_again(shop: Shop, never_bought: Purchase) -> None:
    """The purchase is settled, the case is not yet answered: the same answer still counts, another does not."""
    case = Case.get(Case.kind == "purchase_in_doubt")
    Purchase.get_by_id(never_bought.id).advance(PurchaseState.FAILED, note="by the first try")
    with pytest.raises(Refused, match="failed"):
        answer(case, "adopt", ref="X")
    assert answer(case, "not_bought").case.resolution == "not_bought"


def test_a_step_is_sent_again_where_that_was_asked(shop: Shop, kinguin: Purchase) -> None:
    open_case(kinguin.order_id, kinguin.order_id, "stuck", {})
    done = answer(Case.get(), "retry")
    assert step_after(done, "retry") is reserve
    assert step_after(done, "noted") is None


def test_an_answer_to_nothing_is_refused(shop: Shop) -> None:
    with pytest.raises(Refused, match="no such case"):
        resolve(uuid.uuid4(), "accept", who="x", reason="y", basis={})

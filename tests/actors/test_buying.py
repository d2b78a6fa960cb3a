"""One purchase under every kind of doubt: asked, adopted, never bought on doubt."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest

from actors.buying import pursue
from actors.reserve import reserve
from bitloot.errors import BitLootError
from bitloot.shop import Shop
from bitloot.states import PurchaseState
from db import Case, Purchase, base, intend
from tests.actors.conftest import PaidOrder, fault
from tests.actors.test_reserve import KINGUIN, RESERVATIONS, charged
from web.standins.server import RunningStandins


def go(shop: Shop, purchase: Purchase) -> Purchase:
    """Pursues as a worker would, and returns what the database has then."""
    settings = shop.settings.model_copy(update={"search_ladder": (0.0, 0.0)})
    with contextlib.suppress(BitLootError):
        pursue(shop.suppliers[purchase.supplier], Purchase.get_by_id(purchase.id), settings)
    return Purchase.get_by_id(purchase.id)


@pytest.fixture
def kinguin(paid_order: PaidOrder) -> Purchase:
    return intend(paid_order((KINGUIN, 1)))[0]


@pytest.fixture
def reservation(paid_order: PaidOrder) -> Purchase:
    return intend(paid_order((RESERVATIONS, 1)))[0]


def test_an_accepted_order_whose_answer_was_lost_is_found_and_adopted(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, "kinguin.place_order", "drop_after_effect")
    assert go(shop, kinguin).state is PurchaseState.AMBIGUOUS
    adopted = go(shop, kinguin)
    assert adopted.state is PurchaseState.WAITING
    assert adopted.supplier_ref is not None
    assert charged(standins) == [1]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 502, "body": "<html>bad</html>", "content_type": "text/html"},
        {"status": 200, "body": "{"},
    ],
    ids=["500", "502 html", "unreadable"],
)
def test_an_unclear_answer_after_the_effect_is_doubt_not_failure(
    shop: Shop, kinguin: Purchase, standins: RunningStandins, answer: dict[str, object]
) -> None:
    fault(standins, "kinguin.place_order", "status", after=True, **answer)
    assert go(shop, kinguin).state is PurchaseState.AMBIGUOUS
    assert go(shop, kinguin).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_doubt_that_no_search_settles_goes_to_a_person_and_buys_nothing(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, "kinguin.place_order", "drop_before_effect")
    states = [go(shop, kinguin).state for _ in range(4)]
    assert states[0] is PurchaseState.AMBIGUOUS
    assert states[-1] is PurchaseState.MANUAL
    assert Case.get().kind == "purchase_in_doubt"
    assert charged(standins) == []


def test_the_ladder_waits_for_its_rungs(shop: Shop, kinguin: Purchase, standins: RunningStandins) -> None:
    fault(standins, "kinguin.place_order", "drop_before_effect")
    supplier = shop.suppliers["kinguin"]
    pursue(supplier, kinguin, shop.settings)
    for _ in range(3):
        pursue(supplier, Purchase.get_by_id(kinguin.id), shop.settings)
    assert Purchase.get_by_id(kinguin.id).looks == 1
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.AMBIGUOUS


def test_a_worker_that_died_during_the_call_leaves_doubt(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    kinguin.start_call(PurchaseState.SENDING, 60)
    assert go(shop, kinguin).state is PurchaseState.SENDING  # the lease still runs: not ours to touch
    base.rows("UPDATE purchases SET lease_until = now() - interval '1 second' RETURNING id")
    assert go(shop, kinguin).state is PurchaseState.AMBIGUOUS
    assert charged(standins) == []


def test_what_is_there_already_is_adopted_instead_of_bought(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    assert go(shop, kinguin).state is PurchaseState.WAITING
    base.rows("UPDATE purchases SET state = 'intent', supplier_ref = NULL RETURNING id")  # a restored backup
    assert go(shop, kinguin).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_too_many_requests_is_certainly_nothing_and_tried_again(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, "kinguin.place_order", "status", status=429)
    assert go(shop, kinguin).state is PurchaseState.INTENT
    assert go(shop, kinguin).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_a_reservation_whose_answer_was_lost_is_begun_again_for_free(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    fault(standins, "reservations.reserve", "drop_after_effect")
    assert go(shop, reservation).state is PurchaseState.AMBIGUOUS
    assert go(shop, reservation).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_a_lost_answer_to_give_is_settled_on_the_same_reservation(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    fault(standins, "reservations.give", "drop_after_effect")
    doubtful = go(shop, reservation)
    assert doubtful.state is PurchaseState.COMMITTING
    base.rows("UPDATE purchases SET lease_until = now() - interval '1 second' RETURNING id")
    settled = go(shop, reservation)
    assert settled.state is PurchaseState.WAITING
    assert settled.supplier_ref == doubtful.supplier_ref
    assert charged(standins) == [1]


def test_a_give_that_the_supplier_says_it_has_is_not_repeated_however_slow_it_delivers(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    standins.configure(give_idempotent=False, delivery_seconds=600)
    fault(standins, "reservations.give", "drop_after_effect")
    assert go(shop, reservation).state is PurchaseState.COMMITTING
    base.rows("UPDATE purchases SET lease_until = now() - interval '1 second' RETURNING id")
    assert go(shop, reservation).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_a_give_that_never_arrived_is_repeated_on_the_same_reservation(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    fault(standins, "reservations.give", "drop_before_effect")
    doubtful = go(shop, reservation)
    base.rows("UPDATE purchases SET lease_until = now() - interval '1 second' RETURNING id")
    settled = go(shop, reservation)
    assert settled.state is PurchaseState.WAITING
    assert settled.supplier_ref == doubtful.supplier_ref
    assert charged(standins) == [1]


def test_without_a_look_up_doubt_goes_to_a_person(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    supplier = shop.suppliers["kinguin"]
    blind = _Blind(supplier)
    fault(standins, "kinguin.place_order", "drop_after_effect")
    for _ in range(2):
        base.rows("UPDATE purchases SET look_at = now() RETURNING id")
        pursue(blind, Purchase.get_by_id(kinguin.id), shop.settings)  # type: ignore[arg-type]
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.MANUAL
    assert charged(standins) == [1]


class _Blind:
    """The same supplier, as if it could not be searched."""

    def __init__(self, supplier: object) -> None:
        self._supplier = supplier

    def __getattr__(self, name: str) -> object:
        value = getattr(self._supplier, name)
        return dataclasses.replace(value, lookup=False) if name == "capabilities" else value


def test_a_stale_answer_is_refused(shop: Shop, kinguin: Purchase, standins: RunningStandins) -> None:
    fault(standins, "kinguin.place_order", "delay", seconds=0.0)
    zombie = Purchase.get_by_id(kinguin.id)
    zombie.start_call(PurchaseState.SENDING, 60)
    base.rows("UPDATE purchases SET lease_until = now() - interval '1 second' RETURNING id")
    assert go(shop, kinguin).state is PurchaseState.AMBIGUOUS
    assert not zombie.advance(PurchaseState.PLACED, supplier_ref="LATE")
    assert Purchase.get_by_id(kinguin.id).supplier_ref is None


def test_the_step_is_what_pursues(shop: Shop, kinguin: Purchase, standins: RunningStandins) -> None:
    reserve(str(kinguin.order_id))
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.WAITING

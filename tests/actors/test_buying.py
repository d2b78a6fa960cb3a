"""One purchase under every kind of doubt: asked, adopted, never bought on doubt."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from actors.buying import pursue
from actors.reserve import reserve
from bitloot.attempt import not_after
from bitloot.errors import Ambiguous, Permanent, Retryable
from bitloot.shop import Shop
from bitloot.states import PurchaseState
from bitloot.suppliers.base import Placed, Standing
from db import Case, Purchase, base
from tests.actors.conftest import fault
from tests.actors.ledger import Bent, charged, go, pass_time, trail
from web.standins.ledger import read_ledger
from web.standins.server import RunningStandins


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


def test_an_answer_to_an_older_attempt_is_refused_and_counted(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    """The first call hangs until after its lease; meanwhile the purchase was sent again and placed."""

    def hangs(begin: Callable[..., Placed], *call: Any) -> Placed:
        base.rows("UPDATE purchases SET state = 'waiting', attempt = 7, supplier_ref = 'NEWER' RETURNING id")
        return begin(*call)

    with capture_logs() as logs:
        go(shop, kinguin, supplier=Bent(shop.suppliers["kinguin"], begin=hangs))
    now = Purchase.get_by_id(kinguin.id)
    assert (now.state, now.supplier_ref) == (PurchaseState.WAITING, "NEWER")
    [refused] = [entry for entry in logs if entry.get("action") == "stale_answer"]
    assert (refused["attempt"], refused["now"], refused["state"]) == (1, 7, "waiting")


@pytest.mark.parametrize(
    "error", [Permanent("refused", code="refused"), Ambiguous("late", code="deadline"), ValueError("a bug")]
)
def test_a_refusal_or_a_fault_of_an_older_attempt_moves_nothing(
    shop: Shop, kinguin: Purchase, error: Exception
) -> None:
    def overtaken(begin: Callable[..., Placed], *call: Any) -> Placed:
        base.rows("UPDATE purchases SET attempt = 7, state = 'sending' RETURNING id")
        raise error

    with contextlib.suppress(ValueError), capture_logs() as logs:
        go(shop, kinguin, supplier=Bent(shop.suppliers["kinguin"], begin=overtaken))
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.SENDING
    assert [entry["now"] for entry in logs if entry.get("action") == "stale_answer"] == [7]


def test_an_answer_that_comes_after_the_lease_is_taken_if_nothing_was_sent_since(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    def slow(begin: Callable[..., Placed], *call: Any) -> Placed:
        placed = begin(*call)
        pass_time()
        fault(standins, "kinguin.search_orders", "search_lag", seconds=3600, count=None)
        assert go(shop, kinguin).state is PurchaseState.AMBIGUOUS  # another worker, meanwhile
        return placed

    assert go(shop, kinguin, supplier=Bent(shop.suppliers["kinguin"], begin=slow)).state is (
        PurchaseState.WAITING
    )
    assert trail(kinguin) == ["intent", "sending", "ambiguous", "placed", "waiting"]
    assert charged(standins) == [1]


def test_a_reference_that_another_purchase_has_is_a_case(
    shop: Shop, kinguin: Purchase, reservation: Purchase, standins: RunningStandins
) -> None:
    first = go(shop, kinguin)
    base.rows("UPDATE purchases SET supplier = 'kinguin' WHERE id = %s RETURNING id", reservation.id)

    def same_again(begin: Callable[..., Placed], *call: Any) -> Placed:
        return Placed(str(first.supplier_ref), begin(*call).status)

    base.rows("UPDATE purchases SET product_ref = %s, max_price = 99 RETURNING id", first.product_ref)
    bent = Bent(shop.suppliers["kinguin"], begin=same_again)
    after = go(shop, reservation, supplier=bent)
    assert (after.state, after.supplier_ref) == (PurchaseState.MANUAL, None)
    assert Case.get().kind == "reference_taken"


def test_the_step_is_what_pursues(shop: Shop, kinguin: Purchase, standins: RunningStandins) -> None:
    reserve(str(kinguin.order_id))
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.WAITING


def sleep_past_the_lease(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """For outgoing calls it is later from now on; nobody has to wait."""
    late = SimpleNamespace(monotonic=lambda: time.monotonic() + shop.settings.purchase_lease)
    monkeypatch.setattr("bitloot.attempt.time", late)


def test_a_worker_that_stood_still_past_its_lease_buys_nothing_when_it_wakes(
    shop: Shop, kinguin: Purchase, standins: RunningStandins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen between its lease and its call, while others looked, found nothing and bought."""
    refused: list[str] = []

    def asleep(begin: Callable[..., Placed], *call: Any) -> Placed:
        pass_time()
        with not_after(math.inf):  # another worker, under a lease of its own
            go(shop, kinguin)
            base.rows("UPDATE purchases SET state = 'intent' RETURNING id")  # nothing found: bought again
            assert go(shop, kinguin).state is PurchaseState.WAITING
        sleep_past_the_lease(shop, monkeypatch)
        try:
            return begin(*call)
        except Retryable as error:
            refused.append(error.code)
            raise

    frozen: Any = Bent(shop.suppliers["kinguin"], begin=asleep)
    with pytest.raises(Retryable):
        pursue(frozen, kinguin, shop.settings)
    assert refused == ["deadline"]
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_nor_does_it_pay_for_a_reservation(
    shop: Shop, reservation: Purchase, standins: RunningStandins, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asleep(commit: Callable[..., Standing], ref: str) -> Standing:
        sleep_past_the_lease(shop, monkeypatch)
        return commit(ref)

    frozen: Any = Bent(shop.suppliers["reservations"], commit=asleep)
    with pytest.raises(Retryable, match="before it was sent"):
        pursue(frozen, reservation, shop.settings)
    assert read_ledger(standins.shop.config.ledger_dir, "reservations", "given") == []

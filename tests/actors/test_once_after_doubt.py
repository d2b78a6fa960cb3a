"""PROVIDERS §7.4, step by step and crash point by crash point: one purchase for one line, whatever dies when."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from actors import workshop
from actors.encrypt_store import encrypt_store
from actors.finalize import finalize
from actors.notify import notify
from actors.reserve import reserve
from actors.sweep import sweep_once
from bitloot.errors import BitLootError
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from bitloot.suppliers.base import Placed
from db import Case, Key, Letter, Order, Purchase, base
from tests.actors.conftest import KINGUIN, PaidOrder, Queued, fault
from tests.actors.ledger import Bent, Killed, charged, looks, pass_time, trail
from tests.factories import again
from tests.waiting import until
from web.standins.server import RunningStandins

BUY, SEARCH = "kinguin.place_order", "kinguin.search_orders"


@pytest.fixture
def order(paid_order: PaidOrder) -> Order:
    return paid_order((KINGUIN, 1))


def run(step: Any, order: Order) -> Purchase:
    with contextlib.suppress(BitLootError):
        step(str(order.id))
    return Purchase.get()


def dying(shop: Shop, order: Order, step: Any, **parts: Any) -> None:
    """Runs the step in a shop whose `parts` are replaced, and in which the process ends."""
    workshop.use(type(shop)(**{**vars(shop), **parts}))
    with pytest.raises(Killed):
        step(str(order.id))
    workshop.use(shop)


def kinguin(shop: Shop, **bends: Callable[..., Any]) -> dict[str, Any]:
    return {"suppliers": {**shop.suppliers, "kinguin": Bent(shop.suppliers["kinguin"], **bends)}}


def kill(true: Callable[..., Any], *call: Any) -> Any:
    raise Killed


def kill_after(true: Callable[..., Any], *call: Any) -> Any:
    true(*call)
    raise Killed


def complete(shop: Shop, order: Order) -> None:
    """What sweep would send, until the letter is out; then whatever happened left no trace."""
    for step in (reserve, finalize, encrypt_store, notify):
        pass_time()
        run(step, order)
    assert again(order).state is OrderState.FULFILLED
    assert Key.select().count() == 1
    assert [letter.state for letter in Letter.select()] == ["sent"]


# --- the steps


def test_step_1_intent_and_lease_are_committed_before_the_first_byte(
    shop: Shop, order: Order, standins: RunningStandins
) -> None:
    seen: list[Any] = []

    def watched(begin: Callable[..., Placed], ref: str, *call: Any) -> Placed:
        sql = "SELECT purchase_ref, state, attempt, lease_until > now() FROM purchases"
        seen.extend([*base.rows(sql), base.in_transaction(), ref])
        return begin(ref, *call)

    workshop.use(type(shop)(**{**vars(shop), **kinguin(shop, begin=watched)}))
    purchase = run(reserve, order)
    assert seen == [(purchase.purchase_ref, "sending", 1, True), False, purchase.purchase_ref]
    assert purchase.purchase_ref.isascii()
    assert len(purchase.purchase_ref) <= 40


def test_step_2_one_request_is_sent_whatever_becomes_of_it(order: Order, standins: RunningStandins) -> None:
    fault(standins, BUY, "drop_after_effect", count=None)
    run(reserve, order)
    assert [rule["bitten"] for rule in standins.shop.faults.rows()] == [1]
    assert charged(standins) == [1]


def test_step_3_an_answer_is_placed_a_refusal_is_failed_the_rest_is_doubt(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    clear = {"status": 422, "body": '{"kind":"ProductUnavailable"}', "content_type": "application/json"}
    answers: list[tuple[dict[str, Any], PurchaseState]] = [
        (clear, PurchaseState.FAILED),
        ({"status": 418}, PurchaseState.AMBIGUOUS),
        ({"status": 500}, PurchaseState.AMBIGUOUS),
    ]
    for answer, state in answers:
        order = paid_order((KINGUIN, 1))
        fault(standins, BUY, "status", **answer)
        run(reserve, order)
        assert Purchase.get(Purchase.order == order.id).state is state
    assert charged(standins) == []


def test_step_4_one_match_is_adopted_whatever_its_status(order: Order, standins: RunningStandins) -> None:
    standins.configure(delivery_seconds=600)
    fault(standins, BUY, "drop_after_effect")
    run(reserve, order)
    [sold] = standins.shop.kinguin.newest_first()
    standins.shop.kinguin.move(sold, "canceled")
    pass_time()
    purchase = run(reserve, order)
    assert (purchase.state, purchase.supplier_ref) == (PurchaseState.WAITING, sold.id)
    run(finalize, order)
    assert (again(order).state, Case.get().kind) == (OrderState.FAILED, "purchase_ended")


def test_step_4_several_matches_are_frozen_with_the_oldest(order: Order, standins: RunningStandins) -> None:
    fault(standins, BUY, "drop_after_effect")
    run(reserve, order)
    fault(standins, SEARCH, "search_twice")
    pass_time()
    purchase = run(reserve, order)
    assert purchase.supplier_ref == standins.shop.kinguin.newest_first()[0].id
    for step in (reserve, finalize, encrypt_store):
        assert run(step, order).state is PurchaseState.MANUAL
    assert (Key.select().count(), charged(standins)) == (0, [1])
    assert Case.get().kind == "bought_twice"


def test_step_4_none_and_failed_reads_keep_waiting(order: Order, standins: RunningStandins) -> None:
    fault(standins, BUY, "drop_after_effect")
    run(reserve, order)
    fault(standins, SEARCH, "search_empty", count=2)
    fault(standins, SEARCH, "status", status=503)
    for _ in range(3):
        pass_time()
        assert run(reserve, order).state is PurchaseState.AMBIGUOUS
    assert [note.split(" (")[0] for note in looks(Purchase.get())] == [
        "look failed: http_503",
        "looked: none",
        "looked: none",
    ]
    pass_time()
    assert run(reserve, order).state is PurchaseState.WAITING


def test_step_5_nothing_is_repeated_unless_it_is_set_so(order: Order, standins: RunningStandins) -> None:
    fault(standins, BUY, "drop_before_effect", count=None)
    for _ in range(8):
        run(reserve, order)
        pass_time()
    purchase = Purchase.get()
    assert (purchase.state, purchase.attempt) == (PurchaseState.MANUAL, 1)
    assert (Case.get().kind, charged(standins)) == ("purchase_in_doubt", [])


def test_step_5_a_repeat_comes_after_the_whole_ladder_under_the_same_reference(
    shop: Shop, order: Order, standins: RunningStandins
) -> None:
    settings = shop.settings.model_copy(update={"repeat_after_ambiguous": True, "search_ladder": (5.0, 20.0)})
    workshop.use(type(shop)(**{**vars(shop), "settings": settings}))
    fault(standins, BUY, "drop_before_effect")
    for _ in range(3):
        purchase = run(reserve, order)
        pass_time()
    assert (purchase.state, purchase.attempt, purchase.generation) == (PurchaseState.WAITING, 2, 1)
    assert looks(purchase) == ["looked: none (1/2)", "looked: none (2/2)"]
    [sold] = standins.shop.kinguin.newest_first()
    assert sold.external_id == purchase.purchase_ref


def test_step_6_a_new_reference_needs_a_definite_end_and_a_person(
    order: Order, standins: RunningStandins
) -> None:
    standins.configure(delivery_seconds=600)
    first = run(reserve, order)
    standins.shop.kinguin.move(standins.shop.kinguin.newest_first()[0], "canceled")
    run(finalize, order)
    for step in (reserve, finalize, reserve):
        run(step, order)
    assert Purchase.select().count() == 1
    again(order).advance(OrderState.PAID, actor="olga", reason="retry")
    run(reserve, order)
    [old, new] = Purchase.select().order_by(Purchase.generation)
    assert (old.state, old.purchase_ref) == (PurchaseState.FAILED, first.purchase_ref)
    assert (new.state, new.purchase_ref) == (PurchaseState.WAITING, f"{first.purchase_ref}-2")
    assert charged(standins) == [1, 1]


def test_step_7_without_any_webhook_polling_finds_it(
    order: Order, standins: RunningStandins, queued: Queued
) -> None:
    fault(standins, BUY, "drop_after_effect")
    run(reserve, order)
    pass_time()
    base.rows("UPDATE orders SET due_at = now() RETURNING id")
    queued(reserve)
    sweep_once()
    assert queued(reserve) == [str(order.id)]
    run(reserve, order)
    base.rows("UPDATE orders SET due_at = now() RETURNING id")
    sweep_once()
    assert str(order.id) in queued(finalize)


# --- the crash points


def test_crash_before_intent_the_paid_order_is_found_by_sweep(order: Order, queued: Queued) -> None:
    assert Purchase.select().count() == 0
    base.rows("UPDATE orders SET due_at = now() RETURNING id")
    sweep_once()
    assert queued(reserve) == [str(order.id)]


def test_crash_after_intent_sends(shop: Shop, order: Order, standins: RunningStandins) -> None:
    dying(shop, order, reserve, **kinguin(shop, find=kill))
    assert Purchase.get().state is PurchaseState.INTENT
    complete(shop, order)
    assert charged(standins) == [1]


@pytest.mark.parametrize("bend", [kill, kill_after], ids=["before the send", "after 201"])
def test_crash_during_send_is_doubt_and_the_search_decides(
    shop: Shop, order: Order, standins: RunningStandins, bend: Callable[..., Any]
) -> None:
    dying(shop, order, reserve, **kinguin(shop, begin=bend))
    assert Purchase.get().state is PurchaseState.SENDING
    assert run(reserve, order).state is PurchaseState.SENDING
    pass_time()
    assert run(reserve, order).state is PurchaseState.AMBIGUOUS
    if bend is kill:  # nothing was bought, and nothing is: a person is asked in the end
        for _ in range(6):
            pass_time()
            run(reserve, order)
        assert (Purchase.get().state, charged(standins)) == (PurchaseState.MANUAL, [])
        return
    complete(shop, order)
    assert charged(standins) == [1]
    assert trail(Purchase.get())[:4] == ["intent", "sending", "ambiguous", "placed"]


def test_crash_after_keys_were_read_reads_them_again(
    shop: Shop, order: Order, standins: RunningStandins
) -> None:
    run(reserve, order)
    run(finalize, order)

    dying(shop, order, encrypt_store, **kinguin(shop, fetch_keys=kill_after))
    assert (Purchase.get().state, Key.select().count()) == (PurchaseState.WAITING, 0)
    complete(shop, order)


def test_crash_after_the_object_was_put_finds_it_there(
    shop: Shop, order: Order, standins: RunningStandins
) -> None:
    run(reserve, order)
    until(lambda: run(finalize, order).supplier_status == "delivered", what="the keys at the supplier")
    dying(shop, order, encrypt_store, store=Bent(shop.store, put_once=kill_after))
    assert Key.select().count() == 0
    complete(shop, order)


def test_crash_after_the_letter_went_sends_the_same_again_under_the_same_key(
    shop: Shop, order: Order, standins: RunningStandins
) -> None:
    for step in (reserve, finalize, encrypt_store):
        run(step, order)
    sent: list[tuple[str, str]] = []

    def noted(send: Callable[..., str], message: Any, key: str) -> str:
        sent.append((key, repr(message)))
        return send(message, key)

    def noted_and_killed(send: Callable[..., str], message: Any, key: str) -> str:
        noted(send, message, key)
        raise Killed

    dying(shop, order, notify, mailer=Bent(shop.mailer, send=noted_and_killed))
    assert Letter.get().state == "sending"
    base.rows("UPDATE letters SET sending_at = now() - interval '10 minutes' RETURNING id")
    workshop.use(type(shop)(**{**vars(shop), "mailer": Bent(shop.mailer, send=noted)}))
    run(notify, order)
    assert Letter.get().state == "sent"
    assert len(sent) == 2
    assert sent[0] == sent[1]

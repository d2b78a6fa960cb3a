"""Handing on: by message outside a worker, by the same thread inside one, and never lost in between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from actors.chain import go_on_in_threads, hand_on, handed, run_chain
from actors.encrypt_store import encrypt_store
from actors.finalize import finalize
from actors.notify import notify
from actors.reserve import reserve
from bitloot.errors import Retryable
from bitloot.shop import Shop
from bitloot.states import OrderState
from tests.actors.conftest import KINGUIN, PaidOrder, Queued, fault, valkey
from tests.factories import again
from tests.waiting import until
from web.standins.server import RunningStandins


@pytest.fixture
def chaining() -> Iterator[None]:
    go_on_in_threads()
    yield
    go_on_in_threads(False)


def test_outside_a_worker_a_message_is_sent(shop: Shop, queued: Queued) -> None:
    run_chain(lambda: hand_on(finalize, "1"), lambda actor, subject: None)
    hand_on(finalize, "2")
    assert queued(finalize) == ["1", "2"]


@pytest.mark.usefixtures("chaining")
def test_in_a_worker_the_thread_goes_on(shop: Shop, queued: Queued) -> None:
    done: list[str] = []

    def go_on(actor: object, subject: str) -> None:
        done.append(subject)
        if subject == "1":
            hand_on(notify, "2")

    run_chain(lambda: hand_on(finalize, "1"), go_on)
    assert done == ["1", "2"]
    assert queued(finalize) + queued(notify) == []


@pytest.mark.usefixtures("chaining")
def test_what_a_step_read_for_the_next_is_for_that_one_alone(shop: Shop, queued: Queued) -> None:
    given: list[object] = []

    def first() -> None:
        given.append(handed(str))
        hand_on(finalize, "1", "rows")
        hand_on(finalize, "2", "rows that it does not take")
        hand_on(notify, "3")

    def go_on(actor: object, subject: str) -> None:
        given.extend(() if subject == "2" else (handed(str), handed(str)))

    run_chain(first, go_on)
    assert given == [None, "rows", None, None, None]
    assert handed(str) is None


@pytest.mark.usefixtures("chaining")
def test_what_is_left_when_something_breaks_is_sent(shop: Shop, queued: Queued) -> None:
    def go_on(actor: object, subject: str) -> None:
        raise KeyboardInterrupt

    def first() -> None:
        hand_on(finalize, "1")
        hand_on(notify, "2")

    with pytest.raises(KeyboardInterrupt):
        run_chain(first, go_on)
    assert queued(notify) == ["2"]  # "1" was begun; sweep knows its row


@pytest.mark.usefixtures("chaining")
def test_one_message_carries_an_order_to_its_letter(
    paid_order: PaidOrder, standins: RunningStandins, queued: Queued
) -> None:
    order = paid_order((KINGUIN, 1))

    def moved() -> bool:
        (reserve if again(order).state is OrderState.PAID else finalize)(str(order.id))
        return again(order).state is OrderState.FULFILLED

    until(moved, what="fulfilled")
    assert again(order).due_at is None  # the letter went
    assert queued(encrypt_store) + queued(notify) == []


@pytest.mark.usefixtures("chaining")
def test_a_step_that_fails_after_another_is_sent_with_its_own_policy(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins, queued: Queued
) -> None:
    order = paid_order((KINGUIN, 1))
    reserve(str(order.id))
    fault(standins, "kinguin.read_keys", "status", status=503, count=None)

    def ready() -> bool:
        finalize(str(order.id))
        return again(order).state is OrderState.READY

    until(ready, what="ready")
    delayed = valkey().hlen(f"{shop.settings.queue_namespace}:encrypt_store.DQ.msgs")
    assert delayed >= 1
    with pytest.raises(Retryable):
        encrypt_store(str(order.id))


def test_a_webhook_that_meets_the_last_line_being_written_down_is_not_lost(
    paid_order: PaidOrder, queued: Queued
) -> None:
    """It wakes reserve for an order that it saw paid, and that waits for its keys by the time the step runs."""
    order = paid_order((KINGUIN, 1))
    reserve(str(order.id))
    assert again(order).state is OrderState.WAITING
    before = queued(finalize)
    reserve(str(order.id))
    assert queued(finalize) == [*before, str(order.id)]

"""Long waits lie in the order's row, not in a message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from actors import workshop
from actors.finalize import finalize
from actors.policy import POLICIES, Policy
from actors.rest import rests
from bitloot.errors import Ambiguous, BitLootError, Blocked, Closed, Permanent, Retryable
from bitloot.settings import Settings
from bitloot.shop import Shop, open_shop
from bitloot.states import OrderState
from db import Order, base
from tests.actors.conftest import Queued
from tests.bitloot.rude_server import answering, serving
from tests.factories import a_paid_order, a_product, a_waiting_order, again

RESERVE = POLICIES["reserve"]


def due_in(order: Order) -> float:
    found = base.rows("SELECT extract(epoch FROM due_at - now()) FROM orders WHERE id = %s", order.id)
    return float(found[0][0])


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Closed("shut", after=7), 7),
        (Retryable("slow down", after=600), 600),
        (Blocked("no balance", code="insufficient_balance"), 60),
        (Blocked("quota", code="daily_quota_exceeded", after=900), 900),
    ],
)
def test_the_order_waits_as_long_as_it_is_told(shop: Shop, error: BitLootError, seconds: float) -> None:
    order = a_paid_order()
    assert rests(RESERVE, str(order.id), error)
    assert seconds - 2 < due_in(order) <= seconds
    assert again(order).hold == (error.code if isinstance(error, Blocked) else None)


@pytest.mark.parametrize(
    "error", [Retryable("away"), Retryable("busy", after=30), Permanent("no"), Ambiguous("maybe")]
)
def test_what_a_message_can_wait_for_or_nobody_should_is_left_to_the_middleware(
    shop: Shop, error: BitLootError
) -> None:
    order = a_paid_order()
    before = again(order).due_at
    assert not rests(RESERVE, str(order.id), error)
    assert again(order).due_at == before


def test_an_order_that_went_on_meanwhile_is_not_touched(shop: Shop) -> None:
    order, _ = a_waiting_order()
    before = again(order).due_at
    assert rests(RESERVE, str(order.id), Closed("shut", after=500))
    assert again(order).due_at == before


def test_a_payment_is_asked_about_again_by_sweep_and_a_replay_by_nobody(shop: Shop) -> None:
    assert rests(POLICIES["check_payment"], "a payment", Closed("shut", after=5))
    assert not rests(POLICIES["replay"], "a notice", Closed("shut", after=5))
    assert not rests(Policy(swept=False), "a notice", Blocked("no"))


@pytest.mark.parametrize("header", ["120", "date"])
def test_retry_after_goes_from_the_answer_into_the_row(
    standin_settings: Settings, shop: Shop, queued: Queued, header: str
) -> None:
    """Two minutes are longer than any message waits."""
    order, _ = a_waiting_order((a_product("kinguin"), 1))
    told = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    wait = told if header == "date" else header
    with serving(answering("429 Too Many Requests", b"", Retry_After=wait, Connection="close")) as server:
        workshop.use(open_shop(standin_settings.model_copy(update={"kinguin_base_url": server.url})))
        finalize(str(order.id))
        assert len(server.requests) == 1
    assert 115 < due_in(order) <= 121
    assert again(order).state is OrderState.WAITING
    assert queued(finalize) == []


def test_a_provider_that_is_left_alone_costs_no_attempt_and_no_message(
    standin_settings: Settings, shop: Shop
) -> None:
    order, _ = a_waiting_order((a_product("kinguin"), 1))
    ill = {"kinguin_base_url": "http://127.0.0.1:9", "breaker_threshold": 1, "breaker_pause": 90.0}
    workshop.use(open_shop(standin_settings.model_copy(update=ill)))
    with pytest.raises(Retryable):
        finalize(str(order.id))  # refused at the door: this one was an attempt
    finalize(str(order.id))
    assert 85 < due_in(order) <= 90

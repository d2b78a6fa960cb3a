"""Replays of many: counted first, capped; whatever runs again buys, mails and reveals nothing twice."""

from __future__ import annotations

import uuid

import dramatiq
import pytest

from actors.encrypt_store import encrypt_store
from actors.finalize import finalize
from actors.notify import notify
from actors.replay import replay
from actors.replaying import ReplayRefused, plan_replays, replay_many, replay_one
from actors.reserve import reserve
from actors.sweep import sweep_once
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Key, Letter, Order, Product, Purchase, Replay, base
from tests.actors.conftest import KINGUIN, Queued, open_at_gateway, pay
from tests.actors.test_replay import an_ipn, kept
from tests.factories import a_payment, again, an_order
from tests.waiting import until
from web.standins.server import RunningStandins

STEPS = (replay, reserve, finalize, encrypt_store, notify)


def work_off(queued: Queued) -> None:
    """Runs every step until nothing waits."""
    while waiting := [(actor, ids) for actor in STEPS for ids in queued(actor)]:
        for actor, ids in waiting:
            actor(ids)


def delivered(order: Order, queued: Queued) -> bool:
    """Works on the order, asking its supplier once more; whether it is done."""
    work_off(queued)
    if again(order).state is OrderState.WAITING:
        finalize(str(order.id))
        work_off(queued)
    return again(order).state is OrderState.FULFILLED


def test_what_was_counted_runs_and_nothing_else(shop: Shop) -> None:
    kept(shop, "nowpayments", *an_ipn(shop, a_payment(an_order())))
    filters = {"source": "nowpayments"}
    assert plan_replays(shop, filters).count == 1
    for expected in (None, 0, 2):
        with pytest.raises(ReplayRefused) as refusal:
            replay_many(filters, expected=expected, by="olga", reason="why", rate=1)
        assert refusal.value.code == "count_changed"
    assert Replay.select().count() == 0
    assert len(replay_many(filters, expected=1, by="olga", reason="why", rate=1)) == 1
    assert replay_many({"source": "kinguin"}, expected=0, by="olga", reason="why", rate=1) == []


def test_sweep_sends_what_is_due(shop: Shop, queued: Queued) -> None:
    kept(shop, "nowpayments", *an_ipn(shop, a_payment(an_order())))
    replay_many({}, expected=1, by="olga", reason="why", rate=1000)
    base.rows("UPDATE replays SET due_at = now() RETURNING id")
    assert sweep_once()["replay"] == 1
    assert queued(replay) == [str(Replay.get().id)]


def test_one_is_written_down_before_it_is_sent(shop: Shop) -> None:
    notice = kept(shop, "nowpayments", *an_ipn(shop, a_payment(an_order())))

    def send(actor: dramatiq.Actor[..., None], subject: str) -> None:
        assert actor is replay
        assert Replay.get().id == uuid.UUID(subject)

    assert replay_one(notice, by="olga", reason="why", send=send) == Replay.get().id
    with pytest.raises(ReplayRefused, match="no notice"):
        replay_one(uuid.uuid4(), by="olga", reason="why", send=send)


def test_replayed_over_and_over_nothing_is_bought_or_mailed_twice(
    shop: Shop, queued: Queued, standins: RunningStandins, catalog: dict[str, Product]
) -> None:
    order = an_order((catalog[KINGUIN], 1))
    payment = open_at_gateway(shop, order)
    pay(standins, payment)
    kept(shop, "nowpayments", *an_ipn(shop, payment))
    for _ in range(3):
        replay_many({}, expected=1, by="olga", reason="why", rate=1000)
        for run in Replay.select().where(Replay.done_at.is_null()):
            replay(str(run.id))
        until(lambda: delivered(order, queued), what="the key")
    assert [run.outcome for run in Replay.select().order_by(Replay.asked_at)] == ["moved", "noted", "noted"]
    assert again(order).state is OrderState.FULFILLED
    assert (Purchase.select().count(), Key.select().count(), Letter.select().count()) == (1, 1, 1)
    assert base.rows("SELECT count(*) FROM moves WHERE dst = 'paid'") == [(1,)]

"""replay: a logged notice runs again through the same doors."""

from __future__ import annotations

import hmac
import json
import uuid

import db
from actors.finalize import finalize
from actors.replay import replay
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Notice, Payment, Replay, base
from db.expunge import expunge
from db.replays import ask_replays
from tests.actors.conftest import Queued
from tests.factories import a_paid_order, a_payment, a_waiting_order, again, an_order, intend


def kept(
    shop: Shop, source: str, headers: dict[str, str], body: bytes, *, proof: str = "unknown"
) -> uuid.UUID:
    notice = db.seal_notice(
        shop.vault,
        source=source,
        event="e",
        external_id="x",
        digest="d",
        proof=proof,
        headers=headers,
        body=body,
        address="127.0.0.1",
    )
    db.keep_notice(notice, None, "unknown")
    return notice.id


def asked(notice_id: uuid.UUID) -> Replay:
    [due] = ask_replays([notice_id], actor="admin:olga", reason="lost news", rate=1)
    return Replay.get_by_id(due.replay_id)


def run_again(notice_id: uuid.UUID) -> Replay:
    run = asked(notice_id)
    replay(str(run.id))
    return Replay.get_by_id(run.id)


def an_ipn(shop: Shop, payment: Payment, secret: str | None = None) -> tuple[dict[str, str], bytes]:
    amount = format(payment.pay_amount.normalize(), "f")
    body = (
        f'{{"actually_paid":{amount},"order_id":"{payment.order_id}","pay_amount":{amount},"pay_currency":"btc",'
        f'"payment_id":{payment.gateway_payment_id},"payment_status":"finished","price_amount":{payment.price},'
        f'"price_currency":"eur"}}'
    ).encode()
    key = (secret or shop.settings.nowpayments_ipn_secret.get_secret_value()).encode()
    signature = hmac.digest(key, body, "sha512").hex()
    return {"x-nowpayments-sig": signature}, body


def test_a_notice_that_came_before_its_time_pays_the_order_when_it_runs_again(
    shop: Shop, queued: Queued
) -> None:
    payment = a_payment(an_order())
    notice = kept(shop, "nowpayments", *an_ipn(shop, payment))
    run = run_again(notice)
    assert again(payment.order).state is OrderState.PAID
    assert queued(reserve) == [str(payment.order_id)]
    assert (Notice.get().replays, Notice.get().outcome) == (1, "moved")
    assert (run.outcome, run.note, run.actor, run.reason) == (
        "moved",
        "created → paid",
        "admin:olga",
        "lost news",
    )


def test_replayed_five_times_it_moves_once(shop: Shop, queued: Queued) -> None:
    payment = a_payment(an_order())
    notice = kept(shop, "nowpayments", *an_ipn(shop, payment))
    outcomes = [run_again(notice).outcome for _ in range(5)]
    assert outcomes == ["moved", *["noted"] * 4]
    assert Notice.get().outcome == "moved"  # what it did once is not forgotten
    assert queued(reserve) == [str(payment.order_id)]
    assert again(payment.order).seq == 2
    assert Notice.get().replays == 5


def test_a_notice_of_which_no_proof_is_known_is_judged_again(shop: Shop) -> None:
    payment = a_payment(an_order())
    notice = kept(shop, "nowpayments", *an_ipn(shop, payment, secret="somebody else's secret"))
    run = run_again(notice)
    assert (run.outcome, str(run.note)[:13]) == ("refused", "bad_signature")
    assert again(payment.order).state is OrderState.CREATED


def test_a_suppliers_webhook_wakes_its_order(shop: Shop, queued: Queued) -> None:
    order, (purchase,) = a_waiting_order()
    body = {
        "orderId": purchase.supplier_ref,
        "status": "completed",
        "updatedAt": "2026-01-02T03:04:05.678+00:00",
    }
    secret = shop.settings.kinguin_webhook_secret.get_secret_value()
    headers = {"x-event-name": "order.status", "x-event-secret": secret}
    run = run_again(kept(shop, "kinguin", headers, json.dumps(body).encode()))
    assert run.note == "wakes finalize"
    assert queued(finalize) == [str(order.id)]
    assert Notice.get().outcome == "matched"
    assert base.rows("SELECT count(*) FROM moves WHERE order_id = %s", order.id) == [(3,)]


def test_a_webhook_about_a_purchase_in_doubt_wakes_the_step_that_looks(shop: Shop, queued: Queued) -> None:
    order = a_paid_order()
    purchase = intend(order)[0]
    purchase.start_call(PurchaseState.SENDING, 60)
    purchase.doubt((900.0,), note="timeout")
    body = {"orderId": "P1234567890", "orderExternalId": purchase.purchase_ref, "status": "processing"}
    secret = shop.settings.kinguin_webhook_secret.get_secret_value()
    headers = {"x-event-name": "order.status", "x-event-secret": secret}
    run_again(kept(shop, "kinguin", headers, json.dumps(body).encode()))
    assert queued(reserve) == [str(order.id)]


def test_a_replay_that_is_done_is_not_done_again(shop: Shop, queued: Queued) -> None:
    payment = a_payment(an_order())
    run = run_again(kept(shop, "nowpayments", *an_ipn(shop, payment)))
    queued(reserve)
    replay(str(run.id))
    assert queued(reserve) == []
    assert (Notice.get().replays, Replay.get().done_at) == (1, run.done_at)


def test_a_notice_without_a_body_says_so_and_changes_nothing(shop: Shop) -> None:
    payment = a_payment(an_order())
    notice = kept(shop, "nowpayments", *an_ipn(shop, payment))
    expunge(notice)
    run = run_again(notice)
    assert run.outcome == "expunged"
    assert "body was deleted" in str(run.note)
    assert again(payment.order).state is OrderState.CREATED


def test_a_supplier_that_is_switched_off_is_named(shop: Shop) -> None:
    run = run_again(kept(shop, "a supplier of old", {}, b"{}"))
    assert (run.outcome, str(run.note).partition(":")[0]) == ("refused", "supplier_off")


def test_a_replay_that_is_not_there_is_nothing(shop: Shop) -> None:
    replay("00000000-0000-0000-0000-000000000000")

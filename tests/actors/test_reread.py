"""A notice that proved itself is read again whatever became of the secrets; one that never did is not."""

from __future__ import annotations

import json

import pytest
from peewee import IntegrityError

from actors.finalize import finalize
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Notice, Refused, base
from db.refused import keep_refused
from db.replays import ask_replays
from tests.actors.conftest import Queued
from tests.actors.test_replay import an_ipn, kept, run_again
from tests.factories import a_payment, a_waiting_order, again, an_order

OLD = "a secret that was changed since"


@pytest.mark.parametrize("proof", ["sorted", "raw-previous"])
def test_an_ipn_that_was_proved_by_an_older_secret_runs_again(shop: Shop, queued: Queued, proof: str) -> None:
    payment = a_payment(an_order())
    notice = kept(shop, "nowpayments", *an_ipn(shop, payment, secret=OLD), proof=proof)
    run = run_again(notice)
    assert (run.outcome, run.note) == ("moved", "created → paid")
    assert again(payment.order).state is OrderState.PAID


@pytest.mark.parametrize(
    ("source", "headers"),
    [
        ("kinguin", {"x-event-name": "order.status", "x-event-secret": OLD}),
        ("reservations", {"x-kinguin-signature": "0" * 128}),
    ],
)
def test_a_webhook_that_was_proved_by_an_older_secret_runs_again(
    shop: Shop, queued: Queued, source: str, headers: dict[str, str]
) -> None:
    order, [purchase] = a_waiting_order()
    base.rows("UPDATE purchases SET supplier = %s RETURNING id", source)
    reference = {"orderId": purchase.supplier_ref, "reservationId": purchase.supplier_ref}
    body = json.dumps(reference | {"status": "completed"}).encode()
    run = run_again(kept(shop, source, headers, body, proof="secret"))
    assert (run.outcome, run.note) == ("matched", "wakes finalize")
    assert queued(finalize) == [str(order.id)]


def test_what_can_no_longer_be_understood_is_refused_though_it_was_proved(shop: Shop) -> None:
    run = run_again(kept(shop, "nowpayments", {}, b'{"payment_id":7', proof="sorted"))
    assert (run.outcome, run.note) == ("refused", "json_syntax: by today's rules")


def test_a_refused_delivery_cannot_run_again_even_as_a_row_among_the_notices(shop: Shop) -> None:
    payment = a_payment(an_order())
    headers, body = an_ipn(shop, payment)
    keep_refused(
        shop.vault,
        source="nowpayments",
        verdict="bad_signature",
        headers=headers,  # of today's secret: by its body and headers it would be believed
        body=body,
        size=len(body),
        address="203.0.113.9",
    )
    refused = Refused.get()
    with pytest.raises(IntegrityError):
        ask_replays([refused.id], actor="admin:olga", reason="lost news", rate=1)
    notice = kept(shop, "nowpayments", headers, body, proof="sorted")
    base.rows(
        "UPDATE notices SET data_key = %s, body = %s RETURNING id",
        *(bytes(refused.data_key), bytes(refused.body)),
    )
    run = run_again(notice)
    assert (run.outcome, str(run.note).partition(":")[0]) == ("refused", "tampered")
    assert (again(payment.order).state, Notice.get().replays) == (OrderState.CREATED, 1)

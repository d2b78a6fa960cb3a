"""What is written down about one order."""

from __future__ import annotations

import uuid

from bitloot.settings import Settings
from bitloot.states import SupplierStatus
from db import base, bury, open_case
from db.proof import MOST, order_proof
from tests.factories import a_product, an_order
from tests.timeline import a_webhook, finished


def test_each_kind_of_row_is_there(database: Settings) -> None:
    order, [purchase, _] = finished((a_product("kinguin"), 2), (a_product("reservations"), 1))
    a_webhook(purchase, SupplierStatus.DELIVERED)
    open_case(order.id, purchase.id, "surplus_keys", {"surplus": "1"})
    bury(
        actor="finalize",
        subject_id=str(order.id),
        message_id="m",
        attempts=3,
        error_class="Retryable",
        error="no answer",
        traceback="",
    )
    proof = order_proof(order.id)
    assert proof is not None
    first = proof.purchases[0]
    assert first.purchase_ref == purchase.purchase_ref
    assert [step.dst for step in proof.steps_of(first)] == [
        "intent",
        "sending",
        "placed",
        "waiting",
        "stored",
    ]
    assert [len(proof.keys_of(item)) for item in proof.purchases] == [2, 1]
    assert [(item.says, item.outcome) for item in proof.notices] == [("delivered", "matched")]
    assert [item.state for item in proof.letters] == ["sent"]
    assert [(item.action, item.outcome) for item in proof.accesses] == [("reveal", "granted")]
    assert [(item.kind, item.figures) for item in proof.cases] == [("surplus_keys", {"surplus": "1"})]
    assert [(item.actor, item.error_class) for item in proof.jobs] == [("finalize", "Retryable")]
    assert proof.times is not None
    assert proof.cut == []


def test_ids_are_ids_and_nothing_sealed_is_read(database: Settings) -> None:
    order, _ = finished()
    proof = order_proof(order.id)
    assert proof is not None
    assert isinstance(proof.keys[0].purchase_id, uuid.UUID)
    told = str([proof.notices, proof.letters, proof.keys, proof.purchases])
    assert order.email not in told
    assert "memoryview" not in told


def test_strangers_rows_are_not_among_them(database: Settings) -> None:
    order, other = an_order(), finished()[0]
    proof = order_proof(order.id)
    assert proof is not None
    assert (proof.purchases, proof.steps, proof.keys, proof.letters, proof.times) == ([], [], [], [], None)
    assert order_proof(other.id) is not None


def test_an_order_that_is_not_there_has_no_proof(database: Settings) -> None:
    assert order_proof(uuid.uuid4()) is None


def test_a_list_that_was_cut_says_so(database: Settings) -> None:
    order = an_order()
    base.rows(
        "INSERT INTO access_records (order_id, action, actor, outcome, address, user_agent, details, at)"
        " SELECT %s, 'reveal', 'buyer', 'refused', '', '', '{}', now() FROM generate_series(1, %s) RETURNING 1",
        *(order.id, MOST + 1),
    )
    proof = order_proof(order.id)
    assert proof is not None
    assert proof.cut == ["accesses"]
    assert len(proof.accesses) == MOST


def test_a_dead_job_about_a_purchase_is_the_orders_too(database: Settings) -> None:
    order, [purchase] = finished()
    for subject in (str(purchase.id), str(uuid.uuid4())):
        bury(
            actor="check_purchase",
            subject_id=subject,
            message_id=subject,
            attempts=1,
            error_class="Retryable",
            error="",
            traceback="",
        )
    proof = order_proof(order.id)
    assert proof is not None
    assert [job.actor for job in proof.jobs] == ["check_purchase"]

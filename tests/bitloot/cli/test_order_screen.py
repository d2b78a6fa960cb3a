"""The text of an order's proof."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bitloot.cli.order_screen import MEANING, OrderScreen
from bitloot.cli.order_verdict import Verdict, judge_order
from bitloot.states import PurchaseState, SupplierStatus
from db import Order, base, bury, open_case
from db.proof import OrderProof, order_proof
from tests.factories import an_order
from tests.timeline import a_webhook, finished

pytestmark = pytest.mark.usefixtures("database")


def proof_of(order: Order) -> OrderProof:
    found = order_proof(order.id)
    assert found is not None
    return found


def printed(proof: OrderProof, verdict: Verdict | None = None, width: int = 120) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False)
    OrderScreen(console, proof).show(verdict or judge_order(proof))
    return out.getvalue()


def test_a_webhook_stands_with_its_word_proof_and_outcome() -> None:
    order, [purchase] = finished()
    a_webhook(purchase, SupplierStatus.DELIVERED)
    assert "delivered    kinguin notice, proved by the shared secret, outcome: matched" in printed(
        proof_of(order)
    )


def test_searches_stand_among_the_steps() -> None:
    order, [purchase] = finished()
    base.rows(
        "INSERT INTO purchase_moves (purchase_id, src, dst, attempt, note, at)"
        " VALUES (%s, 'stored', 'stored', 1, 'looked: none', now()) RETURNING 1",
        purchase.id,
    )
    assert "asked        looked: none" in printed(proof_of(order))


def test_cases_and_dead_jobs_have_a_part_of_their_own() -> None:
    order, [purchase] = finished()
    assert "Cases and dead jobs" not in printed(proof_of(order))
    open_case(order.id, purchase.id, "surplus_keys", {"surplus": "2"})
    bury(
        actor="finalize",
        subject_id=str(order.id),
        message_id="m",
        attempts=3,
        error_class="Retryable",
        error="",
        traceback="",
    )
    text = printed(proof_of(order))
    assert "surplus_keys  case, open: keys too many 2" in text
    assert "job, dead after 3 attempts: Retryable" in text


def test_a_buyer_is_recognised_and_not_told() -> None:
    text = printed(proof_of(an_order(email="olga@shop.example")))
    assert "for o…@s….example" in text
    assert "olga" not in text


def test_an_order_that_nobody_paid_has_no_times() -> None:
    text = printed(proof_of(an_order()))
    assert "Time to key" not in text
    assert "no purchase yet" in text


def test_the_verdict_comes_last_with_every_reason() -> None:
    order, _ = finished()
    text = printed(proof_of(order), Verdict(["One is [wrong].", "Two."], ["Three."], "sums"))
    assert text.rstrip().splitlines()[-4:-1] == ["✗ One is [wrong].", "  • Two.", "  • Three."]


def test_texts_of_others_are_no_markup() -> None:
    order, _ = finished()
    proof = proof_of(order)
    odd = [replace(item, supplier_ref="[red]x[/]", supplier_status="[odd]") for item in proof.purchases]
    text = printed(replace(proof, purchases=odd))
    assert "theirs [red]x[/]" in text
    assert "the supplier says [odd]" in text


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    order, _ = finished()
    assert max(map(len, printed(proof_of(order), width=width).splitlines())) <= width


def test_every_state_of_a_purchase_has_a_meaning() -> None:
    assert set(MEANING) == set(PurchaseState)

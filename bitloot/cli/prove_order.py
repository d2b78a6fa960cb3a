"""`bitloot prove order ID`: the whole chain of one order, and whether it is whole."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, NoReturn
from uuid import UUID

import click

from bitloot.cli.ids import SHORT, Given, IdType, known_id
from bitloot.cli.last_word import last_word
from bitloot.cli.opening import open_database
from bitloot.cli.order_screen import OrderScreen
from bitloot.cli.order_verdict import Verdict, judge_order
from bitloot.cli.screen import as_json_option, print_json, screen
from bitloot.errors import Permanent
from db import Line
from db.cases import case_facts
from db.notice_list import notice_facts
from db.proof import OrderProof, PurchaseSeen, order_proof
from db.short_ids import ids_between

__all__ = ["document", "prove_order"]

#: Columns of a payment and of an order that a proof tells.
PAYMENT = ("id", "gateway", "gateway_payment_id", "state", "price", "currency", "pay_amount", "pay_currency")
PAYMENT_LATER = ("actually_paid", "confirmed_at", "created_at", "updated_at")

#: For who holds something else of an order.
ELSEWHERE = "The console (/console) finds an order by its payment, its mail and its supplier's id."


@click.command("order", short_help="Show how one order came about, step by step.")
@click.argument("given", metavar="ID", type=IdType(ELSEWHERE))
@as_json_option
def prove_order(given: Given, as_json: bool) -> int:
    """Print intent, calls, answers, searches, keys by fingerprint, letter and timings of the order ID.

    Exit code 0: the chain is whole and consistent, also that of an order which failed; 1: it is not, and the verdict
    says why, or there is no such order. The last line says where the order stands and why (`stands` in the document).
    """
    with open_database():
        proof = order_proof(_order(given))
    assert proof is not None  # noqa: S101  # it has just been found, and none is ever deleted
    verdict = judge_order(proof)
    if as_json:
        print_json(document(proof, verdict))
    else:
        OrderScreen(screen(), proof).show(verdict)
    return 0 if verdict.whole else 1


def _order(given: Given) -> UUID:
    """The order's id. Raises Permanent, which says whose the id is where it is one of a case or a notice."""
    try:
        return known_id("orders", given)
    except Permanent as no:
        if no.code != "not_found":
            raise
    for case_id in ids_between("cases", given.first, given.last):
        case = case_facts(case_id)
        _say_whose("case", None if case is None else case.order_id)
    for notice_id in ids_between("notices", given.first, given.last):
        notice = notice_facts(notice_id)
        _say_whose("notice", None if notice is None else notice.order_id)
    raise Permanent(f"There is no such order. {ELSEWHERE}", code="not_found")


def _say_whose(what: str, order_id: UUID | None) -> NoReturn:
    whose = "no order" if order_id is None else f"an order: bitloot prove order {str(order_id)[:SHORT]}"
    raise Permanent(f"This is a {what} of {whose}", code="not_found")


def document(proof: OrderProof, verdict: Verdict) -> dict[str, Any]:
    """The same for machines. Nobody's address and no key is in it."""
    facts = proof.facts
    order, names = facts.order, (*PAYMENT, *PAYMENT_LATER)
    return {
        "order": {
            "id": order.id,
            "state": str(order.state),
            "price": order.price,
            "currency": order.currency,
            "hold": order.hold,
            "created_at": order.created_at,
        },
        "whole": verdict.whole,
        "reason": verdict.reason,
        "stands": last_word(proof).text,
        "problems": verdict.problems,
        "open_ends": verdict.open_ends,
        "moves": [
            {name: getattr(move, name) for name in ("seq", "src", "dst", "actor", "reason", "at")}
            for move in facts.moves
        ],
        "payments": [
            {name: getattr(payment, name) for name in names} for payment in reversed(facts.payments)
        ],
        "notices": [asdict(notice) for notice in proof.notices],
        "lines": [_line(proof, line) for line in facts.lines],
        "letters": [asdict(letter) for letter in proof.letters],
        "accesses": [asdict(access) for access in proof.accesses],
        "cases": [asdict(case) for case in proof.cases],
        "jobs": [asdict(job) for job in proof.jobs],
        "timings": _timings(proof),
    }


def _line(proof: OrderProof, line: Line) -> dict[str, Any]:
    purchases = [purchase for purchase in proof.purchases if purchase.line_id == line.id]
    names = (
        "position",
        "name",
        "quantity",
        "unit_price",
        "supplier",
        "supplier_ref",
        "max_cost",
        "cost_currency",
    )
    told = {name: getattr(line, name) for name in names}
    return told | {"purchases": [_purchase(proof, purchase) for purchase in purchases]}


def _purchase(proof: OrderProof, purchase: PurchaseSeen) -> dict[str, Any]:
    steps = [asdict(step) for step in proof.steps_of(purchase)]
    return asdict(purchase) | {"steps": steps, "keys": [asdict(key) for key in proof.keys_of(purchase)]}


def _timings(proof: OrderProof) -> dict[str, Any] | None:
    if proof.times is None:
        return None
    summed = {
        "total_seconds": proof.times.total_seconds,
        "our_seconds": proof.times.our_seconds,
    }
    return asdict(proof.times) | summed

"""A person's answer to a case takes effect: once, recorded, and only where the order still allows it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bitloot.case_moves import HOLDING, CaseMove, basis_of, moves_of, verdict_of
from bitloot.errors import Permanent
from bitloot.states import OrderState, standing
from db.base import rows, transaction
from db.cases import CaseFacts, case_facts, open_case
from db.orders import Order

__all__ = ["Accepted", "Refused", "Resolved", "accepted_money", "paid_for", "permitted_move", "resolve_case"]


class Refused(Permanent):
    """The answer has no effect; `code` and text say why. `facts` are for whoever asked."""

    default_code = "not_now"

    def __init__(self, message: str, *, code: str, **facts: Any) -> None:
        super().__init__(message, code=code)
        self.facts = facts


@dataclass(frozen=True)
class Resolved:
    """What an answer did. `waits_for`: kinds of open cases that still hold the order."""

    case: CaseFacts
    src: OrderState
    dst: OrderState
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accepted:
    """Money that a person accepted: the gateway must say that at least this came."""

    payment_id: str  # the gateway's
    amount: str
    coin: str | None


def permitted_move(case: CaseFacts, name: str) -> CaseMove:
    """The move of that name, if it is permitted now. Raises Refused."""
    if case.state != "open":
        raise _answered(case)
    permitted = moves_of(case.kind, case.order_state)
    for move in permitted:
        if move.name == name:
            return move
    names = [move.name for move in permitted]
    raise Refused(
        f"{name} is no answer to {case.kind} while the order is {standing(case.order_state)};"
        f" possible: {', '.join(names)}.",
        code="not_now",
        orderStatus=str(case.order_state),
        moves=names,
    )


def resolve_case(
    case_id: uuid.UUID, name: str, *, who: str, reason: str, basis: Mapping[str, str]
) -> Resolved:
    """One commit: the answer, what it means for the order, and the case of a refund. Raises Refused."""
    with transaction():
        order, case = _lock(case_id)
        move = permitted_move(case, name)
        _refuse_unknown_money(order, case, move)
        full = _ask_for_refund(order, case, move, basis) if move.refund else dict(basis)
        answered = _answer(case, move, who, reason, full)
        waits_for = _holding(order) if order.state is OrderState.REVIEW else ()
        src = order.state
        if not waits_for:
            _go(order, case, move, answered, who)
        settled = case_facts(case_id)
        assert settled is not None  # noqa: S101  # locked above
        return Resolved(settled, src, order.state, waits_for)


def accepted_money(order_id: uuid.UUID) -> list[Accepted]:
    """What the last answer accepted, if the order is paid by a person's word; empty if by the gateway's alone."""
    found = rows(
        "SELECT m.data->'accepted' FROM moves m WHERE m.order_id = %s AND m.dst = 'paid' AND m.data ? 'accepted'"
        " AND m.seq > (SELECT coalesce(max(r.seq), 0) FROM moves r WHERE r.order_id = m.order_id AND r.dst = 'review')"
        " ORDER BY m.seq DESC LIMIT 1",
        order_id,
    )
    return [Accepted(**item) for item in found[0][0]] if found else []


def _lock(case_id: uuid.UUID) -> tuple[Order, CaseFacts]:
    """The case's order and the case, as they are once nobody else can change them: cases first, as news does."""
    rows(
        "SELECT id FROM cases WHERE order_id = (SELECT order_id FROM cases WHERE id = %s)"
        " AND (state = 'open' OR id = %s) ORDER BY id FOR UPDATE",
        *(case_id, case_id),
    )
    order = Order.load("WHERE t.id = (SELECT order_id FROM cases WHERE id = %s) FOR UPDATE", case_id)
    case = case_facts(case_id)
    if case is None:
        raise Refused("There is no such case.", code="not_found")
    return order[0], case


def _answered(case: CaseFacts) -> Refused:
    when = case.resolved_at.isoformat(timespec="seconds") if case.resolved_at else "?"
    return Refused(
        f"{case.resolved_by} answered this with {case.resolution} at {when}.",
        code="already_resolved",
        resolvedBy=case.resolved_by,
        resolution=case.resolution,
        resolvedAt=when,
    )


def _answer(case: CaseFacts, move: CaseMove, who: str, reason: str, basis: Mapping[str, str]) -> list[str]:
    """Closes the case, and with a holding one every other about the same payment; their ids."""
    kinds = sorted(HOLDING) if case.kind in HOLDING else []
    done = rows(
        "UPDATE cases SET state = 'resolved', resolution = %s, resolved_by = %s, resolved_at = clock_timestamp(),"
        " basis = %s, reason = CASE WHEN id = %s THEN %s ELSE %s END"
        " WHERE state = 'open' AND (id = %s OR (order_id = %s AND subject = %s AND kind = ANY(%s))) RETURNING id",
        *(move.name, who, json.dumps(dict(basis)) if basis else None),
        *(case.id, reason, f"with case {case.id}: {reason}"[:600]),
        *(case.id, case.order_id, case.subject, kinds),
    )
    return [str(case_id) for (case_id,) in done]


def _holding(order: Order) -> tuple[str, ...]:
    found = rows(
        "SELECT kind FROM cases WHERE order_id = %s AND state = 'open' AND kind = ANY(%s) ORDER BY opened_at",
        *(order.id, sorted(HOLDING)),
    )
    return tuple(kind for (kind,) in found)


def _go(order: Order, case: CaseFacts, move: CaseMove, answered: list[str], who: str) -> None:
    """Takes the order where the answers lead."""
    data: dict[str, Any] = {"cases": answered}
    reason = f"{case.kind}: {move.name}"
    if order.state is OrderState.REVIEW and case.kind in HOLDING:
        answers, accepted = _spell(order)
        dst = verdict_of(answers | {move.name})
        data |= {"accepted": accepted} if dst is OrderState.PAID and accepted else {}
        order.advance(dst, actor=who, reason=reason, data=data)
        if move.name != "refunded" or dst is not OrderState.REFUND_DUE:
            return
    onward = (move.order or {}).get(order.state)
    if onward is not None and not (order.state is OrderState.REFUND_DUE and _owed(order)):
        order.advance(onward, actor=who, reason=reason, data=data)
    elif order.state is OrderState.PAID:
        order.look_again(0)


def _spell(order: Order) -> tuple[frozenset[str], list[dict[str, str | None]]]:
    """The answers to all holding cases since the order came into review, and the money that they accepted."""
    found = rows(
        "SELECT resolution, figures->>'payment_id', figures->>'received_amount', figures->>'received_coin' FROM cases"
        " WHERE order_id = %s AND state = 'resolved' AND kind = ANY(%s) AND resolved_at >= %s ORDER BY opened_at",
        *(order.id, sorted(HOLDING), order.moved_at),
    )
    accepted = {
        ref: {"payment_id": ref, "amount": amount, "coin": coin}
        for resolution, ref, amount, coin in found
        if resolution == "accept" and ref and amount
    }
    return frozenset(row[0] for row in found), list(accepted.values())


def _owed(order: Order) -> bool:
    """Whether a refund of this order is still open."""
    sql = "SELECT 1 FROM cases WHERE order_id = %s AND kind = 'refund' AND state = 'open' LIMIT 1"
    return bool(rows(sql, order.id))


def _refuse_unknown_money(order: Order, case: CaseFacts, move: CaseMove) -> None:
    """What is accepted is held against the gateway's word later: it needs a figure."""
    unknown = not case.figures.get("payment_id") or not case.figures.get("received_amount")
    if move.name == "accept" and order.state is OrderState.REVIEW and unknown:
        raise Refused("The gateway never said what came, so it cannot be accepted.", code="no_basis")


def _ask_for_refund(
    order: Order, case: CaseFacts, move: CaseMove, given: Mapping[str, str]
) -> dict[str, str]:
    """Opens the case that stands until the money is back; its basis. Raises Refused where that is not known."""
    _refuse_while_buying(order)
    basis = {**(paid_for(order) if move.order else {}), **basis_of(case.kind, case.figures), **given}
    if not basis.get("amount", "").strip("0.") or not basis.get("coin"):
        raise Refused(
            "What came is not known, so say what goes back: amount (above zero) and coin.", code="no_basis"
        )
    figures = {
        "received_amount": basis["amount"],
        "received_coin": basis["coin"],
        "address": basis.get("address"),
        "of": case.kind,
        "payment_id": case.figures.get("payment_id"),
        "transaction": case.figures.get("transaction"),
    }
    open_case(order.id, case.subject, "refund", {name: value for name, value in figures.items() if value})
    return basis


def _refuse_while_buying(order: Order) -> None:
    """A call that may be spending this very money is not overtaken; its lease ends soon."""
    sql = "SELECT 1 FROM purchases WHERE order_id = %s AND state IN ('sending', 'committing') LIMIT 1"
    if order.state is OrderState.PAID and rows(sql, order.id):
        raise Refused("A purchase of this order is under way; ask again in a minute.", code="buying_now")


def paid_for(order: Order) -> dict[str, str]:
    """All that came for the order, if it came in one coin by one payment."""
    found = rows(
        "SELECT trim_scale(actually_paid)::text, pay_currency FROM payments WHERE order_id = %s AND actually_paid > 0",
        order.id,
    )
    return {"amount": found[0][0], "coin": found[0][1]} if len(found) == 1 else {}

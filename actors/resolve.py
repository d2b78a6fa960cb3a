"""A person's answer to a case: what it says of a purchase first, then the answer itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import dramatiq

from actors import bell
from actors.settle import settle_purchase
from actors.sweep import STEP
from bitloot.case_moves import CaseMove
from bitloot.errors import Permanent
from bitloot.states import PurchaseState
from db import Purchase
from db.cases import CaseFacts, case_facts
from db.resolutions import Refused, Resolved, permitted_move, resolve_case

__all__ = ["resolve", "step_after"]


def resolve(case_id: uuid.UUID, name: str, *, who: str, reason: str, basis: Mapping[str, str]) -> Resolved:
    """Lets the answer take effect, once. Raises Refused. Send `step_after` then, or leave it to sweep."""
    case = case_facts(case_id)
    if case is None:
        raise Refused("There is no such case.", code="not_found")
    move = permitted_move(case, name)
    if move.settle is not None:
        _settle(case, move, who, reason, basis)
    done = resolve_case(case_id, name, who=who, reason=reason, basis=basis)
    bell.ring()
    return done


def step_after(done: Resolved, name: str) -> dramatiq.Actor[..., None] | None:
    """The step that the order goes on with, if the answer moved it or asked for it."""
    moved = done.src is not done.dst or name in {"adopt", "not_bought", "retry"}
    return STEP.get(done.dst) if moved else None


def _settle(case: CaseFacts, move: CaseMove, who: str, reason: str, basis: Mapping[str, str]) -> None:
    """What became of a purchase in doubt. Said again it changes nothing: somebody may have died half-way."""
    purchase_id = uuid.UUID(case.subject)
    try:
        settle_purchase(purchase_id, str(move.settle), basis.get("ref"), who, reason)
    except Permanent as error:
        if error.code != "not_manual" or not _is_settled(purchase_id, move):
            raise Refused(str(error), code=error.code) from None


def _is_settled(purchase_id: uuid.UUID, move: CaseMove) -> bool:
    """Whether the purchase is by now what the move says."""
    state = Purchase.get_by_id(purchase_id).state
    return (state is PurchaseState.FAILED) == (move.settle == "not_bought")

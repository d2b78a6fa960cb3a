"""The model's operator: answers cases, and looks into the supplier's own book before saying what was bought."""

from __future__ import annotations

import uuid

from actors.resolve import resolve, step_after
from bitloot.case_moves import CaseMove, moves_of
from bitloot.errors import BitLootError
from db import base
from db.cases import CaseFacts, case_facts
from db.resolutions import Refused
from tests.faults.model.doubles import Killed
from tests.faults.model.supplier import Sale
from tests.faults.model.world import World

__all__ = ["Operator"]

#: After these the order goes on by itself; after any other answer nothing more is due to it.
GOES_ON = frozenset({"accept", "retry", "adopt", "not_bought"})


class Operator:
    """Careful, but slow and sometimes wrong about what may be done now."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, which: int, answer: int) -> None:
        """The `which`-th open case, oldest first, by the `answer`-th move that it permits; nothing without a case."""
        found = base.rows("SELECT id::text FROM cases WHERE state = 'open' ORDER BY opened_at, kind, subject")
        if not found:
            return
        case = case_facts(uuid.UUID(found[which % len(found)][0]))
        assert case is not None
        moves = [move for move in moves_of(case.kind, case.order_state) if self._is_true(case, move)]
        if moves:
            self._say(case, moves[answer % len(moves)])

    def _say(self, case: CaseFacts, move: CaseMove) -> None:
        basis = {"amount": "0.0001", "coin": "btc"} if move.refund else {}
        if sale := self._sale(case):
            basis |= {"ref": sale.supplier_ref}
        try:
            done = resolve(case.id, move.name, who="olga", reason="the model", basis=basis)
        except (BitLootError, Killed, OSError):  # refused; or supplier or operator is away
            return
        self._world.seen.answers[move.name] += 1
        self._world.seen.cases[case.kind] += 1
        order = str(case.order_id)
        if move.name == "accept":
            self._world.witness.accepted.add(order)
        if move.name not in GOES_ON:
            self._world.witness.settled.add(order)
        if step := step_after(done, move.name):
            self._world.enqueue(step.actor_name, (order,))
        self._refused_again(case, move)

    def _refused_again(self, case: CaseFacts, move: CaseMove) -> None:
        try:
            resolve(case.id, move.name, who="olga", reason="a double click", basis={})
        except Refused:
            return
        self._world.witness.violations.append(f"case {case.kind} was answered twice")

    def _is_true(self, case: CaseFacts, move: CaseMove) -> bool:
        """What is said of a purchase is what the supplier's book says."""
        if move.settle is None:
            return True
        return (move.settle == "adopt") == (self._sale(case) is not None)

    def _sale(self, case: CaseFacts) -> Sale | None:
        """The oldest sale of the purchase that the case is about, paid for or not."""
        found = base.rows("SELECT purchase_ref FROM purchases WHERE id::text = %s", case.subject)
        for supplier in self._world.suppliers.values():
            for sale in supplier.sales:
                if found and sale.purchase_ref == found[0][0] and sale.owed:
                    return sale
        return None

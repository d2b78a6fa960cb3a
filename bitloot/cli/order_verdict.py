"""Whether the chain of an order is whole: every rule is a sentence when it is broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bitloot.cli.spans import counted
from bitloot.states import MOVES, PURCHASE_MOVES, OrderState, PurchaseState
from db import Line
from db.proof import OrderProof, PurchaseSeen

__all__ = ["Verdict", "judge_order"]

#: Orders that a person decides about; a case says why.
WITH_A_PERSON = frozenset({OrderState.REVIEW, OrderState.FAILED, OrderState.REFUND_DUE})

#: Orders for which every line must have been bought.
BOUGHT = frozenset({OrderState.WAITING, OrderState.READY, OrderState.FULFILLED})

#: What is still to happen to a purchase.
UNDER_WAY = {
    PurchaseState.SENDING: "is being ordered",
    PurchaseState.AMBIGUOUS: "is in doubt; the supplier is being asked",
    PurchaseState.PLACED: "is reserved there, not paid yet",
    PurchaseState.COMMITTING: "is being paid there",
    PurchaseState.BLOCKED: "waits for our account there",
    PurchaseState.WAITING: "is bought; {keys}",
    PurchaseState.PARTIAL: "is bought; {keys}",
}

LETTER = "keys_ready"


@dataclass(frozen=True)
class Verdict:
    """`problems` contradict a promise; `open_ends` are what a later look will find done, or a problem."""

    problems: Sequence[str]
    open_ends: Sequence[str]
    sums: str

    @property
    def whole(self) -> bool:
        return not self.problems and not self.open_ends

    @property
    def reason(self) -> str:
        """One line."""
        return next(iter((*self.problems, *self.open_ends)), self.sums)


def judge_order(proof: OrderProof) -> Verdict:
    problems = [
        *_cut(proof),
        *_moves(proof),
        *_money(proof),
        *(text for line in proof.facts.lines for text in _line(proof, line)),
        *(text for purchase in proof.purchases for text in _purchase(proof, purchase)),
        *_codes(proof),
        *_people(proof),
        *_letters(proof),
        *_reveals(proof),
    ]
    return Verdict(problems, list(_open_ends(proof)), _sums(proof))


def _cut(proof: OrderProof) -> Iterator[str]:
    for kind in proof.cut:
        yield f"There are more {kind} than one proof reads."


def _moves(proof: OrderProof) -> Iterator[str]:
    """The journal: without gaps, each move legal, the last one where the order stands."""
    before: str | None = None
    for number, move in enumerate(proof.facts.moves, 1):
        if move.seq != number:
            yield f"Move {number} of the order is missing."
            return
        if move.src != before:
            yield f"Move {number} begins at {move.src}, though the order stood at {before}."
        elif before is not None and move.dst not in MOVES[OrderState(before)]:
            yield f"Move {number} goes from {before} to {move.dst}, which no order may."
        before = move.dst
    if before != proof.facts.order.state:
        yield f"The order is {proof.facts.order.state}, but its last move led to {before}."


def _money(proof: OrderProof) -> Iterator[str]:
    """Nothing is bought before the gateway itself confirmed the payment, or a person accepted it."""
    called = [step for step in proof.steps if step.dst in {PurchaseState.SENDING, PurchaseState.COMMITTING}]
    if not called:
        return
    if proof.times is None:
        yield "Something was bought, though the order was never paid."
        return
    confirmed = [payment.confirmed_at for payment in proof.facts.payments if payment.confirmed_at]
    accepted = any(case.state == "resolved" for case in proof.cases)
    if not accepted and (not confirmed or min(confirmed) > min(step.at for step in called)):
        yield "Something was bought before the gateway confirmed the payment."


def _line(proof: OrderProof, line: Line) -> Iterator[str]:
    purchases = [purchase for purchase in proof.purchases if purchase.line_id == line.id]
    live = [purchase for purchase in purchases if purchase.state != PurchaseState.FAILED]
    if len(live) > 1:
        yield f"Line {line.position} has {len(live)} live purchases."
    if [purchase.generation for purchase in purchases] != list(range(1, len(purchases) + 1)):
        yield f"Line {line.position} lacks a generation of its purchases."
    if not live and proof.facts.order.state in BOUGHT:
        yield f"Line {line.position} has no purchase, though the order is {proof.facts.order.state}."


def _purchase(proof: OrderProof, purchase: PurchaseSeen) -> Iterator[str]:
    name, count = purchase.purchase_ref, len(proof.keys_of(purchase))
    yield from _history(proof, purchase)
    if count > purchase.keys_expected:
        yield f"{name} has {counted(count, 'key')}, {purchase.keys_expected} were bought."
    if purchase.state == PurchaseState.STORED and count < purchase.keys_expected:
        yield f"{name} is stored, but {purchase.keys_expected - count} of its keys are missing."
    if purchase.keys_stored != count:
        yield f"{name} counts {counted(purchase.keys_stored, 'key')}, {count} are there."
    if purchase.state == PurchaseState.MANUAL and not _has_case(proof, purchase):
        yield f"{name} waits for a person, but no case says so."
    if purchase.state == PurchaseState.FAILED and not _has_case(proof, purchase):
        yield f"{name} failed, but no case says so."


def _history(proof: OrderProof, purchase: PurchaseSeen) -> Iterator[str]:
    """From the intent on, each step begins where the one before ended, and each money call raised the attempt."""
    before: str | None = None
    calls = 0
    for step in proof.steps_of(purchase):
        if step.src != before:
            yield f"{purchase.purchase_ref} was {before}, but its next step begins at {step.src}."
            return
        if (
            before is not None
            and step.dst != before
            and step.dst not in PURCHASE_MOVES[PurchaseState(before)]
        ):
            yield f"{purchase.purchase_ref} went from {before} to {step.dst}, which no purchase may."
        if before is None and step.dst != PurchaseState.INTENT:
            yield f"{purchase.purchase_ref} begins with {step.dst} instead of an intent."
        calls += step.dst != before and step.dst in {PurchaseState.SENDING, PurchaseState.COMMITTING}
        before = step.dst
    if before != purchase.state:
        yield f"{purchase.purchase_ref} is {purchase.state}, but its history ends at {before}."
    elif calls != purchase.attempt:
        yield f"{purchase.purchase_ref} counts {purchase.attempt} money calls, its history shows {calls}."


def _codes(proof: OrderProof) -> Iterator[str]:
    """The same code twice in one order is the supplier's error, and a case."""
    twice = [name for name, count in Counter(key.fingerprint for key in proof.keys).items() if count > 1]
    if twice and not any(case.kind == "duplicate_key" for case in proof.cases):
        yield f"{len(twice)} codes are in the order more than once, but no case says so."


def _people(proof: OrderProof) -> Iterator[str]:
    state = proof.facts.order.state
    if state in WITH_A_PERSON and not proof.cases:
        yield f"The order is {state}, but no case says why."


def _letters(proof: OrderProof) -> Iterator[str]:
    fulfilled = any(move.dst == OrderState.FULFILLED for move in proof.facts.moves)
    letters = [letter for letter in proof.letters if letter.kind == LETTER]
    if letters and not fulfilled:
        yield "A letter says that the keys are ready, though the order was never fulfilled."
    for (kind, generation), count in Counter((item.kind, item.generation) for item in proof.letters).items():
        if count > 1:
            yield f"Letter {kind}/{generation} is there {count} times."
    for letter in letters:
        told = any(case.subject == str(letter.id) for case in proof.cases)
        if letter.state == "failed" and not told:
            yield f"Letter {letter.kind}/{letter.generation} failed, but no case says so."


def _reveals(proof: OrderProof) -> Iterator[str]:
    reveals = [
        access.at for access in proof.accesses if (access.action, access.outcome) == ("reveal", "granted")
    ]
    if reveals and (not proof.keys or min(reveals) < min(key.stored_at for key in proof.keys)):
        yield "Keys were revealed before any was stored."


def _open_ends(proof: OrderProof) -> Iterator[str]:
    """What is neither done nor with a person."""
    order = proof.facts.order
    named = False
    for purchase in proof.purchases:
        if purchase.state in UNDER_WAY and not _has_case(proof, purchase):
            named = True
            missing = purchase.keys_expected - len(proof.keys_of(purchase))
            of_keys = f"{missing} of {purchase.keys_expected} keys are still to come"
            yield f"{purchase.purchase_ref} {UNDER_WAY[PurchaseState(purchase.state)].format(keys=of_keys)}."
    open_case = any(case.state == "open" for case in proof.cases)
    if order.state in {OrderState.PAID, OrderState.READY} and not named and not open_case:
        stands = "paid, not bought yet" if order.state is OrderState.PAID else "ready, not sealed yet"
        yield f"The order is {stands}{f': {order.hold}' if order.hold else ''}."
    letters = [letter for letter in proof.letters if letter.kind == LETTER]
    if order.state is OrderState.FULFILLED and not any(item.state in {"sent", "failed"} for item in letters):
        yield "The letter has not gone out yet."


def _has_case(proof: OrderProof, purchase: PurchaseSeen) -> bool:
    return any(case.subject == str(purchase.id) for case in proof.cases)


def _sums(proof: OrderProof) -> str:
    cases = sum(case.state == "open" for case in proof.cases)
    asked = f"; {counted(cases, 'open case')} for a person" if cases else ""
    bought = sum(item.state not in {PurchaseState.FAILED, PurchaseState.MANUAL} for item in proof.purchases)
    if not bought and all(item.state == PurchaseState.FAILED for item in proof.purchases):
        return f"Nothing was bought{asked}."
    sent = sum(letter.state == "sent" for letter in proof.letters)
    return (
        f"{counted(bought, 'line')} bought, each by one purchase; {counted(len(proof.keys), 'key')} sealed;"
        f" {counted(sent, 'letter')} sent{asked}."
    )

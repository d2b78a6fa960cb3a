"""What must hold whatever happens (RELIABILITY §4): outside ledgers joined with our tables. Each returns violations.

I5 is in canaries.py, I10 is `Load.settle`, I11 in baseline.py, I12 in ear.py.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from bitloot.errors import BitLootError
from bitloot.shop import Shop
from bitloot.states import MOVES, PURCHASE_MOVES, OrderState, PurchaseState
from db.keys import key_label, order_context
from tests.faults.inside import Inside, KeyRow
from tests.faults.outside import Outside

__all__ = ["CHECKS", "Evidence", "lost_orders", "violations"]

Legal = Mapping[OrderState, frozenset[OrderState]] | Mapping[PurchaseState, frozenset[PurchaseState]]

#: Money that came is dealt with: keys, or money on its way back, or a person is asked.
SETTLED = frozenset({"fulfilled", "refund_due", "refunded"})

#: States that an order may come to more than once, by a person's decision only.
REPEATABLE = frozenset({OrderState.PAID, OrderState.WAITING, OrderState.READY, OrderState.FAILED})


@dataclass(frozen=True)
class Evidence:
    """Both sides. `objects`: the store's own listing; `revealed`: order -> keys as its buyer read them."""

    outside: Outside
    inside: Inside
    shop: Shop
    objects: frozenset[str]
    revealed: Mapping[str, list[str]]
    anchor_flaw: str = ""  # where the audit chain no longer passes through an anchor in the store


def violations(evidence: Evidence, only: frozenset[str] | None = None) -> list[str]:
    """Every check's findings, each with its number in front."""
    wanted = {name: check for name, check in CHECKS.items() if only is None or name in only}
    return [f"{name} {found}" for name, check in wanted.items() for found in check(evidence)]


def lost_orders(evidence: Evidence) -> list[str]:
    """Orders whose money the gateway has, that are neither settled nor before a person."""
    inside = evidence.inside
    return sorted(
        order
        for order in evidence.outside.paid_orders
        if inside.states.get(order) not in SETTLED and not inside.cases.get(order)
    )


def i1_no_notice_is_lost(evidence: Evidence) -> Iterator[str]:
    """Every `finished` that we answered with 2xx ends with keys, a refund, or an open case."""
    inside = evidence.inside
    for told in evidence.outside.told:
        if told.source != "nowpayments" or told.status != "finished":
            continue
        order = inside.payments.get(told.about, (told.order_id or "", ""))[0]
        state = inside.states.get(order)
        if state not in SETTLED and not inside.cases.get(order):
            yield f"order {order}: payment {told.about} was answered 2xx, and the order is {state}"


def i2_one_purchase_per_line(evidence: Evidence) -> Iterator[str]:
    """The suppliers charged each line at most once, and nothing that we do not know of."""
    outside, inside = evidence.outside, evidence.inside
    for line in outside.charged_more_than_once(inside.refs_by_line):
        yield f"line {line} was charged more than once"
    known = {ref for refs in inside.refs_by_line.values() for ref in refs}
    for ref in outside.charged.keys() - known:
        yield f"{ref} was charged, and no purchase has this reference"


def i3_one_letter(evidence: Evidence) -> Iterator[str]:
    """At most one letter per order and kind, to its buyer; a fulfilled order at rest without a case has one."""
    outside, inside = evidence.outside, evidence.inside
    counted = Counter("/".join(key.split("/")[:2]) for key in outside.letters.elements())
    yield from (f"{times} letters {name}" for name, times in counted.items() if times > 1)
    for key, address in outside.recipients.items():
        order = key.split("/")[1] if "/" in key else ""
        if order in inside.emails and inside.emails[order] != address:
            yield f"order {order}: its letter went to somebody else"


def i4_each_key_in_its_object(evidence: Evidence) -> Iterator[str]:
    """Each key that was sold lies in exactly one sealed object, of the right line; a fulfilled line has all its own."""
    inside, sold = evidence.inside, evidence.outside.sold
    refs = {purchase.id: purchase for purchase in inside.purchases}
    found: dict[str, list[str]] = {}
    for key in inside.keys:
        content = _opened(evidence, key)
        if isinstance(content, str):
            yield content
            continue
        digest, purchase = hashlib.sha256(content).hexdigest(), refs[key.purchase_id]
        found.setdefault(digest, []).append(key.object_name)
        if digest not in sold.get(purchase.ref, []):
            yield f"key {key.id} of order {key.order_id} is none that {purchase.supplier} sold for its line"
    sold_times = Counter(fingerprint for fingerprints in sold.values() for fingerprint in fingerprints)
    for digest, names in found.items():
        if len(names) > sold_times[digest]:
            yield f"one key lies in {len(names)} objects: {', '.join(names)}"
    yield from _short_lines(evidence)
    yield from (f"object {name} belongs to no key" for name in _strays(evidence))


def _opened(evidence: Evidence, key: KeyRow) -> bytes | str:
    """The key in plain, or what is wrong with it."""
    try:
        sealed = evidence.shop.store.get(key.object_name)
        if hashlib.sha256(sealed).hexdigest() != key.object_digest:
            return f"object {key.object_name} is not the one that was stored"
        return evidence.shop.vault.open(
            bytes(key.data_key or b""),
            order_context(UUID(key.order_id)),
            key_label(UUID(key.line_id), UUID(key.id)),
            sealed,
        )
    except BitLootError as error:
        return f"object {key.object_name} of order {key.order_id} cannot be opened: {error.code}"


def _short_lines(evidence: Evidence) -> Iterator[str]:
    inside = evidence.inside
    have = Counter(key.purchase_id for key in inside.keys)
    for purchase in inside.purchases:
        if purchase.state == PurchaseState.STORED and have[purchase.id] != purchase.expected:
            yield f"purchase {purchase.ref} is stored with {have[purchase.id]} of {purchase.expected} keys"
    whole = {purchase.line_id for purchase in inside.purchases if purchase.state == PurchaseState.STORED}
    for purchase in inside.purchases:
        if inside.states[purchase.order_id] == "fulfilled" and purchase.line_id not in whole:
            yield f"order {purchase.order_id} is fulfilled without the keys of line {purchase.line_id}"


def _strays(evidence: Evidence) -> list[str]:
    """Objects without a row. An order that is still open may have one on its way."""
    known = {key.object_name for key in evidence.inside.keys}
    done = {order for order, state in evidence.inside.states.items() if state == "fulfilled"}
    return sorted(
        name for name in evidence.objects - known if name.startswith("orders/") and name.split("/")[1] in done
    )


def i6_legal_paths(evidence: Evidence) -> Iterator[str]:
    """Moves follow each other without a gap, by legal steps; nothing is done twice but what a person repeats."""
    inside = evidence.inside
    for order, moves in inside.moves.items():
        numbers = [seq for seq, _, _ in moves]
        if numbers != list(range(1, len(moves) + 1)):
            yield f"order {order}: moves are numbered {numbers}"
        chain = [dst for _, _, dst in moves]
        sources = [src for _, src, _ in moves]
        if sources != [None, *chain[:-1]]:
            yield f"order {order}: moves do not follow each other: {chain}"
        yield from (f"order {order}: {src} → {dst} is no legal move" for src, dst in _illegal(chain, MOVES))
        twice = [state for state, times in Counter(chain).items() if times > 1 and state not in REPEATABLE]
        if twice or (len(set(chain)) < len(chain) and "failed" not in chain and "review" not in chain):
            yield f"order {order}: a step was done twice: {chain}"
        if chain[-1] != inside.states[order]:
            yield f"order {order} is {inside.states[order]}, its journal ends with {chain[-1]}"
    for purchase, steps in inside.purchase_moves.items():
        # a look at the supplier that changes nothing is written beside the moves
        chain = [dst for src, dst in steps if src != dst]
        bad = _illegal(chain, PURCHASE_MOVES)
        yield from (f"purchase {purchase}: {src} → {dst} is no legal move" for src, dst in bad)


def _illegal(chain: list[str], legal: Legal) -> list[tuple[str, str]]:
    allowed = {(str(src), str(dst)) for src, onward in legal.items() for dst in onward}
    return [step for step in itertools.pairwise(chain) if step not in allowed]


def i7_answered_means_stored(evidence: Evidence) -> Iterator[str]:
    """Every notice that got 2xx is in the log."""
    notices = evidence.inside.notices
    about = {(source, external_id) for source, external_id, _ in notices}
    for told in evidence.outside.told:
        kept = (
            (told.source, told.about, told.status) in notices
            if told.source == "nowpayments"
            else (told.source, told.about) in about
        )
        if not kept:
            yield f"{told.source} {told.about} ({told.status}) was answered 2xx and is not in the log"


def i8_money_first(evidence: Evidence) -> Iterator[str]:
    """Whatever was charged was paid for: the gateway itself says finished, in full and in the agreed coin."""
    outside = evidence.outside
    orders = {purchase.ref: purchase.order_id for purchase in evidence.inside.purchases}
    paid = {}
    for payment_id, move in outside.paid.items():
        opened = outside.payments.get(payment_id)
        if opened is not None and float(move["actually_paid"]) >= float(opened["pay_amount"]):
            paid[move["order_id"]] = payment_id
    for ref in outside.charged:
        if orders.get(ref) is not None and orders[ref] not in paid:
            yield f"order {orders[ref]}: {ref} was bought, and the gateway has not its money"


def i9_no_reveal_unrecorded(evidence: Evidence) -> Iterator[str]:
    """Whoever read keys is on record, and read what the supplier sold for this order; the records are one whole chain,
    and pass through where it once stood outside the database."""
    outside, inside = evidence.outside, evidence.inside
    if inside.chain_flaw:
        yield f"the audit chain: {inside.chain_flaw}"
    if evidence.anchor_flaw:
        yield f"the audit chain: {evidence.anchor_flaw}"
    bought: dict[str, Counter[str]] = {}
    for purchase in inside.purchases:
        bought.setdefault(purchase.order_id, Counter()).update(outside.sold.get(purchase.ref, []))
    for order, keys in evidence.revealed.items():
        if order not in inside.reveals:
            yield f"order {order} was revealed without a record"
        read = Counter(hashlib.sha256(key.encode()).hexdigest() for key in keys)
        whole, ours = inside.states.get(order) == "fulfilled", bought.get(order, Counter())
        if read - ours or (whole and read != ours):  # of an order in parts its buyer reads what is there
            yield f"order {order}: its buyer read other keys than were sold for it"


CHECKS: Mapping[str, Callable[[Evidence], Iterator[str]]] = {
    "I1": i1_no_notice_is_lost,
    "I2": i2_one_purchase_per_line,
    "I3": i3_one_letter,
    "I4": i4_each_key_in_its_object,
    "I6": i6_legal_paths,
    "I7": i7_answered_means_stored,
    "I8": i8_money_first,
    "I9": i9_no_reveal_unrecorded,
}

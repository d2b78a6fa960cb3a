"""The invariants of RELIABILITY §4, after every step of the model: our rows against the strangers' ledgers."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from bitloot.errors import SealBroken
from bitloot.states import FINAL, MOVES, PURCHASE_MOVES, OrderState, PurchaseState
from db import base
from tests.faults.model.world import Sold, World

__all__ = ["Checks"]

#: What an order may come to rest in once money came for it.
ENDED = frozenset({OrderState.FULFILLED, OrderState.REFUND_DUE, OrderState.REFUNDED})

#: Something of ours is still due in these, so that something may hold it up.
HOLDABLE = frozenset({OrderState.PAID, OrderState.WAITING, OrderState.READY})

#: The letter that nothing sends twice; others a person may ask for again.
KEYS_READY = "keys_ready"

#: A purchase in one of these is asked about, and stays there while nobody knows.
ASKING = frozenset({PurchaseState.AMBIGUOUS, PurchaseState.COMMITTING, PurchaseState.MANUAL})

#: Orders about which a person is asked something; that one merely stands too long is no question.
ASKED = "SELECT order_id::text FROM cases WHERE state = 'open' AND kind <> 'stuck'"


class Checks:
    """Looks at one world. What was looked into once (a sealed object) is not opened again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._opened: dict[str, bytes] = {}
        self._final: dict[str, str] = {}

    def forget(self) -> None:
        self._opened.clear()
        self._final.clear()

    def now(self) -> None:
        """Raises AssertionError with everything that is wrong."""
        wrong = [
            *self._orders(),
            *self._purchases(),
            *self._keys(),
            *self._letters(),
            *self._world.witness.violations,  # at the end: to look at the rows may add to them
        ]
        assert wrong == [], "\n".join(wrong)

    def at_rest(self) -> None:
        """I1 and I5, after `World.calm`: nothing that was paid for is lost, and no key lies anywhere in plaintext."""
        self.now()
        wrong = [*self._lost(), *self._plaintext()]
        assert wrong == [], "\n".join(wrong)

    def buyer_reads(self, sold: Sold) -> None:
        """Whoever has all keys reads all of them; whose money went back reads none."""
        [(state,)] = base.rows("SELECT state FROM orders WHERE id = %s", sold.order_id)
        read, bought = self._world.reveal(sold), sum(quantity for _, quantity in sold.lines)
        if state == OrderState.FULFILLED:
            assert read == bought, f"{read} of {bought} keys can be read"
        if state in {OrderState.REFUND_DUE, OrderState.REFUNDED}:
            assert read == 0, f"{read} keys can be read though their money goes back"
        self.now()

    def _orders(self) -> Iterator[str]:
        """I6: moves form legal paths that end where the order stands; a final state stays."""
        paths: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for row in base.rows("SELECT order_id::text, seq, src, dst FROM moves ORDER BY order_id, seq"):
            paths[row[0]].append(row[1:])
        for order, state, seq, hold in base.rows("SELECT id::text, state, seq, hold FROM orders"):
            path = paths[order]
            self._world.seen.orders[state] += 1
            chain = [step[2] for step in path]
            if [step[0] for step in path] != list(range(1, seq + 1)) or chain[-1] != state:
                yield f"order {order}: {state} at {seq}, but its moves are {path}"
            for before, step in itertools.pairwise([(0, None, None), *path]):
                if step[1] != before[2] or (step[1] and step[2] not in MOVES[OrderState(step[1])]):
                    yield f"order {order}: no such step {step} after {before}"
            if self._final.get(order, state) != state:
                yield f"order {order} left its final state {self._final[order]}"
            if OrderState(state) in FINAL:
                self._final[order] = state
            if hold is not None and state not in HOLDABLE:
                yield f"order {order}: a hold while {state}"

    def _purchases(self) -> Iterator[str]:
        """I2: at most one charge for a line that did not come back; purchases on legal paths, one live per line."""
        paths: dict[str, list[tuple[str | None, str]]] = defaultdict(list)
        for purchase, src, dst in base.rows(
            "SELECT purchase_id::text, src, dst FROM purchase_moves ORDER BY id"
        ):
            paths[purchase].append((src, dst))
        live: Counter[str] = Counter()
        owed: Counter[str] = Counter()
        charged = self._charges()
        for purchase, line, state, ref in base.rows(
            "SELECT id::text, line_id::text, state, purchase_ref FROM purchases"
        ):
            self._world.seen.purchases[state] += 1
            live[line] += state != PurchaseState.FAILED
            owed[line] += charged[ref][1]
            if charged[ref][0] > 1:
                yield f"{ref} was charged {charged[ref][0]} times"
            yield from _path(purchase, state, paths[purchase])
        yield from (f"line {line} has {count} live purchases" for line, count in live.items() if count > 1)
        yield from (f"line {line} is paid for {count} times" for line, count in owed.items() if count > 1)

    def _charges(self) -> defaultdict[str, tuple[int, int]]:
        """Our reference -> (how often it was charged, how much of that did not come back), by the suppliers' books."""
        found: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for supplier in self._world.suppliers.values():
            for sale in supplier.sales:
                ever, owed = found[sale.purchase_ref]
                found[sale.purchase_ref] = (ever + sale.charges, owed + sale.owed)
        return found

    def _keys(self) -> Iterator[str]:
        """I4: each key in exactly one sealed object, of the line that paid for it; fulfilled means all are there."""
        sold = {
            key.key_id: (sale.purchase_ref, key.content)
            for supplier in self._world.suppliers.values()
            for sale in supplier.sales
            for key in sale.keys
        }
        found = base.rows(
            "SELECT k.id::text, k.order_id::text, k.line_id::text, p.purchase_ref, k.supplier_key_id, k.object_name,"
            " o.data_key FROM keys k JOIN purchases p ON p.id = k.purchase_id AND p.line_id = k.line_id"
            " AND p.order_id = k.order_id JOIN orders o ON o.id = k.order_id"
        )
        (count,) = base.rows("SELECT count(*) FROM keys")[0]
        if len(found) != count:
            yield "a key lies with a line that its purchase is not of"
        for key, order, line, ref, key_id, name, data_key in found:
            told = sold.get(key_id)
            if told is None or told[0] != ref:
                yield f"key {key} is not what {ref} bought"
            elif data_key is None:
                yield from self._destroyed(order)
            elif self._content(order, line, key, name, bytes(data_key)) != told[1]:
                yield f"object {name} does not hold the key that it should"
        contents = Counter(self._opened[name] for name in {row[5] for row in found} if name in self._opened)
        yield from ("one key lies in two objects" for count in contents.values() if count > 1)
        yield from self._unfinished()

    def _destroyed(self, order: str) -> Iterator[str]:
        """A data key is gone only with the right to its keys."""
        if not base.rows("SELECT 1 FROM rights WHERE order_id = %s AND withdrawn_at IS NOT NULL", order):
            yield f"the data key of order {order} is gone, and nobody withdrew the right to its keys"

    def _content(self, order: str, line: str, key: str, name: str, data_key: bytes) -> bytes | None:
        if name in self._opened:
            return self._opened[name]
        sealed, vault = self._world.store.objects.get(name), self._world.shop.vault
        if sealed is None:
            return None
        context, label = f"order:{order}", f"line:{line}/key:{key}"
        try:
            self._opened[name] = vault.open(data_key, context, label, sealed)
        except SealBroken:
            return None
        elsewhere = f"line:{uuid.uuid4()}/key:{key}"
        try:
            vault.open(data_key, context, elsewhere, sealed)
        except SealBroken:
            return self._opened[name]
        self._world.witness.violations.append(f"object {name} opens in another place than its own")
        return self._opened[name]

    def _unfinished(self) -> Iterator[str]:
        short = base.rows(
            "SELECT o.id::text, l.position FROM orders o JOIN lines l ON l.order_id = o.id"
            " WHERE o.state = 'fulfilled' AND l.quantity <> (SELECT count(*) FROM keys k WHERE k.line_id = l.id)"
        )
        yield from (f"order {order} is fulfilled without all keys of line {line}" for order, line in short)

    def _letters(self) -> Iterator[str]:
        """I3: at most one letter with the keys, and of each other asked once, by the mailer's book; no key in any."""
        per_letter: Counter[str] = Counter()
        for key, letter in self._world.mailer.sent:
            kind, *rest = key.split("/")
            per_letter[" ".join((kind, *rest[: 1 if kind == KEYS_READY else 2]))] += 1
            if "BLKEY-" in letter.text + letter.html + letter.subject:
                yield "a letter holds a key"
        yield from (f"{count} letters: {what}" for what, count in per_letter.items() if count > 1)

    def _lost(self) -> Iterator[str]:
        """I1: what the gateway has money for is fulfilled, or goes back, or a person is asked."""
        asked = {order for (order,) in base.rows(ASKED)}
        for order, state, hold in base.rows("SELECT id::text, state, hold FROM orders"):
            came = [
                news
                for news in self._world.gateway.book.values()
                if news.order_id == order
                and news.state == "finished"
                and news.payment_id not in self._world.witness.refund_told
            ]
            if (
                came
                and state not in ENDED
                and order not in asked
                and order not in self._world.witness.settled
            ):
                yield f"order {order} is lost: {state}, hold {hold}, no case"
        told = {key.split("/")[1] for key, _ in self._world.mailer.sent if key.startswith(KEYS_READY)}
        known = told | asked | self._world.witness.settled  # to a buyer, or to a person
        for (order,) in base.rows("SELECT id::text FROM orders WHERE state = 'fulfilled'"):
            if order not in known:
                yield f"order {order} is fulfilled and nobody was told"

    def _plaintext(self) -> Iterator[str]:
        """I5 in what lies in our own tables and objects."""
        for (table,) in base.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND table_type = 'BASE TABLE'"
        ):
            hexed = b"BLKEY-".hex()
            sql = f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%BLKEY-%%' OR t::text LIKE '%%{hexed}%%'"
            if base.rows(sql)[0][0]:
                yield f"table {table} holds a key in plaintext"
        if any(b"BLKEY-" in data for data in self._world.store.objects.values()):
            yield "an object holds a key in plaintext"


def _path(purchase: str, state: str, path: list[tuple[str | None, str]]) -> Iterator[str]:
    if not path or path[-1][1] != state:
        yield f"purchase {purchase} is {state}, but its moves are {path}"
    for before, step in itertools.pairwise([(None, None), *path]):
        looked = step[0] == step[1] and step[0] in ASKING  # a look at the supplier is a row as well
        legal = looked or step[0] is None or step[1] in PURCHASE_MOVES[PurchaseState(step[0])]
        if step[0] != before[1] or not legal:
            yield f"purchase {purchase}: no such step {step} after {before}"

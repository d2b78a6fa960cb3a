"""The pairs of actors that meet on one order, and what is true before they do."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from bitloot.gateways.base import PaymentNews
from bitloot.states import OrderState, PaymentState
from db import Payment, base, take_news
from tests.faults.interleavings.turns import Turns, Work, bounded, run_turns, schedules
from tests.faults.model.checks import Checks
from tests.faults.model.person import Operator
from tests.faults.model.world import Sold, World

__all__ = ["PAIRS", "Pair", "explore"]

Scene = Callable[[World, Sold], None]

#: Rounds of work and waiting after which an order that two threads met on must be at rest.
ROUNDS = 6


@dataclass(frozen=True)
class Pair:
    """Two pieces of work, the scene before them, and where the order may end."""

    name: str
    scene: Scene
    works: tuple[str, str]
    ends: frozenset[str] = frozenset({str(OrderState.FULFILLED)})


def paid(world: World, sold: Sold) -> None:
    world.pay(sold)
    world.queue.clear()
    world.wait(100)


def bought(world: World, sold: Sold) -> None:
    paid(world, sold)
    world.run("reserve", sold.order_id)
    world.queue.clear()
    for supplier in world.suppliers.values():
        for sale in supplier.sales:
            supplier.deliver(sale, 1)  # of two keys: a partial delivery
    world.wait(100)


def ready(world: World, sold: Sold) -> None:
    bought(world, sold)
    for supplier in world.suppliers.values():
        for sale in supplier.sales:
            supplier.deliver(sale, sale.quantity)
    world.run("finalize", sold.order_id)
    world.queue.clear()
    world.wait(100)


def fulfilled(world: World, sold: Sold) -> None:
    ready(world, sold)
    world.run("encrypt_store", sold.order_id)
    world.queue.clear()
    world.wait(100)


def doubtful(world: World, sold: Sold) -> None:
    """Both purchases were made and nobody heard it; the next rung of the ladder is reached."""
    world.suppliers["onephase"].moods["begin"].append("lost_after")
    world.suppliers["twophase"].moods["commit"].append("lost_after")
    bought(world, sold)


def frozen(world: World, sold: Sold) -> None:
    """The search never showed the first purchase, so that a person is asked."""
    world.suppliers["onephase"].moods["begin"].append("lost_after")
    world.suppliers["onephase"].lag = 1_000_000.0
    paid(world, sold)
    for _ in range(8):
        world.run("reserve", sold.order_id)
        world.wait(1_000)
    world.queue.clear()


def unpaid(world: World, sold: Sold) -> None:
    whole = world.gateway.book[sold.payment_id].pay_amount
    world.truth(sold, PaymentState.FINISHED, actually_paid=whole)
    world.wait(100)


REFUND = frozenset(map(str, (OrderState.FULFILLED, OrderState.REVIEW, OrderState.FAILED, OrderState.WAITING)))

PAIRS = (
    Pair("reserve/reserve", paid, ("reserve", "reserve")),
    Pair("reserve/finalize", paid, ("reserve", "finalize")),
    Pair("finalize/finalize", bought, ("finalize", "finalize")),
    Pair("finalize/encrypt_store", bought, ("finalize", "encrypt_store")),
    Pair("encrypt_store/encrypt_store", ready, ("encrypt_store", "encrypt_store")),
    Pair("encrypt_store/notify", ready, ("encrypt_store", "notify")),
    Pair("notify/notify", fulfilled, ("notify", "notify")),
    Pair("sweep/reserve", paid, ("sweep", "reserve")),
    Pair("sweep/finalize", bought, ("sweep", "finalize")),
    Pair("sweep/encrypt_store", ready, ("sweep", "encrypt_store")),
    Pair("sweep/notify", fulfilled, ("sweep", "notify")),
    Pair("sweep/sweep", paid, ("sweep", "sweep")),
    Pair("intake/reserve", unpaid, ("intake", "reserve")),
    Pair("refund/reserve", paid, ("refund", "reserve"), REFUND),
    Pair("refund/encrypt_store", ready, ("refund", "encrypt_store"), REFUND),
    Pair("check_payment/intake", unpaid, ("check_payment", "intake")),
    Pair("check_payment/reserve", paid, ("check_payment", "reserve")),
    Pair("doubt: reserve/reserve", doubtful, ("reserve", "reserve")),
    Pair("doubt: webhook/reserve", doubtful, ("webhook", "reserve")),
    Pair("operator/operator", frozen, ("operator", "operator")),
    Pair("operator/reserve", frozen, ("operator", "reserve")),
    Pair("operator/sweep", frozen, ("operator", "sweep")),
)


def explore(
    world: World, checks: Checks, pair: Pair, *, one: int | None, more: int, chance: random.Random
) -> tuple[int, int]:
    """Tells the pair's story without a switch, with one at each place, and in `more` orders with several; (how many,
    boundaries of the longest). With `one`: one without a switch, `one` with one, by chance. Raises AssertionError,
    which says what order it was."""
    firsts = (0, 1) if one is None else (chance.choice((0, 1)),)
    longest = max(len(_tell(world, checks, pair, first, frozenset()).trace) for first in firsts)
    told = len(firsts)
    for first, switches in schedules(longest, one=one, more=more, chance=chance):
        longest = max(longest, len(_tell(world, checks, pair, first, switches).trace))
        told += 1
    return told, longest


def _tell(world: World, checks: Checks, pair: Pair, first: int, switches: frozenset[int]) -> Turns:
    world.forget()
    checks.forget()
    sold = world.order(("onephase", 2), ("twophase", 1))
    pair.scene(world, sold)
    turns = Turns(first, switches)
    works = [_work(world, sold, name) for name in pair.works]
    world.witness.on_call = turns.boundary
    try:
        with bounded(turns, world.witness.is_aside):
            run_turns(works, turns)
        world.witness.on_call = None
        checks.now()
        world.calm(ROUNDS)
        checks.at_rest()
        (state,) = base.rows("SELECT state FROM orders")[0]
        assert state in pair.ends, f"the order ends {state}"
    except (AssertionError, RuntimeError) as error:
        story = "\n".join(f"  {'AB'[who]} {what}" for who, what in turns.trace)
        raise AssertionError(
            f"{pair.name}, {'AB'[first]} begins, switches {sorted(switches)}: {error}\n{story}"
        ) from error
    return turns


def _work(world: World, sold: Sold, name: str) -> Work:
    if name == "intake":
        return lambda: _take(world, world.gateway.book[sold.payment_id])
    if name == "refund":
        whole = world.gateway.book[sold.payment_id]
        return lambda: _take(world, replace(whole, state=PaymentState.REFUNDED, actually_paid=Decimal(0)))
    if name == "check_payment":
        payment = str(Payment.get(Payment.gateway_payment_id == sold.payment_id).id)
        return lambda: world.run("check_payment", payment)
    if name == "webhook":
        [sale] = world.suppliers["onephase"].sales
        return lambda: world.hint("onephase", sale)
    if name == "operator":
        person = Operator(world)
        return lambda: person.answer(0, 0)
    return lambda: world.run(name, *(() if name == "sweep" else (sold.order_id,)))


def _take(world: World, news: PaymentNews) -> None:
    """What the IPN's handler does, in this thread, so that each of its statements is a boundary."""
    settings = world.settings
    taken = take_news(
        news,
        gateway=world.gateway.name,
        tolerance=settings.payment_tolerance,
        actor="ipn",
        poll_seconds=settings.payment_poll_seconds,
    )
    world.witness.heard(news)
    if taken.dst is OrderState.PAID:
        world.enqueue("reserve", (str(taken.order_id),))

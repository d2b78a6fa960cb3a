"""F27: one IPN that comes a thousand times, from twenty threads at once."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.faults.patience import until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial
from tests.flows.house import Sale

__all__ = ["ipn_storm"]

SENDERS, EACH = 20, 50


@row("F27", "the same IPN 1,000 times from 20 threads", short=1, full=10, in_make_test=True)
def ipn_storm(trial: Trial) -> None:
    """One move, one notice kept, 1,000 × 200. A bite is a repeat that was answered.

    An order here is a whole storm, so the full form has ten of them and not a thousand.
    """
    with trial.shop() as shop:
        for _ in range(trial.orders):
            with _no_clock(shop):  # nobody asks the gateway: only the notices may tell of this money
                sale = _paid_in_silence(shop)
                _storm(trial, shop, sale)
            until(lambda: _told(shop, sale), seconds=30, what="the letter")  # noqa: B023
            shop.revealed[sale.order_id] = shop.reveal(sale)
            _one_move(trial, shop, sale)


@contextmanager
def _no_clock(shop: FaultShop) -> Iterator[None]:
    clock = shop.crew["clock"]
    clock.signal(signal.SIGSTOP, all_of_it=True)
    try:
        yield
    finally:
        clock.signal(signal.SIGCONT, all_of_it=True)


def _paid_in_silence(shop: FaultShop) -> Sale:
    """The gateway has the money, and its own IPNs never leave."""
    sale = shop.order(("orbit-drifters", 1), ("tin-parade", 1))
    shop.control("faults", name="ipn_never")
    shop.pay(sale, wait=True)
    shop.calm()
    return sale


def _storm(trial: Trial, shop: FaultShop, sale: Sale) -> None:
    path, began = f"nowpayments/payments/{sale.payment_id}/ipn", time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        told = pool.map(lambda _: shop.control(path, times=EACH)["answers"], range(SENDERS))
        answers = Counter(answer for some in told for answer in some)
    trial.note("seconds for 1,000", f"{time.monotonic() - began:.1f}")
    trial.bit(answers[200] - 1)
    if answers != Counter({200: SENDERS * EACH}):
        trial.violation(f"I7 the shop answered {dict(answers)}")


def _told(shop: FaultShop, sale: Sale) -> bool:
    return shop.rows("SELECT state FROM letters WHERE order_id = %s", sale.order_id) == [("sent",)]


def _one_move(trial: Trial, shop: FaultShop, sale: Sale) -> None:
    moves = shop.rows("SELECT count(*) FROM moves WHERE order_id = %s AND dst = 'paid'", sale.order_id)
    notices = shop.rows(
        "SELECT count(*) FROM notices WHERE order_id = %s AND event = 'finished'", sale.order_id
    )
    if moves != [(1,)]:
        trial.violation(f"I6 {moves[0][0]} moves to paid")
    if notices != [(1,)]:
        trial.violation(f"I6 one notice is kept {notices[0][0]} times")

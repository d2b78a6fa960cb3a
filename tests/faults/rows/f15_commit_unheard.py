"""F15: PostgreSQL commits, and its answer never arrives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.plan import row
from tests.faults.proxy import Link, Proxy, Verb
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial
from tests.faults.wire import Commits, committed, port_of, through

__all__ = ["commit_unheard"]


@row("F15", "the reply of COMMIT is cut, 5 %", short=8, full=1000, in_make_test=True)
def commit_unheard(trial: Trial) -> None:
    """A bite is an answer that said "committed" and was lost, whoever waited for it: web, worker, clock or relay.

    Almost every step commits with one statement of its own; the replies of these are cut as those of COMMIT are.
    In the full form doubtful purchases are left to a person in the first half and repeated in the second.
    """
    halves = {"false": trial.orders // 2, "true": trial.orders // 2} if trial.full else {"true": trial.orders}
    for repeat, orders in halves.items():
        with _behind_a_proxy(trial, repeat) as shop:
            _trade(trial, shop, orders)


@contextmanager
def _behind_a_proxy(trial: Trial, repeat: str) -> Iterator[FaultShop]:
    """A house that is lent stands behind one already."""
    if trial.lent is not None:
        with trial.shop() as shop:
            yield shop
        return
    with Proxy(port_of(trial.servers.database_url)) as proxy:
        override = through("DATABASE_URL", proxy.port)
        with trial.shop(overrides=override, REPEAT_AFTER_AMBIGUOUS=repeat) as shop:
            shop.wire = proxy
            yield shop


def _trade(trial: Trial, shop: FaultShop, orders: int) -> None:
    share, commits, wire = 0.05 if trial.full else 0.08, Commits(), shop.wire
    assert wire is not None

    def judge(link: Link) -> Verb:
        return Verb.CUT_REPLY if commits(link) and trial.chance.random() < share else Verb.PASS

    shop.supervise()
    wire.judge = judge
    load = trial.load(shop, orders, pace=1.0 if trial.full else 0.0)
    load.finish()
    load.settle(20 if trial.full else 3)
    wire.judge = lambda _: Verb.PASS
    trial.settle(load, within=60)
    load.reveal(3)
    trial.bit(sum(committed(cut.reply) for cut in wire.cuts))

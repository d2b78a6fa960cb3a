"""F11: Valkey hears that a message is done, and its answer never arrives."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from tests.faults.baseline import hostages
from tests.faults.patience import until
from tests.faults.plan import row
from tests.faults.proxy import Link, Proxy, Verb
from tests.faults.trial import Trial
from tests.faults.wire import port_of, through

__all__ = ["ack_unheard"]

#: dramatiq's script is told its command as an argument of its own (RESP).
ACKS = (b"\r\n$3\r\nack\r\n", b"\r\n$4\r\nnack\r\n")


@row("F11", "the reply of ack is cut, 20 %", short=12, full=1000)
def ack_unheard(trial: Trial) -> None:
    """A bite is an ack or nack that Valkey carried out, and whose answer was lost together with its connection."""
    share, proxies = (0.2 if trial.full else 0.4), list[Proxy]()

    def judge(link: Link) -> Verb:
        cut = any(word in link.asked for word in ACKS) and trial.chance.random() < share
        return Verb.CUT_REPLY if cut else Verb.PASS

    with ExitStack() as stack:

        def override(environ: Mapping[str, str]) -> Mapping[str, str]:
            proxies.append(stack.enter_context(Proxy(port_of(environ["REDIS_URL"]), judge)))
            return through("REDIS_URL", proxies[0].port)(environ)

        with trial.shop(overrides=override, witnessed=True) as shop:
            load = trial.load(shop, pace=0.5)
            load.finish()
            load.settle(20 if trial.full else 5)
            proxies[0].judge = lambda _: Verb.PASS
            trial.settle(load, within=60)
            load.reveal(3)
            until(lambda: not hostages(shop), seconds=30, what="an end of fetched messages")
            trial.note("messages that ran twice", sum(times > 1 for times in shop.starts.values()))
        trial.bit(sum(bool(cut.reply) for cut in proxies[0].cuts))

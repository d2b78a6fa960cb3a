"""F35: the relay is killed, hundreds read nothing, its bell is silent, and a transaction stays open."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg2
import requests

from bitloot.engines.process import accepts
from tests.faults.ear import Ear
from tests.faults.killing import kill_one
from tests.faults.patience import Patience, until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial
from tests.waiting import descendants
from tests.web.relay.ears import deaf_client
from web.relay.bell import channel

__all__ = ["relay_troubles"]

#: Within so many seconds of the end of a trouble whoever listens has heard all; a client that was cut off pauses first.
CATCH_UP, RECONNECT = 2.0, 12.0

#: What the relay may grow by for all who read nothing, in bytes.
MOST_MEMORY = 100 << 20

#: What each of those who read nothing is sent, so that their buffers fill: messages, and bytes of one.
BURST, PAYLOAD = 300, 3500

READERS = (20, 500)


@row("F35", "relay: killed, slow readers, no bell, open tx", short=6, full=300)
def relay_troubles(trial: Trial) -> None:
    """I12: who listens hears each move once and in order. A bite is a death of the relay, a reader that was cut, a
    subscription to the bell that was lost, or a transaction behind which the relay had to wait."""
    with trial.shop(RELAY_PER_ADDRESS="1000") as shop:
        shop.supervise()
        ear = Ear(shop).start()
        load = trial.load(shop, pace=4.0 if trial.full else 0.5)
        _deaf_readers(trial, shop, ear)
        _silent_bell(trial, shop, ear)
        _open_transaction(trial, shop, ear)
        _deaths(trial, shop, ear)
        load.hurry()
        trial.settle(load, within=60)
        until(lambda: not unheard(shop, ear), seconds=RECONNECT, what="an ear that heard all")
        ear.stop()
        trial.note("relay connections of one listener", ear.connections)
        trial.record.violations += ear.violations(shop.evidence())


def unheard(shop: FaultShop, ear: Ear) -> set[tuple[str, int]]:
    """Moves that are committed and that nobody heard of yet."""
    heard = {(order, seq) for order, seqs in list(ear.heard.items()) for seq in list(seqs)}
    return set(shop.rows("SELECT order_id::text, seq FROM moves")) - heard


def _catches_up(trial: Trial, shop: FaultShop, ear: Ear, what: str, within: float = CATCH_UP) -> None:
    """All that was committed by now is heard soon."""
    wanted, patience = unheard(shop, ear), Patience()
    while wanted & unheard(shop, ear):
        if patience.spent() > within + shop.settings.relay_look_seconds:
            trial.violation(
                f"I10 {what}: {len(wanted & unheard(shop, ear))} moves not told after {within:g} s"
            )
            return
        time.sleep(0.05)
    trial.note(f"seconds to catch up, {what}", f"{patience.spent():.1f}")


def _deaf_readers(trial: Trial, shop: FaultShop, ear: Ear) -> None:
    token = shop.admin()["Authorization"].removeprefix("Bearer ")
    hello, topics = {"type": "hello", "token": token}, ("orders", "jobs")
    subscribe = [{"type": "subscribe", "topic": topic} for topic in topics]
    before, name = _memory(shop), channel(shop.settings.queue_namespace)
    with ExitStack() as stack, shop.queue() as bell:
        for _ in range(READERS[trial.full]):
            stack.enter_context(deaf_client(shop.settings.relay_port, hello, *subscribe))
        said = json.dumps({"type": "admin:job-completed", "data": {"text": "x" * PAYLOAD}})
        for _ in range(BURST):
            bell.publish(name, said)
        _catches_up(trial, shop, ear, "beside readers that read nothing")
        grown = _memory(shop) - before
        trial.bit(cut := _cut(shop))
        trial.note("readers that were cut", cut)
        trial.note("memory for them in MB", f"{grown / 1e6:.0f}")
        if grown > MOST_MEMORY:
            trial.violation(f"I11 the relay grew by {grown / 1e6:.0f} MB for readers that read nothing")


def _silent_bell(trial: Trial, shop: FaultShop, ear: Ear) -> None:
    """Whoever subscribes in Valkey is cut off at once: nothing is told by the bell, and rows are all that is left."""
    lost = 0
    with shop.queue() as client:
        over = time.monotonic() + (8 if trial.full else 2)
        while time.monotonic() < over:
            lost += int(client.client_kill_filter(_type="pubsub") or 0)
            time.sleep(0.02)
    trial.bit(lost)
    trial.note("subscriptions to the bell that were lost", lost)
    _catches_up(trial, shop, ear, "without a bell")


def _open_transaction(trial: Trial, shop: FaultShop, ear: Ear) -> None:
    """What is committed behind it may not be told before it ends, or a move could be missed."""
    connection = psycopg2.connect(shop.settings.database_url.get_secret_value(), connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
            time.sleep(10 if trial.full else 3)
            waiting = len(unheard(shop, ear))
    finally:
        connection.close()
    trial.bit(bool(waiting))
    trial.note("moves that waited behind an open transaction", waiting)
    _catches_up(trial, shop, ear, "after an open transaction")


def _deaths(trial: Trial, shop: FaultShop, ear: Ear) -> None:
    relay, patience = shop.crew["relay"], Patience()
    for _ in range(10 if trial.full else 2):
        trial.bit(kill_one(trial, [relay]))
        until(lambda: accepts(shop.settings.relay_port), seconds=30, what="a relay after its death")
        time.sleep(trial.chance.uniform(0.5, 2.0) / patience.share)
    _catches_up(trial, shop, ear, "after deaths", within=RECONNECT)


def _memory(shop: FaultShop) -> int:
    """Resident bytes of the relay."""
    pids = [shop.crew["relay"].pid, *descendants(shop.crew["relay"].pid)]
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
    return sum(pages) * 4096


def _cut(shop: FaultShop) -> int:
    """Readers whom the relay ended since they were too slow, by its own count."""
    url = f"http://127.0.0.1:{shop.settings.relay_port}/metrics"
    found = re.search(
        r'^bitloot_relay_cut_total\{reason="slow"\} ([\d.]+)$', requests.get(url, timeout=10).text, re.M
    )
    return int(float(found[1])) if found else 0

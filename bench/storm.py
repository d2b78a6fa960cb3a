"""No notice that was acknowledged is lost, Redis or not: counted in the database, one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg2

from bench.driver import Run, post_all
from bench.lab import Lab
from bench.ours import our_environ, start_web
from bench.report import Figure, figure
from bench.seed import Seeded, ipn, seed_ours
from bitloot.engines.valkey import ValkeyEngine

__all__ = ["Storm", "measure_storm", "ride_out"]

Say = Callable[[str], None]

#: What an acknowledged notice must have left behind: itself, its money, its order's move, and a time at which sweep
#: looks at the order, should the message that says so be lost.
KEPT = """
SELECT p.gateway_payment_id FROM payments p JOIN orders o ON o.id = p.order_id
 WHERE p.gateway_payment_id = ANY(%s) AND p.state = 'finished' AND o.state = 'paid' AND o.due_at IS NOT NULL
   AND EXISTS (SELECT 1 FROM notices n WHERE n.order_id = o.id AND n.external_id = p.gateway_payment_id)
   AND EXISTS (SELECT 1 FROM moves m WHERE m.order_id = o.id AND m.dst = 'paid')
"""


@dataclass(frozen=True)
class Storm:
    """What became of all notices."""

    runs: list[Run]  # before, while Redis was away, after
    acknowledged: int
    lost: int


def measure_storm(lab: Lab, *, count: int, connections: int, say: Say) -> list[Figure]:
    """Redis is stopped for the middle third. Nothing but web runs: what it commits must do by itself."""
    url = lab.database("ours_storm")
    port, stubs, gateway = lab.ports(3)
    environ = our_environ(
        url, lab.redis(4), port=port, stubs=stubs, gateway=gateway, state=lab.work / "state"
    )
    web = start_web(environ, lab.work)
    lab.keep(web)
    storm = ride_out(url, port, lab.valkey, seed_ours(url, count, 7_000_000_000), connections=connections)
    lab.stop(web)
    for name, run in zip(("before", "without Redis", "after"), storm.runs, strict=True):
        say(f"storm, {name}: {run.per_second:,.0f} IPNs/s, answers {run.statuses}")
    say(f"storm: {storm.acknowledged:,} of {count:,} acknowledged, {storm.lost} of these lost")
    rates = [run.per_second for run in storm.runs]
    return [
        figure("IPNs acknowledged, Redis away for a third", "notices", [storm.acknowledged], [count]),
        figure("acknowledged and lost", "notices", [storm.lost]),
        figure("IPNs without Redis against with it", "1/s", [rates[1]], [rates[0]]),
    ]


def ride_out(
    database_url: str, port: int, valkey: ValkeyEngine, seeded: Sequence[Seeded], *, connections: int
) -> Storm:
    """Sends one IPN for each, a third of them while Valkey is stopped; it runs again at the end."""
    third = len(seeded) // 3
    parts = [seeded[:third], seeded[third : 2 * third], seeded[2 * third :]]
    runs = []
    for number, part in enumerate(parts):
        if number == 1:
            valkey.stop()
        elif number == 2:
            valkey.start()
        runs.append(post_all(port, [ipn(item) for item in part], connections=connections))
    answers = [status for run in runs for status in run.answers]
    acknowledged = {item.payment_id for item, status in zip(seeded, answers, strict=True) if status == 200}
    return Storm(runs, len(acknowledged), len(acknowledged - _kept(database_url, acknowledged)))


def _kept(database_url: str, payment_ids: set[str]) -> set[str]:
    connection = psycopg2.connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(KEPT, (list(payment_ids),))
            return {found for (found,) in cursor.fetchall()}
    finally:
        connection.close()

"""Acknowledged IPNs per second and their latency: ours, the peer's (both its HTTP servers), and PostgreSQL alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.driver import Run, post_all
from bench.lab import Lab
from bench.ours import our_environ, start_web
from bench.peer import prepare_peer, start_peer
from bench.pgbench import commits_per_second
from bench.report import Figure, figure
from bench.seed import Seeded, ipn, seed_ours, seed_peer

__all__ = ["measure_acks"]

Say = Callable[[str], None]

#: What p99 may be at half of our own maximum (milliseconds); `peer` is the limit there.
CALM_LIMIT = 50.0


@dataclass(frozen=True)
class Side:
    """One service under load."""

    name: str
    port: int
    seed: Callable[[int], list[Seeded]]

    def run(self, count: int, connections: int, per_second: float | None = None) -> Run:
        requests = [ipn(item) for item in self.seed(count)]
        run = post_all(self.port, requests, connections=connections, per_second=per_second)
        if set(run.statuses) != {200}:
            raise RuntimeError(f"{self.name} answered {run.statuses}")
        return run


def measure_acks(lab: Lab, *, runs: int, count: int, connections: int, say: Say) -> list[Figure]:
    """First `finished` IPNs only: each commits a notice, a payment, an order and a move."""
    ours, numbers, url = _ours(lab)
    sides = [ours, *_peers(lab)]
    for side in sides:
        side.run(2_000, connections)  # warm-up, not counted
    done: dict[str, list[Run]] = {side.name: [] for side in sides}
    bare: list[float] = []
    for number in range(runs):
        for side in sides:
            done[side.name].append(side.run(count, connections))
            say(f"run {number + 1}/{runs} {side.name}: {done[side.name][-1].per_second:,.0f} IPNs/s")
        first = numbers()
        seed_ours(url, count, first)
        rate = commits_per_second(
            lab.postgres, url, first=first + 1, count=count, clients=connections, work=lab.work
        )
        bare.append(rate)
        say(f"run {number + 1}/{runs} pgbench: {rate:,.0f} commits/s")
    half = median(run.per_second for run in done["ours"]) / 2
    calm = [ours.run(count, connections, half).percentile(0.99) * 1000 for _ in range(runs)]
    lab.stop()
    return [
        *_figures(done, bare),
        figure("IPN latency p99 at half of our maximum", "ms", calm, [CALM_LIMIT] * runs),
    ]


def _ours(lab: Lab) -> tuple[Side, Callable[[], int], str]:
    url = lab.database("ours_acks")
    port, stubs, gateway = lab.ports(3)
    environ = our_environ(
        url, lab.redis(1), port=port, stubs=stubs, gateway=gateway, state=lab.work / "state"
    )
    lab.keep(start_web(environ, lab.work))
    given = [5_000_000_000]

    def numbers() -> int:
        given[0] += 1_000_000
        return given[0]

    return Side("ours", port, lambda count: seed_ours(url, count, numbers())), numbers, url


def _peers(lab: Lab) -> list[Side]:
    if lab.peers is None:
        return []
    peers = prepare_peer(lab.peers, lab.work)
    sides = []
    for number, http in enumerate(("express", "fastify")):
        url = lab.database(f"peer_{http}")
        port, stubs = lab.ports(2)
        started = start_peer(
            peers, url, lab.redis(2 + number), port=port, stubs=stubs, http=http, worker=False, logs=lab.work
        )
        lab.keep(*started)
        sides.append(Side(f"peer {http}", port, lambda count, url=url: seed_peer(url, count)))  # type: ignore[misc]
    return sides


def _figures(done: dict[str, list[Run]], bare: list[float]) -> list[Figure]:
    ours = done.pop("ours")
    rate = [run.per_second for run in ours]
    figures = [figure("IPN acknowledgements against pgbench", "1/s", rate, bare)]
    for name, runs in done.items():
        figures.append(
            figure(f"IPN acknowledgements against {name}", "1/s", rate, [run.per_second for run in runs])
        )
        for share in (0.5, 0.99):
            mine = [run.percentile(share) * 1000 for run in ours]
            theirs = [run.percentile(share) * 1000 for run in runs]
            figures.append(figure(f"IPN latency p{share * 100:g} against {name}", "ms", mine, theirs))
    if not done:
        for share in (0.5, 0.99):
            figures.append(
                figure(f"IPN latency p{share * 100:g}", "ms", [run.percentile(share) * 1000 for run in ours])
            )
    return figures

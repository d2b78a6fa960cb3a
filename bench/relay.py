"""The relay under load: memory per client, fan-out beside broadcast() alone, latency, everybody back at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import redis

from bench.lab import Lab
from bench.ours import our_environ
from bench.report import Figure, figure
from bench.seed import seed_ours
from bitloot.engines.process import accepts
from bitloot.settings import load_settings
from bitloot.tokens import Tokens
from db.journal import Cursor
from web.relay import cursors

__all__ = ["measure_relay"]

Say = Callable[[str], None]

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")

#: How many broadcasts make one run of the fan-out, and how large each is (bytes, as the relay sends it).
BROADCASTS, SIZE = 20, 300

#: Events per second for the latency, and how many (seconds) of them.
RATE, SECONDS = 200, 10

ADVANCE = "SELECT advance_order(%s, 'created', 'paid', 'bench', '', '{}', 600)"


@dataclass
class Child:
    """A process of ours that is spoken to in lines."""

    popen: subprocess.Popen[str]

    def tell(self, line: str) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()

    def hear(self) -> Any:
        assert self.popen.stdout is not None
        return json.loads(self.popen.stdout.readline())

    def ask(self, **command: Any) -> Any:
        self.tell(json.dumps(command))
        return self.hear()

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.popen.pid}/statm").read_text().split()[1]) * PAGE

    @property
    def busy(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


@contextmanager
def _child(argv: list[str], environ: dict[str, str], log: Path, port: int = 0) -> Iterator[Child]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | environ
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            [sys.executable, "-m", *argv],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as popen,
    ):
        try:
            while port and not accepts(port):
                if popen.poll() is not None:
                    raise RuntimeError(f"{argv[0]} has ended: see {log}")
                time.sleep(0.05)
            yield Child(popen)
        finally:
            popen.kill()


def measure_relay(lab: Lab, *, runs: int, clients: int, say: Say) -> list[Figure]:
    """Needs room for twice `clients` descriptors; the relay, its clients and PostgreSQL share this machine."""
    port, bare, deflating, *rest = lab.ports(6)
    url, bell = lab.database("ours_relay"), lab.redis(6)
    environ = our_environ(url, bell, port=rest[0], stubs=rest[1], gateway=rest[2], state=lab.work / "state")
    environ |= {"RELAY_PORT": str(port), "RELAY_PER_ADDRESS": "1000000", "LOG_LEVEL": "error"}
    tokens, log = Tokens.from_settings(load_settings(environ, check=False)), lab.work / "relay.log"
    figures: list[Figure] = []
    with _child(["web.relay"], environ, log, port) as relay:
        ours = _crowded(relay, port, "/fulfillment", _admin(tokens), '"subscribed"', clients, log)
        with (
            _child(["bench.broadcaster", str(bare)], {}, log, bare) as alone,
            ours as (memory, crowd),
            _bare(alone, bare, clients, log) as (_, other),
        ):
            figures.append(figure("relay: memory per client", "KiB", [memory / 1024]))
            figures += _fan_out(relay, crowd, alone, other, bell, clients=clients, runs=runs, say=say)
    for name, argv in (("off", []), ("on", ["deflate"])):
        with (
            _child(["bench.broadcaster", str(deflating), *argv], {}, log, deflating) as server,
            _bare(server, deflating, clients, log, deflate=True) as (memory, _),
        ):
            figures.append(
                figure(f"websockets alone, compression {name}: per client", "KiB", [memory / 1024])
            )
    with _child(["web.relay"], environ, log, port) as relay:
        figures += _latency(port, url, bell, tokens, clients=max(1, clients // 5), log=log, say=say)
    return figures


def _admin(tokens: Tokens) -> list[dict[str, Any]]:
    hello = {"type": "hello", "token": tokens.admin("bench", "read-only", 3600)}
    return [hello, {"type": "subscribe", "topic": "jobs"}]


@contextmanager
def _crowded(
    server: Child, port: int, path: str, say: list[Any], until: str, clients: int, log: Path, **more: Any
) -> Iterator[tuple[float, Child]]:
    """(bytes of the server's memory for each client, the clients)."""
    with _child(["bench.listeners", str(port), path], {}, log) as crowd:
        crowd.ask(say=[say], times=20, until=until, **more)  # what the first ones cost is not theirs
        before = server.memory
        crowd.ask(say=[say], times=clients - 20, until=until, **more)
        yield (server.memory - before) / (clients - 20), crowd


def _bare(server: Child, port: int, clients: int, log: Path, **more: Any) -> Any:
    return _crowded(server, port, "/", [], "welcome" if not more else "", clients, log, **more)


def _fan_out(
    relay: Child, crowd: Child, alone: Child, other: Child, bell: str, *, clients: int, runs: int, say: Say
) -> list[Figure]:
    """Deliveries per second of the server's own processor time, since the clients take theirs beside it."""
    text = json.dumps({"type": "admin:job-completed", "data": {"text": "x" * (SIZE - 135)}})
    rates: dict[str, list[float]] = {"relay": [], "alone": []}
    with redis.Redis.from_url(bell) as publisher:

        def ring() -> None:
            for _ in range(BROADCASTS):
                publisher.publish("bitloot:bell", text)

        sides = (
            ("relay", relay, crowd, "admin:job", ring),
            ("alone", alone, other, "event", lambda: alone.tell(f"{BROADCASTS} {SIZE}")),
        )
        for number in range(runs):
            for name, server, listeners, marker, send in sides:
                listeners.ask(expect=clients * BROADCASTS, until=marker)
                began, busy = time.time(), server.busy
                send()
                last = listeners.hear()["last"]
                rates[name].append(clients * BROADCASTS / max(1 / TICK, server.busy - busy))
                say(f"run {number + 1}/{runs} {name}: {clients * BROADCASTS / (last - began):,.0f} events/s")
    return [figure("relay: fan-out beside broadcast() alone", "1/CPU s", rates["relay"], rates["alone"])]


def _latency(
    port: int, url: str, bell: str, tokens: Tokens, *, clients: int, log: Path, say: Say
) -> list[Figure]:
    """From the move's row to its client, and a quarter of the clients back at once with their cursors."""
    orders = [seeded.order_id for seeded in seed_ours(url, clients, 9_000_000_000)]
    hellos = [[{"type": "hello", "token": tokens.buyer(order)}] for order in orders]
    with _child(["bench.listeners", str(port), "/fulfillment"], {}, log) as crowd:
        crowd.ask(say=hellos, until='"subscribed"')
        wanted = orders[: RATE * SECONDS]
        crowd.ask(expect=len(wanted), until="payment:confirmed", timed=True)
        _move(url, bell, wanted)
        latencies = sorted(seconds * 1000 for seconds in crowd.hear()["latencies"])
        crowd.ask(leave=True)
        cursor = _cursor(url)
        back = [[message | {"cursor": cursor} for message in hello] for hello in hellos[: clients // 4]]
        seconds = crowd.ask(say=back, until='"recovered":true')["seconds"]
    say(f"{len(back)} clients back in {seconds:.2f} s")
    return [
        figure("relay: commit to client, p50", "ms", [latencies[len(latencies) // 2]]),
        figure("relay: commit to client, p99", "ms", [latencies[int(len(latencies) * 0.99)]]),
        figure(f"relay: {len(back)} clients back at once", "s", [seconds]),
    ]


def _move(url: str, bell: str, orders: list[str]) -> None:
    """Pays one order after another at the rate, each in its own commit, and rings after it."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    began = time.monotonic()
    with connection.cursor() as cursor, redis.Redis.from_url(bell) as publisher:
        for number, order in enumerate(orders):
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))
            cursor.execute(ADVANCE, (order,))
            publisher.publish("bitloot:bell", '{"type": null}')
    connection.close()


def _cursor(url: str) -> str:
    """The journal's beginning, as clients name it."""
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text FROM journal_epoch ORDER BY started_at DESC LIMIT 1")
        row = cursor.fetchone()
    connection.close()
    assert row is not None
    return cursors.write(Cursor(row[0], 0, 0))

"""The relay under load: memory per client, fan-out, latency, stalled clients, everybody back at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import redis

from bench.child import TICK, Child, child, crowded, python, room_for
from bench.lab import Lab
from bench.nodes import node_folder, node_server, ws_ears
from bench.ours import our_environ
from bench.report import Figure, figure
from bench.seed import seed_ours
from bench.stalled import measure_stalled
from bitloot.settings import load_settings
from bitloot.tokens import Tokens
from db.journal import Cursor
from web.relay import cursors

__all__ = ["measure_relay"]

Say = Callable[[str], None]

#: How many broadcasts make one run of the fan-out, and how large each is (bytes, as the relay sends it).
BROADCASTS, SIZE = 20, 300

#: Events per second for the latency, and how many (seconds) of them.
RATE, SECONDS = 200, 10

#: Clients of npm's `ws`.
EARS = 100

ADVANCE = "SELECT advance_order(%s, 'created', 'paid', 'bench', '', '{}', 600)"


@dataclass(frozen=True)
class Side:
    """One server of the fan-out with its clients; `send` makes it tell them all BROADCASTS times."""

    name: str
    server: Child
    crowd: Child
    marker: str
    send: Callable[[], None]
    memory: float  # bytes for each client


@dataclass(frozen=True)
class Place:
    """Where the relay is, and what its clients and its journal are reached by."""

    port: int
    url: str
    bell: str
    tokens: Tokens
    log: Path

    @property
    def hello(self) -> list[dict[str, Any]]:
        """An operator's first words."""
        hello = {"type": "hello", "token": self.tokens.admin("bench", "read-only", 3600)}
        return [hello, {"type": "subscribe", "topic": "jobs"}]


def measure_relay(lab: Lab, *, runs: int, clients: int, say: Say) -> list[Figure]:
    """The relay, its clients and PostgreSQL share this machine. Each process needs a descriptor for each client."""
    clients = room_for(clients, say)
    port, bare, deflating, socketio, *rest = lab.ports(7)
    log = lab.work / "relay.log"
    url, bell = lab.database("ours_relay"), lab.redis(6)
    environ = our_environ(url, bell, port=rest[0], stubs=rest[1], gateway=rest[2], state=lab.work / "state")
    environ |= {"RELAY_PORT": str(port), "RELAY_PER_ADDRESS": "1000000", "LOG_LEVEL": "error"}
    place = Place(port, url, bell, Tokens.from_settings(load_settings(environ, check=False)), log)
    node = node_folder(lab.work, say)
    figures: list[Figure] = []
    with (
        child(python("web.relay"), environ, log, port) as relay,
        _relay_side(relay, place, clients) as ours,
        _alone_side(bare, log, clients) as alone,
    ):
        figures.append(figure("relay: memory per client", "KiB", [ours.memory / 1024], [alone.memory / 1024]))
        figures += _fan_out([ours, alone], clients=clients, runs=runs, say=say)
    if node is not None:
        with (
            child(python("web.relay"), environ, log, port) as relay,
            _relay_side(relay, place, clients) as ours,
            _socketio_side(node, socketio, log, clients) as other,
        ):
            figures.append(
                figure("relay: memory per client", "KiB", [ours.memory / 1024], [other.memory / 1024])
            )
            figures += _fan_out([ours, other], clients=clients, runs=runs, say=say)
    figures += _compression(deflating, clients, log)
    with child(python("web.relay"), environ, log, port) as relay:
        figures += _latency(place, clients=max(1, clients // 5), say=say)
        few = max(20, clients // 20)
        figures += measure_stalled(relay, port, bell, place.hello, clients=few, log=log, say=say)
        if node is not None:
            figures += _npm_clients(node, place)
    return figures


@contextmanager
def _relay_side(relay: Child, place: Place, clients: int) -> Iterator[Side]:
    text = json.dumps({"type": "admin:job-completed", "data": {"text": "x" * (SIZE - 135)}})
    with (
        crowded(relay, place.port, "/fulfillment", place.hello, '"subscribed"', clients, place.log) as (
            memory,
            crowd,
        ),
        redis.Redis.from_url(place.bell) as publisher,
    ):

        def ring() -> None:
            for _ in range(BROADCASTS):
                publisher.publish("bitloot:bell", text)

        yield Side("relay", relay, crowd, "admin:job", ring, memory)


@contextmanager
def _alone_side(port: int, log: Path, clients: int) -> Iterator[Side]:
    with (
        child(python("bench.broadcaster", str(port)), {}, log, port) as server,
        crowded(server, port, "/", [], "welcome", clients, log) as (memory, crowd),
    ):
        yield Side(
            "broadcast() alone", server, crowd, "event", lambda: server.tell(f"{BROADCASTS} {SIZE}"), memory
        )


@contextmanager
def _socketio_side(folder: Path, port: int, log: Path, clients: int) -> Iterator[Side]:
    path = "/socket.io/?EIO=4&transport=websocket"
    with (
        child(node_server(folder, port), {}, log, port) as server,
        crowded(server, port, path, ["40"], '40{"sid"', clients, log) as (memory, crowd),
    ):
        yield Side(
            "Socket.IO", server, crowd, '42["event"', lambda: server.tell(f"{BROADCASTS} {SIZE}"), memory
        )


def _compression(port: int, clients: int, log: Path) -> list[Figure]:
    """What it would cost, at the library alone."""
    figures = []
    for name, more in (("off", []), ("on", ["deflate"])):
        with (
            child(python("bench.broadcaster", str(port), *more), {}, log, port) as server,
            crowded(server, port, "/", [], "", clients, log, deflate=True) as (memory, _),
        ):
            title = f"websockets alone, compression {name}: per client"
            figures.append(figure(title, "KiB", [memory / 1024]))
    return figures


def _fan_out(sides: list[Side], *, clients: int, runs: int, say: Say) -> list[Figure]:
    """Deliveries per second of the server's own processor time, since the clients take theirs beside it; and of a
    clock on the wall, which the clients share."""
    ours, other = sides
    spent: dict[str, list[float]] = {side.name: [] for side in sides}
    passed: dict[str, list[float]] = {side.name: [] for side in sides}
    told = clients * BROADCASTS
    for number in range(runs):
        for side in sides:
            side.crowd.ask(expect=told, until=side.marker)
            began, busy = time.time(), side.server.busy
            side.send()
            last = side.crowd.hear()["last"]
            spent[side.name].append(told / max(1 / TICK, side.server.busy - busy))
            passed[side.name].append(told / (last - began))
            say(f"run {number + 1}/{runs} {side.name}: {passed[side.name][-1]:,.0f} events/s")
    return [
        figure(f"relay: fan-out beside {other.name}", unit, rates[ours.name], rates[other.name])
        for unit, rates in (("1/CPU s", spent), ("1/s", passed))
    ]


def _latency(place: Place, *, clients: int, say: Say) -> list[Figure]:
    """From the move's row to its client, and a quarter of the clients back at once with their cursors."""
    orders = _orders(place, clients, 9_000_000_000)
    hellos = [[{"type": "hello", "token": place.tokens.buyer(order)}] for order in orders]
    with child(python("bench.listeners", str(place.port), "/fulfillment"), {}, place.log) as crowd:
        crowd.ask(say=hellos, until='"subscribed"')
        wanted = orders[: RATE * SECONDS]
        crowd.ask(expect=len(wanted), until="payment:confirmed", timed=True)
        _move(place, wanted)
        latencies = sorted(seconds * 1000 for seconds in crowd.hear()["latencies"])
        crowd.ask(leave=True)
        cursor = _cursor(place.url)
        back = [[message | {"cursor": cursor} for message in hello] for hello in hellos[: clients // 4]]
        seconds = crowd.ask(say=back, until='"recovered":true')["seconds"]
    say(f"{len(back)} clients back in {seconds:.2f} s")
    return [
        figure("relay: commit to client, p50", "ms", [latencies[len(latencies) // 2]]),
        figure("relay: commit to client, p99", "ms", [latencies[int(len(latencies) * 0.99)]]),
        figure(f"relay: {len(back)} clients back at once", "s", [seconds]),
    ]


def _npm_clients(node: Path, place: Place) -> list[Figure]:
    orders = _orders(place, EARS, 9_500_000_000)
    tokens = [place.tokens.buyer(order) for order in orders]
    return ws_ears(node, place.port, tokens, lambda: _move(place, orders), place.log)


def _orders(place: Place, count: int, first: int) -> list[str]:
    """Fresh orders; `first` is the number of their first payment."""
    return [seeded.order_id for seeded in seed_ours(place.url, count, first)]


def _move(place: Place, orders: list[str]) -> None:
    """Pays one order after another at the rate, each in its own commit, and rings after it."""
    connection = psycopg2.connect(place.url)
    connection.autocommit = True
    began = time.monotonic()
    with connection.cursor() as cursor, redis.Redis.from_url(place.bell) as publisher:
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

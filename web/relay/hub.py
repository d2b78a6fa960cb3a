"""Who listens to what, and the fan-out: one place in the journal that all clients share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import structlog
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from db.journal import Cursor, JournalMove
from db.revocations import Grant
from web.relay.events import moved
from web.relay.messages import Close, Key, Topic
from web.relay.metrics import Metrics
from web.relay.rights import REVOKED
from web.relay.seat import Seat

__all__ = ["Hub", "Subscription"]

log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class Subscription:
    """A client's stream about one key: every move after `after`, once.

    Until it is `live` the client's own task reads for it from the journal, and the fan-out only notes the newest
    move that it left out. The stream is whole, and goes live, once the reading has passed that one.
    """

    seat: Seat
    key: Key
    after: Cursor | None = None
    live: bool = False
    newest: Cursor | None = None

    def offer(self, cursor: Cursor) -> bool:
        """Whether the fan-out sends the move at `cursor` here."""
        if not self.live:
            self.newest = cursor
            return False
        if self.after is not None and cursor <= self.after:
            return False  # read ahead of the fan-out
        self.after = cursor
        return True

    def go_live(self) -> bool:
        """Joins the fan-out unless it has passed a move that was not read yet; whether it did."""
        behind = self.newest is not None and (self.after is None or self.newest > self.after)
        self.live = not behind
        return self.live


class Hub:
    """Nothing here awaits: a step of it is whole for every client, and none can hold up another."""

    def __init__(self, metrics: Metrics) -> None:
        self.position: Cursor | None = None  # everything up to here went through the fan-out
        self.seats: set[Seat] = set()
        self._listeners: dict[Key, set[Subscription]] = {}
        self._metrics = metrics
        self._closing: set[asyncio.Task[None]] = set()

    def enter(self, seat: Seat) -> None:
        self.seats.add(seat)
        self._metrics.connections.set(len(self.seats))

    def leave(self, seat: Seat) -> None:
        self.seats.discard(seat)
        for key in list(seat.subscriptions):
            self.drop(seat, key)
        self._metrics.connections.set(len(self.seats))

    def join(self, seat: Seat, key: Key) -> Subscription:
        """A subscription that is not live yet."""
        subscription = seat.subscriptions[key] = Subscription(seat, key)
        self._listeners.setdefault(key, set()).add(subscription)
        self._metrics.subscriptions.inc()
        return subscription

    def drop(self, seat: Seat, key: Key) -> None:
        subscription = seat.subscriptions.pop(key)
        self._listeners[key].discard(subscription)
        if not self._listeners[key]:
            del self._listeners[key]
        self._metrics.subscriptions.dec()

    def publish(self, moves: Iterable[JournalMove]) -> None:
        """Hands settled moves, in the journal's order, to whoever may see them."""
        now = time.time()
        for move in moves:
            admins: list[Seat] = []
            buyers: list[Seat] = []
            for subscription in self._about(move.order_id):
                seat = subscription.seat
                if subscription.offer(move.cursor) and seat.takes(move.order_id, now):
                    (admins if seat.rights and seat.rights.admin else buyers).append(seat)
            log.info(
                "told",
                action="told",
                order=str(move.order_id),
                seq=move.seq,
                src=move.src,
                dst=move.dst,
                clients=len(admins) + len(buyers),
            )
            if admins:
                self._send(admins, moved(move, admin=True))
            if buyers:
                self._send(buyers, moved(move, admin=False))
            self.position = move.cursor
            self._metrics.moves.inc()
            self._metrics.delivery.observe(max(0.0, now - move.at.timestamp()))

    def tell(self, topic: Topic, text: bytes) -> None:
        """Hands an unjournalled event to the listeners of `topic`."""
        now = time.time()
        found = [
            sub.seat for sub in self._listeners.get(topic, ()) if sub.live and sub.seat.takes(topic, now)
        ]
        self._send(found, text)

    def restart(self, head: Cursor) -> None:
        """Another journal has begun (a backup was restored): every client must reload."""
        self.position = head
        for seat in self.seats:
            self._show_out(seat, Close.RELOAD, "The journal was restored from a backup.")

    def grants(self) -> set[Grant]:
        """What the clients rest on."""
        return {seat.rights.grant for seat in self.seats if seat.rights}

    def withdraw(self, ended: Collection[Grant]) -> None:
        """Shows out whoever rests on one of these; nothing is sent there from now on."""
        for seat in self.seats:
            if seat.rights is not None and seat.rights.grant in ended:
                seat.rights = None
                self._show_out(seat, Close.REVOKED, REVOKED)

    def _show_out(self, seat: Seat, code: Close, reason: str) -> None:
        task = asyncio.create_task(seat.close(code, reason))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _about(self, order: UUID) -> Iterator[Subscription]:
        yield from self._listeners.get(order, ())
        yield from self._listeners.get("orders", ())

    def _send(self, seats: list[Seat], text: bytes) -> None:
        """As the library's broadcast(), but for a frame made once: uncompressed, it is alike for everybody."""
        frame = Frame(Opcode.TEXT, text).serialize(mask=False)
        for seat in seats:
            if seat.connection.protocol.state is State.OPEN:
                seat.connection.transport.write(frame)
        self._metrics.sent.inc(len(seats))

"""An order's events for those whom no WebSocket reaches: the relay's messages, from the same journal, over HTTP."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from threading import BoundedSemaphore

from falcon import HTTPError, Request, Response
from pydantic import Field

from bitloot.settings import Settings
from bitloot.shop import Shop
from bitloot.tokens import BadToken
from db import journal
from db.journal import Cursor, JournalMove
from db.rights import right_of
from web.answers import Answer, answer
from web.auth import Gate, Viewer, not_found
from web.deadline import database
from web.describe import describe
from web.errors import UNAVAILABLE
from web.relay import cursors, events
from web.relay.limits import Limits
from web.relay.start import Start, find_start

__all__ = ["Live", "RelayAddress"]

#: How long (seconds) an answer goes on; then the client asks again, with its last cursor and a token that still holds.
HOLD = 15.0

#: One thread in so many may hold an answer open; whoever finds none free gets what there is, and comes back.
SHARE = 4

#: When to come back (milliseconds): after an answer that was held, and after one that could not be.
SOON, LATER = 200, 2000


class RelayView(Answer):
    url: str = Field(description="Of the WebSocket; the token goes into its first message.")


class RelayAddress:
    """Where browsers find the relay."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.relay_address

    @describe("Where the relay is", who="anyone", tag="fulfillment", answers={200: RelayView}, refusals=[])
    def on_get(self, _req: Request, resp: Response) -> None:
        answer(resp, RelayView(url=self._url))


class Live:
    """Server-sent events. Each holds a thread while it goes on, so few do, and none for long."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._gate = gate
        self._look = shop.settings.relay_look_seconds
        self._seats = BoundedSemaphore(max(1, shop.settings.web_threads // SHARE))
        self._limits = Limits()

    @describe(
        "An order's events as they happen, as server-sent events (docs/relay.md)",
        who="buyer or admin",
        tag="fulfillment",
        answers={200: "text/event-stream"},
        headers={"Last-Event-ID": "The last cursor seen: what came after it is told first."},
        refusals=[401, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        viewer = self._gate.viewer_of(req, order_id)
        given = req.get_header("Last-Event-ID")
        with database():
            start = find_start(order_id, cursors.read(given) if given else None, self._limits)
            renewed = _renewed(viewer, order_id)
        if start is None or renewed:
            raise not_found()
        resp.content_type = "text/event-stream; charset=utf-8"
        resp.set_header("X-Accel-Buffering", "no")  # nginx would keep the events to itself
        resp.stream = self._told(req, order_id, start, asked=given is not None, admin=viewer.is_admin)

    def _told(
        self, req: Request, order_id: uuid.UUID, start: Start, *, asked: bool, admin: bool
    ) -> Iterator[bytes]:
        held = self._seats.acquire(blocking=False)
        try:
            yield b"retry: %d\n\n" % (SOON if held else LATER)
            yield _beginning(order_id, start, asked=asked)
            yield from (_event(move, admin=admin) for move in start.moves)
            after = start.moves[-1].cursor if start.moves else start.after
            if held:
                yield from self._following(req, order_id, after, admin=admin)
        finally:
            if held:
                self._seats.release()

    def _following(self, req: Request, order_id: uuid.UUID, after: Cursor, *, admin: bool) -> Iterator[bytes]:
        until = time.monotonic() + HOLD
        while (now := time.monotonic()) < until:
            try:
                viewer = self._gate.viewer_of(req, order_id)  # a right may end meanwhile
                with database():
                    if _renewed(viewer, order_id):
                        return
                    moves = journal.follow(after, self._limits.page_moves, [order_id])
            except (BadToken, HTTPError, *UNAVAILABLE):
                return  # the next request says what is the matter
            # A comment tells whether anybody is still there: writing to nobody ends this.
            yield b"".join(_event(move, admin=admin) for move in moves) or b":\n\n"
            after = moves[-1].cursor if moves else after
            if len(moves) < self._limits.page_moves:
                time.sleep(min(self._look, max(0.0, until - now)))


def _renewed(viewer: Viewer, order_id: uuid.UUID) -> bool:
    """Whether a newer link ended the one that this buyer's token came from."""
    return not viewer.is_admin and right_of(order_id).generation > viewer.generation


def _beginning(order_id: uuid.UUID, start: Start, *, asked: bool) -> bytes:
    """As the relay answers `subscribe`."""
    text = events.subscribed(
        order_id,
        recovered=start.recovered if asked else None,
        cursor=start.after,
        last=start.last,
        snapshot=not start.recovered,
    )
    return _frame("subscribed", start.after, text)


def _event(move: JournalMove, *, admin: bool) -> bytes:
    return _frame(events.event_type(move.dst), move.cursor, events.moved(move, admin=admin))


def _frame(kind: str, cursor: Cursor, text: bytes) -> bytes:
    """One event; `text` is JSON, which has no line breaks."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (cursors.write(cursor).encode(), kind.encode(), text)

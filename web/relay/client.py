"""A client of the relay: reconnects, resumes by cursor, and says when it could not."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

from bitloot.errors import Permanent
from web.relay.messages import Close

__all__ = ["Event", "RelayRefused", "Subscribed", "follow"]

FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0  # seconds

#: After these a second try would end the same way.
FINAL = frozenset(
    {Close.BAD_MESSAGE, Close.BAD_TOKEN, Close.REVOKED, Close.TOKEN_EXPIRED, Close.BINARY, Close.TOO_MANY}
)

#: What an admin follows who names no order.
EVERYTHING = ({"topic": "orders"}, {"topic": "jobs"}, {"topic": "webhooks"})


class RelayRefused(Permanent):
    """The relay will not talk to us like this: bad or expired token, no such order, wrong address."""

    default_code = "relay_refused"


@dataclass(frozen=True)
class Event:
    """Something happened. Telemetry has no cursor, id and seq."""

    type: str
    id: str | None
    cursor: str | None
    order: str | None
    seq: int | None
    at: str  # ISO 8601, UTC
    data: dict[str, Any]


@dataclass(frozen=True)
class Subscribed:
    """A stream begins, or goes on after a lost connection.

    `recovered` False: events were missed, so reload; None: there was nothing to recover. `snapshot` is the order's
    present state (`state`, `seq`, `at`), or None when everything since the cursor follows as events.
    """

    order: str | None
    topic: str | None
    recovered: bool | None
    cursor: str | None
    snapshot: dict[str, Any] | None


@dataclass
class _Place:
    """What is followed, and how far each stream was heard."""

    token: str
    first: str | None
    orders: tuple[str, ...] | None
    cursors: dict[str, str] = field(default_factory=dict)
    wait: float = FIRST_WAIT
    told_to_wait: float | None = None

    def hello(self) -> dict[str, Any]:
        known = next(iter(self.cursors.values())) if len(self.cursors) == 1 else self.first
        return _message("hello", token=self.token, cursor=known)

    def subscribe(self, key: dict[str, str]) -> dict[str, Any]:
        return _message("subscribe", **key, cursor=self.cursors.get("".join(key.values()), self.first))

    def pause(self) -> float:
        """Seconds until the next try: what the relay asked for, else doubling with jitter."""
        asked, self.told_to_wait = self.told_to_wait, None
        self.wait, now = min(LONGEST_WAIT, self.wait * 2), self.wait
        return asked if asked is not None else now * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret


async def follow(
    url: str,
    token: str | Callable[[], str],
    *,
    cursor: str | None = None,
    orders: Iterable[str] | None = None,
    unreachable: Callable[[], None] = lambda: None,
) -> AsyncGenerator[Event | Subscribed, None]:
    """Yields what the relay at `url` (ws://… or wss://…, with /fulfillment) tells, for ever.

    A buyer's token follows its order; an admin's the `orders`, or without them everything. Raises RelayRefused.
    A `token` that is a function is asked again when the last one has expired. `unreachable` is called after each try
    at which no relay answered; the next one follows by itself.
    Close the iterator (contextlib.aclosing) when leaving it early.
    """
    place = _Place(
        token if isinstance(token, str) else token(),
        cursor,
        None if orders is None else tuple(map(str, orders)),
    )
    while True:
        try:
            async with connect(url, compression=None, max_size=1 << 20, proxy=None) as connection:
                async for heard in _converse(connection, place):
                    yield heard
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code == Close.TOKEN_EXPIRED and callable(token):
                place.token = token()
            elif closed.rcvd is not None and closed.rcvd.code in FINAL:
                raise RelayRefused(f"relay: {closed.rcvd.reason}", code=_code(closed.rcvd.code)) from None
        except InvalidStatus as refused:
            if refused.response.status_code < 500:
                raise RelayRefused(f"relay: HTTP {refused.response.status_code}") from None
            unreachable()
        except InvalidURI:
            raise RelayRefused("relay: this is no address such as ws://127.0.0.1:8081/fulfillment") from None
        except (OSError, TimeoutError, WebSocketException):
            unreachable()
        await asyncio.sleep(place.pause())


async def _converse(connection: ClientConnection, place: _Place) -> AsyncIterator[Event | Subscribed]:
    await _say(connection, place.hello())
    while True:
        said: dict[str, Any] = json.loads(await connection.recv())
        match said.pop("type"):
            case "welcome":
                for key in _wanted(place.orders, said):
                    await _say(connection, place.subscribe(key))
            case "subscribed":
                place.wait = FIRST_WAIT
                _move_on(place, said["order"] if "order" in said else said["topic"], said["cursor"])
                yield Subscribed(said.get("order"), said.get("topic"), *_rest(said))
            case "error":
                raise RelayRefused(f"relay: {said['code']}", code=said["code"])
            case "reconnect":
                place.told_to_wait = float(said["after"])
            case kind if "at" in said:
                everything = "orders" in place.cursors
                _move_on(place, "orders" if everything else said["order"], said["cursor"])
                yield Event(kind, **said)


def _rest(said: dict[str, Any]) -> tuple[bool | None, str | None, dict[str, Any] | None]:
    return said["recovered"], said["cursor"], said["snapshot"]


def _move_on(place: _Place, key: str | None, cursor: str | None) -> None:
    if key is not None and cursor is not None:
        place.cursors[key] = cursor


def _wanted(orders: tuple[str, ...] | None, welcome: dict[str, Any]) -> Iterable[dict[str, str]]:
    """What is to be subscribed besides a buyer's own order, which the relay subscribes by itself."""
    if orders is None:
        return () if welcome["as"] == "buyer" else EVERYTHING
    return [{"order": order} for order in orders if order != welcome["order"]]


def _message(kind: str, **fields: str | None) -> dict[str, Any]:
    return {"type": kind, **{name: value for name, value in fields.items() if value is not None}}


async def _say(connection: ClientConnection, message: dict[str, Any]) -> None:
    await connection.send(json.dumps(message))


def _code(number: int) -> str:
    return Close(number).name.lower()

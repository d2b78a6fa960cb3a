"""The conversation with one client, from its first message to its last."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from pydantic import SecretStr
from websockets.exceptions import ConnectionClosed

from bitloot.errors import Retryable
from bitloot.tokens import Tokens
from db.journal import JournalMove
from web.relay import cursors, events
from web.relay.hub import Hub, Subscription
from web.relay.limits import Limits
from web.relay.messages import (
    Close,
    Cut,
    Hello,
    Key,
    Message,
    Ping,
    Refresh,
    Subscribe,
    Unsubscribe,
    understand,
)
from web.relay.metrics import Metrics
from web.relay.reading import Reading
from web.relay.rights import REVOKED, Rights, rights_of
from web.relay.seat import Seat
from web.relay.start import Start

__all__ = ["Session"]


class Session:
    """Answers one message at a time, so that a client has at most one question open at the database."""

    def __init__(
        self, seat: Seat, *, hub: Hub, reading: Reading, tokens: Tokens, metrics: Metrics, limits: Limits
    ) -> None:
        self._seat = seat
        self._hub = hub
        self._reading = reading
        self._tokens = tokens
        self._metrics = metrics
        self._limits = limits
        self._resume: str | None = None  # the cursor of hello, for the first subscription to each key
        self._met: set[Key] = set()
        self._clock: asyncio.Timeout

    async def run(self) -> None:
        """Returns when the connection has ended, whoever ended it."""
        self._hub.enter(self._seat)
        try:
            await self._converse(await self._greeting())
        except Cut as cut:
            await self._seat.close(cut.code, cut.reason)
        except Retryable:
            await self._seat.close(Close.TRY_LATER, "The journal cannot be read now.")
        except ConnectionClosed:
            pass
        finally:
            self._hub.leave(self._seat)

    async def _greeting(self) -> Rights:
        """The first message must carry a token, and soon."""
        try:
            async with asyncio.timeout(self._limits.hello_seconds):
                message = await self._next()
        except TimeoutError:
            raise Cut(Close.HELLO_TIMEOUT, "Nobody said who they are.") from None
        if not isinstance(message, Hello):
            raise Cut(Close.BAD_MESSAGE, "The first message is hello.")
        self._resume = message.cursor
        return await self._rights_of(message.token)

    async def _rights_of(self, token: SecretStr) -> Rights:
        rights = rights_of(self._tokens, token.get_secret_value())
        if await self._reading.ended([rights.grant]):
            raise Cut(Close.REVOKED, REVOKED)
        return rights

    async def _converse(self, rights: Rights) -> None:
        """Until the token expires, however busy or quiet the client is."""
        self._admit(rights)
        try:
            async with asyncio.timeout(rights.expires - time.time()) as clock:
                self._clock = clock
                await self._seat.say(events.welcome(rights))
                if rights.order is not None:
                    await self._subscribe(rights.order, None)
                while True:
                    await self._answer(await self._next())
        except TimeoutError:
            if not clock.expired():
                raise
            raise Cut(Close.TOKEN_EXPIRED, "This token has expired.") from None

    async def _next(self) -> Message:
        return understand(await self._seat.connection.recv())

    async def _answer(self, message: Message) -> None:
        match message:
            case Subscribe():
                await self._subscribe(message.key, message.cursor)
            case Unsubscribe():
                await self._unsubscribe(message.key)
            case Ping():
                await self._seat.say(events.message("pong"))
            case Hello():
                raise Cut(Close.BAD_MESSAGE, "Hello was said already.")
            case Refresh():
                await self._refresh(message.token)

    async def _refresh(self, token: SecretStr) -> None:
        """The connection goes on until the new token expires, with the same rights or none."""
        rights = await self._rights_of(token)
        if self._seat.rights is None or not rights.same_as(self._seat.rights):
            raise Cut(Close.BAD_TOKEN, "This token is somebody else's.")
        self._admit(rights)
        self._clock.reschedule(asyncio.get_running_loop().time() + rights.expires - time.time())
        await self._seat.say(events.message("refreshed", expires=int(rights.expires)))

    def _admit(self, rights: Rights) -> None:
        self._seat.rights = rights
        if self._seat.connection.crowd is not None:
            self._seat.connection.crowd.recognise(self._seat.connection)

    async def _subscribe(self, key: Key, cursor: str | None) -> None:
        if not self._may(key):
            await self._refuse("not_found", key)
        elif self._covered(key):
            await self._refuse("already_subscribed", key)
        elif len(self._seat.subscriptions) >= self._limits.subscriptions:
            raise Cut(Close.TOO_MANY, "Too many subscriptions.")
        else:
            given = cursor if cursor is not None or key in self._met else self._resume
            self._met.add(key)
            subscription = self._hub.join(self._seat, key)
            if not await self._open(subscription, given):
                self._hub.drop(self._seat, key)
                await self._refuse("not_found", key)

    async def _open(self, subscription: Subscription, given: str | None) -> bool:
        """The present state, or what was missed; then the stream. False if there is no such order."""
        key = subscription.key
        if key in ("jobs", "webhooks"):
            subscription.live = True
            await self._tell_start(key, given, None)
            return True
        order = key if isinstance(key, UUID) else None
        self._metrics.catch_ups.inc()
        start = await self._reading.start(order, cursors.read(given) if given is not None else None)
        if start is None:
            return False
        subscription.after = start.after
        await self._tell_start(key, given, start)
        await self._catch_up(subscription, start.moves)
        return True

    async def _catch_up(self, subscription: Subscription, moves: list[JournalMove]) -> None:
        """Sends what was read, reads on while there is more, and joins the fan-out without a gap or a repeat."""
        admin = self._seat.rights is not None and self._seat.rights.admin
        order = subscription.key if isinstance(subscription.key, UUID) else None
        while True:
            for move in moves:
                if not self._may(subscription.key):
                    raise Cut(Close.BAD_TOKEN, "This token gives no right here.")
                await self._seat.say(events.moved(move, admin=admin))
                subscription.after = move.cursor
                self._metrics.sent.inc()
                self._metrics.replayed.inc()
            if len(moves) < self._limits.page_moves and subscription.go_live():
                return
            assert subscription.after is not None  # noqa: S101 - set by _open
            self._metrics.catch_ups.inc()
            moves = await self._reading.page(subscription.after, order)

    async def _tell_start(self, key: Key, given: str | None, start: Start | None) -> None:
        recovered = None if given is None else start is not None and start.recovered
        self._metrics.joins.labels("asked_nothing" if recovered is None else str(recovered).lower()).inc()
        await self._seat.say(
            events.subscribed(
                key,
                recovered=recovered,
                cursor=start.after if start else None,
                last=start.last if start else None,
                snapshot=isinstance(key, UUID) and not recovered,
            )
        )

    async def _unsubscribe(self, key: Key) -> None:
        if key not in self._seat.subscriptions:
            await self._refuse("not_subscribed", key)
            return
        self._hub.drop(self._seat, key)
        await self._seat.say(events.message("unsubscribed", **events.named(key)))

    async def _refuse(self, code: str, key: Key) -> None:
        """One answer for what is not theirs and what is not there."""
        await self._seat.say(events.message("error", code=code, **events.named(key)))

    def _may(self, key: Key) -> bool:
        """Raises Cut where the right as such has ended: that is never told as if the key were not there."""
        now, rights = time.time(), self._seat.rights
        if rights is None:
            raise Cut(Close.REVOKED, REVOKED)
        if now >= rights.expires:
            raise Cut(Close.TOKEN_EXPIRED, "This token has expired.")
        return rights.may(key, now)

    def _covered(self, key: Key) -> bool:
        """Whether a move would reach this client twice: the topic `orders` holds every single order."""
        have = self._seat.subscriptions
        if isinstance(key, UUID):
            return key in have or "orders" in have
        return key in have or (key == "orders" and any(isinstance(other, UUID) for other in have))

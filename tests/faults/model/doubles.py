"""The strangers of the model: a gateway, a store and a mailer that do on command what strangers do.

Each keeps a ledger of its own, so that BitLoot's tables are never their own witness.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pydantic import SecretStr

from bitloot.errors import Ambiguous, Blocked, Permanent, Retryable, Unheard
from bitloot.gateways.base import PaymentNews, PaymentOpened, PaymentRequest
from bitloot.gateways.nowpayments import NowPayments
from bitloot.mail.base import Letter
from bitloot.states import PaymentState

__all__ = ["Killed", "MemoryStore", "ScriptedGateway", "ScriptedMailer", "Stranger"]


class Killed(BaseException):
    """The process died here: nothing of ours may catch it."""


@dataclass
class Stranger:
    """What all of them share: one mood for the next call of each kind, and somebody who looks at each call."""

    clock: Callable[[], float]  # virtual seconds
    watch: Callable[[str], None]  # called with "<who>.<call>" when a call of ours arrives
    moods: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    struck: int = 0  # how many calls met a mood, over all stories

    def arrive(self, who: str, call: str) -> str:
        """The mood for this call; moods that come before any effect are raised here."""
        self.watch(f"{who}.{call}")
        mood = self.moods[call].popleft() if self.moods[call] else ""
        self.struck += bool(mood)
        if mood == "retryable":
            raise Retryable(f"{who}: not now")
        if mood == "blocked":
            raise Blocked(f"{who}: our account", code="no_balance")
        if mood == "permanent":
            raise Permanent(f"{who}: never like this", code="refused")
        if mood == "lost_before":
            raise Ambiguous(f"{who}: the connection was lost")
        if mood == "killed_before":
            raise Killed(f"{who}.{call}")
        return mood

    def leave(self, who: str, call: str, mood: str) -> None:
        """Moods that come after the effect."""
        if mood == "lost_after":
            raise Ambiguous(f"{who}: the connection was lost")
        if mood == "broken_after":
            raise OSError(f"{who}: something that nobody foresaw")
        if mood == "killed_after":
            raise Killed(f"{who}.{call}")


class ScriptedGateway(NowPayments, Stranger):
    """Reads and opens payments by its own book; judges the signatures of notices as the real adapter does."""

    def __init__(self, secret: str, *, clock: Callable[[], float], watch: Callable[[str], None]) -> None:
        NowPayments.__init__(self, "http://127.0.0.1:9/v1", SecretStr("unused"), SecretStr(secret))
        Stranger.__init__(self, clock, watch)
        self.book: dict[str, PaymentNews] = {}  # what is true
        self.told: list[PaymentNews] = []  # what it answered to our questions

    def forget(self) -> None:
        self.book.clear()
        self.told.clear()
        self.moods.clear()

    def create_payment(self, request: PaymentRequest) -> PaymentOpened:
        self.arrive("gateway", "create_payment")
        number = str(5_000_000_000 + len(self.book))
        self.book[number] = PaymentNews(
            payment_id=number,
            state=PaymentState.WAITING,
            order_id=request.order_id,
            price=request.price,
            currency=request.currency,
            pay_amount=Decimal("0.0005"),
            pay_currency=request.pay_currency,
            actually_paid=Decimal(0),
        )
        return PaymentOpened(
            number, "bc1qmodel", None, Decimal("0.0005"), request.pay_currency, None, PaymentState.WAITING
        )

    def read_payment(self, payment_id: str) -> PaymentNews:
        mood = self.arrive("gateway", "read_payment")
        if payment_id not in self.book:
            raise Permanent("gateway: no such payment", code="not_found")
        news = self.book[payment_id]
        if mood == "stale":
            news = replace(news, state=PaymentState.CONFIRMING, actually_paid=Decimal(0))
        elif mood == "less":
            news = replace(news, actually_paid=Decimal("0.0001"))
        self.told.append(news)
        return news


class MemoryStore(Stranger):
    """Objects in a dictionary."""

    name = "memory"

    def __init__(self, *, clock: Callable[[], float], watch: Callable[[str], None]) -> None:
        super().__init__(clock, watch)
        self.objects: dict[str, bytes] = {}

    def forget(self) -> None:
        self.objects.clear()
        self.moods.clear()

    def put_once(self, name: str, data: bytes) -> bool:
        mood = self.arrive("store", "put_once")
        new = name not in self.objects
        self.objects.setdefault(name, data)
        if mood == "lost_after":  # a put of the same object may be repeated: the protocol says Retryable
            raise Retryable("store: the answer was lost")
        self.leave("store", "put_once", mood)
        return new

    def get(self, name: str) -> bytes:
        self.arrive("store", "get")
        if name not in self.objects:
            raise Permanent("store: no such object", code="object_missing")
        return self.objects[name]

    def exists(self, name: str) -> bool:
        self.arrive("store", "exists")
        return name in self.objects

    def delete(self, name: str) -> None:
        self.arrive("store", "delete")
        self.objects.pop(name, None)

    def signed_link(self, name: str, seconds: int) -> str:
        return f"memory:{name}"

    def health(self) -> None:
        return


class ScriptedMailer(Stranger):
    """Knows a letter by its key for 24 hours, as Resend does, if `repeats_safely`; else it sends what it is given."""

    name = "scripted"
    MEMORY = 86_400.0

    def __init__(self, *, clock: Callable[[], float], watch: Callable[[str], None]) -> None:
        super().__init__(clock, watch)
        self.repeats_safely = True
        self.sent: list[tuple[str, Letter]] = []  # what reached a buyer
        self._known: dict[str, float] = {}

    def forget(self) -> None:
        self.sent.clear()
        self._known.clear()
        self.moods.clear()
        self.repeats_safely = True

    def send(self, letter: Letter, idempotency_key: str) -> str:
        mood = self.arrive("mailer", "send")
        known = self._known.get(idempotency_key)
        remembered = self.repeats_safely and known is not None and known + self.MEMORY > self.clock()
        if not remembered:
            self.sent.append((idempotency_key, letter))
            self._known[idempotency_key] = self.clock()
        if mood == "lost_after" and self.repeats_safely:
            raise Unheard("mailer: the answer was lost")
        self.leave("mailer", "send", mood)
        return f"M-{len(self.sent)}"

    def health(self) -> None:
        return

    def per_key(self) -> Counter[str]:
        return Counter(key for key, _ in self.sent)

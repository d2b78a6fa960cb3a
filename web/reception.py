"""Where notices arrive: read, measured, judged by their sender's address; what is refused is kept for diagnosis."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from falcon import Request

from bitloot.errors import BadSignature, Malformed
from bitloot.senders import FOREIGN, Senders
from bitloot.shop import Shop
from db.notices import KEPT_HEADERS
from db.refused import keep_refused
from web.auth import address_of
from web.body import read_body
from web.deadline import database
from web.errors import Problem
from web.metrics import NOTICES

__all__ = ["Delivery", "Reception"]

log = structlog.get_logger(__name__)

#: Refused deliveries that one process keeps a second, and at once; strangers pay for no more of our disk.
RATE, BURST = 5.0, 20.0

#: The database's part in keeping one (seconds): the answer is a refusal whether it is kept or not.
SECONDS = 0.5

#: The headers that say something about a notice, and where WSGI has them: forty others need not be looked at.
TOLD = {
    name: ("" if name == "content-type" else "HTTP_") + name.upper().replace("-", "_")
    for name in sorted(KEPT_HEADERS)
}


@dataclass
class Delivery:
    """One request of a sender. `source` is whom it claims to come from."""

    source: str
    address: str
    headers: Mapping[str, str]  # those that are kept, their names in lower case
    body: bytes = b""
    size: int = 0  # bytes: of the body, or announced
    began: float = field(default_factory=time.monotonic)


class Reception:
    """Shared by all handlers of one process."""

    def __init__(self, shop: Shop) -> None:
        self._vault = shop.vault
        self._senders = Senders(shop.settings)
        self._allowance = _Allowance()

    @contextmanager
    def delivery(self, req: Request, source: str) -> Iterator[Delivery]:
        """The request with its body, to be verified and understood inside. What is raised there because of the
        sender is kept beside its refusal, and goes on to become the answer."""
        env = req.env
        told = {name: env[key] for name, key in TOLD.items() if key in env}
        arrived = Delivery(source, address_of(req), told)
        try:
            arrived.size = req.content_length or 0
            arrived.body = read_body(req)
            arrived.size = len(arrived.body)
            yield arrived
        except (BadSignature, Malformed) as refusal:
            self._refused(arrived, refusal.code)
            raise
        except Problem as refusal:
            self._refused(arrived, str(refusal.document["code"]))
            raise

    def verdict(self, delivery: Delivery) -> str:
        """What the sender's address says. Raises Problem 403 where the settings refuse strangers."""
        verdict = self._senders.verdict(delivery.source, delivery.address)
        if verdict == FOREIGN:
            log.info(
                "a notice from an address that its source is not known to use",
                action="notice_foreign",
                source=delivery.source,
                address=delivery.address,
            )
            if self._senders.refuses:
                raise Problem(403, "foreign_sender", "Notices are not taken from this address.")
        return verdict

    def _refused(self, delivery: Delivery, verdict: str) -> None:
        NOTICES.labels(delivery.source, "refused").inc()
        log.warning(
            "a notice was refused",
            action="notice_refused",
            source=delivery.source,
            verdict=verdict,
            size=delivery.size,
            address=delivery.address,
        )
        if not self._allowance.take():
            return
        try:
            with database(SECONDS):
                keep_refused(
                    self._vault,
                    source=delivery.source,
                    verdict=verdict,
                    headers=delivery.headers,
                    body=delivery.body,
                    size=delivery.size,
                    address=delivery.address,
                )
        except Exception as error:  # a refusal must not become a 5xx because it could not be kept
            log.warning("a refused notice was not kept", action="refused_lost", error=type(error).__name__)


class _Allowance:
    """RATE a second, up to BURST saved."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = BURST
        self._at = time.monotonic()

    def take(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._left = min(BURST, self._left + (now - self._at) * RATE)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True

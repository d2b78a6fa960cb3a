"""NOWPayments tells us about money: verify, understand, record, hand on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

import structlog
from falcon import Request, Response

from actors import courier
from actors.bell import ring
from actors.reserve import reserve
from bitloot.gateways.base import OtherNews, PaymentNews
from bitloot.shop import Shop
from bitloot.states import OrderState
from bitloot.story import learn
from db import NewNotice, Taken, Terms, keep_notice, seal_notice
from web.answers import Ok, answer
from web.deadline import database
from web.describe import describe
from web.errands import Errands
from web.intake import Intake
from web.limits import NOTICE_SECONDS
from web.metrics import NOTICES
from web.reception import Delivery, Reception

__all__ = ["Ipn"]

log = structlog.get_logger(__name__)


class Ipn:
    """200 means: it is stored. Repeats and payments that we do not know get the same answer."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        settings = shop.settings
        self._reception = Reception(shop)
        self._errands = Errands()
        self._intake = Intake(
            Terms(shop.gateway.name, settings.payment_tolerance, "ipn", settings.payment_poll_seconds)
        )

    @describe(
        "A notice about a payment",
        who="NOWPayments",
        tag="notices",
        raw_body=True,
        headers={"x-nowpayments-sig": "HMAC-SHA512 of the sorted body, with the IPN secret."},
        answers={200: Ok},
        refusals=[400, 401, 403, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        with self._reception.delivery(req, self._shop.gateway.name) as delivery:
            verdict = self._reception.verdict(delivery)
            news = self._shop.gateway.parse_ipn(delivery.headers, delivery.body)
        notice = self._seal(news, delivery, verdict)
        taken = self._take(news, notice)
        learn(taken.order_id)
        if taken.outcome == "late":
            log.info(
                "late news changed nothing",
                action="notice_late",
                order=str(taken.order_id),
                told=notice.event,
            )
        if taken.outcome == "locked":
            log.warning(
                "an order was locked; its notice is kept and runs again",
                action="notice_locked",
                told=notice.event,
            )
        self._tell(taken, notice)
        NOTICES.labels(notice.source, taken.outcome).inc()
        answer(resp, Ok())

    def _tell(self, taken: Taken, notice: NewNotice) -> None:
        heard = {"source": notice.source, "event": notice.event, "outcome": taken.outcome}
        errands: list[Callable[[], None]] = []
        if taken.dst is OrderState.PAID:
            errands.append(partial(courier.send, courier.message_to(reserve, str(taken.order_id))))
        if taken.dst is not None:
            errands.append(ring)
        self._errands.add(*errands, partial(ring, "webhook:received", heard))

    def _seal(self, news: PaymentNews | OtherNews, delivery: Delivery, verdict: str) -> NewNotice:
        event, external_id, proof = _told(news)
        told = hashlib.sha256(f"{external_id or ''}\n{event}\n".encode() + delivery.body)
        return seal_notice(
            self._shop.vault,
            source=self._shop.gateway.name,
            event=event,
            external_id=external_id,
            digest=told.hexdigest(),
            proof=proof,
            headers=delivery.headers,
            body=delivery.body,
            address=delivery.address,
            verdict=verdict,
            began=delivery.began,
            told_at=news.updated_at if isinstance(news, PaymentNews) else None,
        )

    def _take(self, news: PaymentNews | OtherNews, notice: NewNotice) -> Taken:
        if isinstance(news, PaymentNews):
            return self._intake.take(news, notice)
        with database(NOTICE_SECONDS):
            return Taken("ignored" if keep_notice(notice, None, "ignored") else "repeat")


def _told(news: PaymentNews | OtherNews) -> tuple[str, str | None, str]:
    """(event, the gateway's id of the thing, how the sender proved itself)."""
    if isinstance(news, PaymentNews):
        return str(news.state), news.payment_id, news.proof or "signature"
    return news.kind, news.external_id, "signature"

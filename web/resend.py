"""Resend tells us what became of a letter: its fate is noted, and of a bad one an operator hears."""

from __future__ import annotations

import hashlib

import falcon
import structlog
from falcon import Request, Response

from actors.bell import ring
from bitloot.mail.svix import MailNews, check_signature, parse_news
from bitloot.shop import Shop
from db import NewNotice, seal_notice
from db.letter_fates import take_fate
from web.deadline import database
from web.describe import describe
from web.limits import NOTICE_SECONDS
from web.metrics import NOTICES
from web.reception import Delivery, Reception

__all__ = ["ResendWebhooks"]

log = structlog.get_logger(__name__)

SOURCE = "resend"


class ResendWebhooks:
    """204 means: it is stored. Repeats, and news of mails that are not ours, get the same answer."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._reception = Reception(shop)

    @describe(
        "A notice about a letter",
        who="Resend",
        tag="notices",
        raw_body=True,
        headers={
            "svix-id": "The message; the same for each repeat.",
            "svix-timestamp": "Seconds since 1970, at most five minutes away.",
            "svix-signature": "v1,<HMAC-SHA256 of id.timestamp.body>; several by spaces.",
        },
        answers={204: None},
        codes={401: ["stale_signature"]},
        refusals=[400, 401, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        with self._reception.delivery(req, SOURCE) as delivery:
            secret = self._shop.settings.resend_webhook_secret
            message = check_signature(secret, delivery.headers, delivery.body)
            news = parse_news(delivery.body)
        with database(NOTICE_SECONDS):
            taken = take_fate(self._seal(news, message, delivery), news)
        if taken.asked:
            log.error("a letter did not reach its buyer", action="letter_lost", order=str(taken.order_id))
        ring("webhook:received", {"source": SOURCE, "event": news.event, "outcome": taken.outcome})
        NOTICES.labels(SOURCE, taken.outcome).inc()
        resp.status = falcon.HTTP_204

    def _seal(self, news: MailNews, message: str, delivery: Delivery) -> NewNotice:
        """A repeat is known by its message: the body may be written anew."""
        return seal_notice(
            self._shop.vault,
            source=SOURCE,
            event=news.event,
            external_id=news.letter_ref,
            digest=hashlib.sha256(message.encode()).hexdigest(),
            proof="signature",
            headers=delivery.headers,
            body=delivery.body,
            address=delivery.address,
            began=delivery.began,
        )

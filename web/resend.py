"""Resend tells us what became of a letter: its fate is noted, and of a bad one an operator hears."""

from __future__ import annotations

import hashlib

import falcon
import structlog
from falcon import Request, Response

from actors.bell import ring
from bitloot.mail.svix import check_signature, parse_news
from bitloot.shop import Shop
from db import seal_notice
from db.letter_fates import take_fate
from web.auth import address_of
from web.body import read_body
from web.deadline import database
from web.describe import describe
from web.limits import NOTICE_SECONDS
from web.metrics import NOTICES

__all__ = ["ResendWebhooks"]

log = structlog.get_logger(__name__)


class ResendWebhooks:
    """204 means: it is stored. Repeats, and news of mails that are not ours, get the same answer."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

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
        refusals=[400, 401, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        body = read_body(req)
        headers = {name.lower(): value for name, value in req.headers.items()}
        message = check_signature(self._shop.settings.resend_webhook_secret, headers, body)
        news = parse_news(body)
        notice = seal_notice(
            self._shop.vault,
            source="resend",
            event=news.event,
            external_id=news.letter_ref,
            digest=hashlib.sha256(message.encode()).hexdigest(),
            proof="signature",
            headers=headers,
            body=body,
            address=address_of(req),
        )
        with database(NOTICE_SECONDS):
            taken = take_fate(notice, news)
        if taken.asked:
            log.error("a letter did not reach its buyer", action="letter_lost", order=str(taken.order_id))
        ring("webhook:received", {"source": "resend", "event": news.event, "outcome": taken.outcome})
        NOTICES.labels("resend", taken.outcome).inc()
        resp.status = falcon.HTTP_204

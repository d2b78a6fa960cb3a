"""Kinguin tells us about an order, and tells an admin where a reservation stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import falcon
import structlog
from falcon import Request, Response

from actors.bell import ring
from actors.courier import post
from actors.hints import step_for
from bitloot.errors import BadSignature, BitLootError
from bitloot.shop import Shop
from bitloot.story import learn
from bitloot.suppliers.base import Hint, Supplier
from db import keep_hint, seal_notice
from db.hints import Hinted
from db.purchase_list import PurchaseFacts, purchases_by_reference
from web.admin.answers import Reservation
from web.answers import Answer, answer
from web.auth import Gate, not_found
from web.deadline import database
from web.describe import describe
from web.limits import NOTICE_SECONDS
from web.metrics import NOTICES
from web.patience import Patience, TooSlow
from web.reception import Reception

__all__ = ["KinguinStatus", "KinguinWebhooks"]

log = structlog.get_logger(__name__)

#: The source of a webhook that looks like no supplier's.
UNCLAIMED = "unclaimed"

#: How long (seconds) an admin waits for the supplier's word.
LIVE_SECONDS = 5.0


class KinguinWebhooks:
    """A hint that something changed there. It moves nothing: the worker asks over the API. 204 means: it is stored."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._reception = Reception(shop)

    @describe(
        "A notice about an order at Kinguin",
        who="Kinguin",
        tag="notices",
        raw_body=True,
        headers={
            "X-Event-Secret": "eCommerce API: the shared secret.",
            "X-KINGUIN-SIGNATURE": "Reservations: HMAC of the body, SHA-512 or SHA-256 per setting.",
            "X-Auth-Token": "Reservations, where so set: the shared secret.",
        },
        answers={204: None},
        refusals=[400, 401, 403, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        with self._reception.delivery(req, UNCLAIMED) as delivery:
            supplier = self._claimant(delivery.headers)
            delivery.source = supplier.name
            verdict = self._reception.verdict(delivery)
            hint = supplier.parse_webhook(delivery.headers, delivery.body)
        notice = seal_notice(
            self._shop.vault,
            source=supplier.name,
            event=hint.event,
            external_id=hint.supplier_ref,
            digest=hint.digest,
            proof=hint.proof,
            headers=delivery.headers,
            body=delivery.body,
            address=delivery.address,
            verdict=verdict,
            began=delivery.began,
            told_at=hint.updated_at,
        )
        with database(NOTICE_SECONDS):
            fresh, about = keep_hint(notice, hint)
        learn(about and about.order_id)
        step = step_for(about, hint, supplier) if fresh and about is not None else None
        if about is not None and step is not None:
            post(step, str(about.order_id))
        outcome = _outcome(hint, fresh, about)
        if about is not None and outcome == "late":
            log.info(
                "late news changed nothing", action="notice_late", order=str(about.order_id), told=hint.event
            )
        ring("webhook:received", {"source": supplier.name, "event": hint.event, "outcome": outcome})
        NOTICES.labels(supplier.name, outcome).inc()
        resp.status = falcon.HTTP_204

    def _claimant(self, headers: Mapping[str, str]) -> Supplier:
        for supplier in self._shop.suppliers.values():
            if supplier.claims(headers):
                return supplier
        raise BadSignature("no supplier's webhook looks like this")


def _outcome(hint: Hint, fresh: bool, about: Hinted | None) -> str:
    if not fresh:
        return "repeat"
    if not hint.relevant:
        return "ignored"
    if about is None:
        return "unmatched"
    return "late" if about.late else "matched"


class Live(Answer):
    """The supplier's own word, or why there is none."""

    status: str | None = None
    keys_ready: int | None = None
    keys_expected: int | None = None
    updated_at: datetime | None = None
    error: str | None = None


class ReservationStatus(Answer):
    reservation_id: str
    purchases: list[Reservation]
    live: Live


class KinguinStatus:
    """Where a purchase stands here, and at the supplier."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._shop = shop
        self._gate = gate
        self._patience = Patience(at_once=2, seconds=LIVE_SECONDS)

    @describe(
        "Where a reservation stands, here and at the supplier",
        who="admin",
        tag="admin",
        answers={200: ReservationStatus},
        refusals=[401, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, reservation_id: str) -> None:
        self._gate.admin(req)
        if not reservation_id.isprintable():
            raise not_found()
        with database():
            found = purchases_by_reference(reservation_id)
        if not found:
            raise not_found()
        answer(
            resp,
            ReservationStatus(
                reservation_id=reservation_id,
                purchases=[Reservation.model_validate(purchase) for purchase in found],
                live=self._ask(found[-1]),
            ),
        )

    def _ask(self, purchase: PurchaseFacts) -> Live:
        supplier = self._shop.suppliers.get(purchase.supplier)
        reference = purchase.supplier_ref
        if supplier is None or reference is None:
            return Live(error="supplier_off" if supplier is None else "not_placed")
        try:
            standing = self._patience.ask(lambda: supplier.status(reference))
        except TooSlow:
            return Live(error="too_slow")
        except BitLootError as error:
            return Live(error=error.code)
        return Live(
            status=str(standing.status),
            keys_ready=standing.keys_ready,
            keys_expected=standing.keys_expected,
            updated_at=standing.updated_at,
        )

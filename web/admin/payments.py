"""GET /admin/payments/{id}: one payment with its notices."""

from __future__ import annotations

import uuid

from falcon import Request, Response

from db.notice_list import NOTICES
from db.payment_list import PAYMENTS
from web.admin.answers import Notice
from web.admin.row_answers import PaymentRow
from web.answers import answer
from web.auth import Gate, not_found
from web.deadline import database
from web.describe import describe

__all__ = ["AdminPayment"]

#: Notices that are told; /admin/webhook-logs?externalId= tells all.
MOST = 100


class WholePayment(PaymentRow):
    """With what its gateway sent about it, newest first."""

    notices: list[Notice]


class AdminPayment:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "One payment, with its notices",
        who="admin",
        tag="admin",
        answers={200: WholePayment},
        refusals=[401, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, payment_id: uuid.UUID) -> None:
        self._gate.admin(req)
        with database():
            found = PAYMENTS.one(payment_id)
            if found is None:
                raise not_found()
            about = {"source": found.gateway, "external_id": found.gateway_payment_id}
            notices = NOTICES.batch(about, limit=MOST)[0]
        payment = PaymentRow.model_validate(found).model_dump(by_alias=False)
        told = [Notice.model_validate(notice) for notice in notices]
        answer(resp, WholePayment(**payment, notices=told))

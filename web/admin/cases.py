"""GET /admin/cases/{id}, and POST …/resolve."""

from __future__ import annotations

import uuid

from falcon import Request, Response

from actors import workshop
from actors.courier import post
from actors.resolve import resolve, step_after
from bitloot.shop import Shop
from db.cases import case_facts
from db.resolutions import Refused, Resolved
from web.admin.case_answers import CaseView, Resolution, ResolvedView, case_view
from web.admin.once import once
from web.answers import answer
from web.auth import MAY_ACT, Gate, Viewer, not_found
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record

__all__ = ["CaseResolve", "OneCase"]

#: Refusals by code; the others are about the state of things.
STATUS = {"not_found": 404, "no_basis": 422, "no_reference": 422}

#: An answer about a purchase waits for its supplier meanwhile.
SECONDS = 60.0


class OneCase:
    """One question: its figures, and what may be done about it now."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe("One case", who="admin", tag="admin", answers={200: CaseView}, refusals=[401, 403, 404, 503])
    def on_get(self, req: Request, resp: Response, case_id: uuid.UUID) -> None:
        self._gate.admin(req)
        with database():
            found = case_facts(case_id)
        if found is None:
            raise not_found()
        answer(resp, case_view(found))


class CaseResolve:
    """A person's answer; it takes effect once."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        workshop.use(shop)  # a supplier is asked before its purchase is settled
        self._gate = gate

    @once
    @describe(
        "Answer a case",
        who="admin",
        tag="admin",
        body=Resolution,
        answers={200: ResolvedView},
        codes={
            409: ["not_now", "already_resolved", "buying_now", "not_manual"],
            422: ["no_basis", "no_reference"],
        },
        refusals=[400, 401, 403, 404, 409, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response, case_id: uuid.UUID) -> None:
        admin = self._gate.admin(req, MAY_ACT)
        asked = read_model(req, Resolution)
        with database(SECONDS):
            done = self._resolve(req, admin, case_id, asked)
        if (step := step_after(done, asked.move)) is not None:
            post(step, str(done.case.order_id))
        view = case_view(done.case)
        answer(resp, ResolvedView(case=view, moved_from=str(done.src), waits_for=list(done.waits_for)))

    def _resolve(self, req: Request, admin: Viewer, case_id: uuid.UUID, asked: Resolution) -> Resolved:
        """Who asked for what is recorded, also where it was refused."""
        told = {"case": str(case_id), "move": asked.move, "reason": asked.reason, "basis": asked.given()}
        try:
            done = resolve(case_id, asked.move, who=admin.label, reason=asked.reason, basis=asked.given())
        except Refused as error:
            found = case_facts(case_id)
            record(req, admin, found.order_id if found else None, "resolve", error.code, told)
            raise Problem(STATUS.get(error.code, 409), error.code, str(error), **error.facts) from None
        record(req, admin, done.case.order_id, "resolve", "granted", told)
        return done

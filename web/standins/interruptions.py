"""What the plan's faults do to a call: Falcon middleware around every resource that names its points."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from falcon import Request, Response

from web.standins.faults import AFTER_EFFECT, BEFORE_EFFECT, FINAL, Fault, Faults
from web.standins.wire import Wire

__all__ = ["Interruptions"]


class Interruptions:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def process_resource(self, req: Request, resp: Response, resource: Any, params: dict[str, Any]) -> None:
        self._interrupt(req, resp, resource, BEFORE_EFFECT, after=False)

    def process_response(self, req: Request, resp: Response, resource: Any, req_succeeded: bool) -> None:
        if resource is not None and req_succeeded and not resp.complete and resp.status_code < 400:
            self._interrupt(req, resp, resource, AFTER_EFFECT, after=True)

    def _interrupt(
        self, req: Request, resp: Response, resource: Any, kinds: frozenset[str], *, after: bool
    ) -> None:
        point = getattr(resource, "points", {}).get(req.method)
        if point is None:
            return
        text = f"{req.relative_uri} {req.env['standins.body'].decode('utf-8', 'replace')}"
        for fault in self._faults.take(point, kinds, text, after=after):
            self._happen(fault, req, resp)
            resp.complete = resp.complete or fault.kind in FINAL

    def _happen(self, fault: Fault, req: Request, resp: Response) -> None:
        wire: Wire = req.env["standins.wire"]
        if fault.kind == "drip":
            wire.pace = fault.seconds
            return
        time.sleep(fault.seconds)
        if fault.kind.startswith("drop"):
            wire.end, wire.cut = fault.how, fault.cut if fault.kind == "drop_after_effect" else "headers"
        elif fault.kind == "truncate":
            resp.text = (resp.text or "")[: len(resp.text or "") // 2]
        elif fault.kind == "status":
            resp.status, resp.text, resp.content_type = fault.status, fault.body, fault.content_type
            resp.set_headers(_headers(fault, req))


def _headers(fault: Fault, req: Request) -> dict[str, str]:
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        moment = datetime.now(UTC) + timedelta(seconds=fault.retry_after)
        headers["Retry-After"] = (
            format_datetime(moment, usegmt=True) if fault.retry_date else str(fault.retry_after)
        )
    if 300 <= fault.status < 400:
        headers.setdefault("Location", req.uri)  # here again: who follows it does the same once more
    return headers

"""GET /admin/key-audit/{orderId}/export: an order's access records as a file."""

from __future__ import annotations

import uuid
from typing import Literal

from falcon import Request, Response
from pydantic import BaseModel, ConfigDict

from bitloot.exports import csv_lines, json_lines
from db.audit import EXPORTED, exported
from db.orders import Order
from web.admin.answers import read_query
from web.auth import OWNER, Gate, not_found
from web.deadline import database
from web.describe import describe
from web.record import record

__all__ = ["KeyAuditExport"]

TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


class ExportQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["csv", "jsonl"] = "csv"


class KeyAuditExport:
    """In CSV no cell is a formula. That somebody took it away is a record itself, and in it."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "An order's access records as CSV or JSON lines",
        who="admin",
        role="owner",
        tag="admin",
        query=ExportQuery,
        answers={200: "text/csv, application/jsonl"},
        refusals=[401, 403, 404, 422, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        admin = self._gate.admin(req, OWNER)
        kind = read_query(req, ExportQuery).format
        with database():
            if Order.find(str(order_id)) is None:
                raise not_found()
            record(req, admin, order_id, "export", "granted", {"format": kind})
            found = list(exported(order_id))
        lines = csv_lines(EXPORTED, found) if kind == "csv" else json_lines(found)
        resp.content_type = TYPES[kind]
        resp.set_header("Content-Disposition", f'attachment; filename="key-audit-{order_id}.{kind}"')
        resp.data = "".join(lines).encode()

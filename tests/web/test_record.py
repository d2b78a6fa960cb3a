"""Who asked for what, from where."""

from __future__ import annotations

import uuid

from falcon import Request
from falcon.testing import create_environ

from bitloot.settings import Settings
from db import AccessRecord
from tests.factories import an_order
from web.auth import Viewer
from web.record import record


def test_a_record_says_who_what_where_and_how_it_ended(database: Settings) -> None:
    order = an_order()
    headers = {"User-Agent": "Browser/1 " + "x" * 500, "X-Forwarded-For": "1.2.3.4"}
    req = Request(create_environ(headers=headers, remote_addr="127.0.0.1"))
    record(req, Viewer("olga", role="owner"), order.id, "deliver", "granted", {"reason": "why"})
    kept = AccessRecord.get()
    assert (kept.order, kept.action, kept.actor, kept.outcome) == (
        order,
        "deliver",
        "admin:olga",
        "granted",
    )
    assert (kept.address, kept.details) == ("1.2.3.4", {"reason": "why"})
    assert len(kept.user_agent) == 300


def test_an_order_that_does_not_exist_is_recorded_too(database: Settings) -> None:
    req = Request(create_environ())
    record(req, Viewer("buyer"), None, "reveal", "refused", {"order": str(uuid.uuid4())})
    assert AccessRecord.get().order is None

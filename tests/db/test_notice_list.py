"""Notices are listed without what is sealed."""

from __future__ import annotations

from dataclasses import fields

from bitloot.settings import Settings
from db.notice_list import NOTICES, NoticeFacts, notice_facts, pick_notices
from tests.factories import an_order


def test_what_is_sealed_is_not_read(database: Settings) -> None:
    assert not {"body", "data_key"} & {field.name for field in fields(NoticeFacts)}
    assert NOTICES.page({"repeated": True}, limit=10).rows == []
    assert pick_notices({"source": "nowpayments"}, 5) == (0, [])
    assert notice_facts(an_order().id) is None

"""How answers are written."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from falcon import Response

from web.answers import Answer, Coins, Money, Ok, answer, page_of


class Priced(Answer):
    unit_price: Money
    pay_amount: Coins


def test_amounts_are_text_with_all_their_digits() -> None:
    told = Priced(unit_price=Decimal("20.00"), pay_amount=Decimal("0.000000210000000000"))
    assert json.loads(told.model_dump_json()) == {"unitPrice": "20.00", "payAmount": "0.00000021"}
    long = "12345678901.123456789012345678"
    assert Priced(unit_price=Decimal(5), pay_amount=Decimal(long)).model_dump()["payAmount"] == long
    assert Priced(unit_price=Decimal(5), pay_amount=Decimal("1E+3")).model_dump()["payAmount"] == "1000"


@pytest.mark.parametrize(
    ("total", "page", "pages", "more"),
    [(0, 1, 0, False), (25, 1, 1, False), (26, 1, 2, True), (26, 2, 2, False)],
)
def test_a_page_knows_whether_there_is_another(total: int, page: int, pages: int, more: bool) -> None:
    found = page_of([Ok()], total=total, page=page, limit=25)
    assert (found.total_pages, found.has_next_page) == (pages, more)


def test_an_answer_is_compact_json_with_its_status() -> None:
    resp = Response()
    answer(resp, Ok(), 202)
    assert (resp.status, resp.data, resp.content_type) == ("202 Accepted", b'{"ok":true}', "application/json")

"""Rows tell no more of a thing than its list reads, and all of it."""

from __future__ import annotations

from dataclasses import fields

from db.letter_list import LetterFacts
from db.order_list import OrderRow as OrderFacts
from db.payment_list import PaymentFacts
from db.product_list import ProductFacts
from web.admin.row_answers import LetterRow, OrderRow, PaymentRow, ProductRow


def test_a_row_shows_what_its_list_reads() -> None:
    for facts, row in (
        (LetterFacts, LetterRow),
        (OrderFacts, OrderRow),
        (PaymentFacts, PaymentRow),
        (ProductFacts, ProductRow),
    ):
        assert {field.name for field in fields(facts)} == set(row.model_fields)

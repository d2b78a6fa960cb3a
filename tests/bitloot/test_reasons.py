"""Codes in words."""

from __future__ import annotations

from bitloot.reasons import SOLD_OUT, is_sold_out, reason


def test_every_way_to_be_sold_out_reads_alike() -> None:
    assert {reason(code) for code in SOLD_OUT} == {"Sold out: the supplier has none left, or not so many."}
    assert [is_sold_out(code) for code in ("out_of_stock", "http_409", None)] == [True, False, False]


def test_a_status_is_told_with_its_phrase_and_a_code_as_words() -> None:
    assert reason("http_409") == "It was refused with HTTP 409 (Conflict)."
    assert reason("http_499") == "It was refused with HTTP 499."
    assert reason("gateway_disagrees") == "gateway disagrees"
    assert reason("The buyer wrote: a_b") == "The buyer wrote: a_b"

"""Under which address providers see this host."""

from __future__ import annotations

from bitloot.cli.doctor.egress import check_egress
from bitloot.cli.doctor.finding import Said, State
from bitloot.settings import load_settings
from tests.bitloot.scripted_http import Reply, scripted

HERE = {"NOWPAYMENTS_BASE_URL": "http://127.0.0.1:9", "NOWPAYMENTS_API_KEY": "key"}


def said(**more: str) -> Said:
    return check_egress(load_settings(HERE | more, check=False))


def test_the_address_that_providers_see_is_compared_with_the_one_that_they_were_told() -> None:
    with scripted(lambda _: Reply(200, b"198.51.100.7\n")) as echo:
        assert said(EGRESS_URL=echo.url).answer == "198.51.100.7."
        known = said(EGRESS_URL=echo.url, EGRESS_ADDRESSES="198.51.100.0/24")
        unknown = said(EGRESS_URL=echo.url, EGRESS_ADDRESSES="192.0.2.1")
    assert known.answer == "198.51.100.7, as providers were told."
    assert unknown.state is State.PROBLEM


def test_behind_nat_nothing_is_claimed() -> None:
    assert said().answer == "127.0.0.1 here; behind NAT providers see another."
    assert said(EGRESS_ADDRESSES="192.0.2.1").state is State.WARNING
    assert check_egress(load_settings({}, check=False)).state is State.OFF


def test_an_answer_that_is_no_address_is_not_repeated() -> None:
    with scripted(lambda _: Reply(200, b"<html>hunter22")) as echo:
        found = said(EGRESS_URL=echo.url)
    assert found.state is State.WARNING
    assert "hunter22" not in found.answer

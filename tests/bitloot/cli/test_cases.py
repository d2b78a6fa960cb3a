"""`bitloot case`: what people and machines read, and an answer from the command line."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest

from bitloot.settings import Settings, load_settings
from bitloot.states import OrderState, PaymentState
from db import Case, base
from tests.bitloot.cli.conftest import Bitloot
from tests.factories import a_payment, again, an_order, news_of, take


@pytest.fixture
def settings(in_environ: dict[str, str]) -> Settings:
    return load_settings(in_environ)


@pytest.fixture
def case(settings: Settings) -> Iterator[Case]:
    """An order of which a part was paid; this thread holds no connection while a command runs."""
    base.configure(settings, application="tests")
    with base.scope():
        payment = a_payment(an_order())
        take(news_of(payment, PaymentState.PARTIALLY_PAID, actually_paid=Decimal("0.0001")))
        found = Case.get()
    base.dispose()
    yield found
    base.dispose()


def look(settings: Settings, case: Case) -> tuple[Case, OrderState]:
    base.configure(settings, application="tests")
    with base.scope():
        return Case.get_by_id(case.id), again(case.order).state


def test_cases_are_listed_for_people_and_machines(bitloot: Bitloot, case: Case) -> None:
    said = bitloot("case", "list")
    assert said.code == 0
    assert f"{str(case.id)[:8]}  underpaid" in said.out
    assert bitloot("case", "list", "--page", "5").out == "· There is no page 5: 1 in all, 25 on a page.\n"
    document = bitloot(
        "case", "list", "--json", "--kind", "underpaid", "--order", str(case.order_id)
    ).document
    assert (document["total"], document["cases"][0]["id"]) == (1, str(case.id))
    assert bitloot("case", "list", "--json", "--state", "resolved").document["total"] == 0
    assert "No such case is open." in bitloot("case", "list", "--kind", "late").out
    unknown = bitloot("case", "list", "--kind", "nonsense")
    assert (unknown.code, "'nonsense' is not one of 'underpaid'" in unknown.err) == (2, True)


def test_a_shop_without_questions_says_so(bitloot: Bitloot, settings: Settings) -> None:
    assert bitloot("case", "list").out == "· No case is open.\n"


def test_a_case_is_shown_with_its_figures_and_moves(bitloot: Bitloot, case: Case) -> None:
    said = bitloot("case", "show", str(case.id))
    assert re.search(r"^Missing +0\.0004 BTC$", said.out, re.MULTILINE)
    assert re.search(r"^Price +20\.00 EUR$", said.out, re.MULTILINE)
    assert "refund_due: " in said.out
    document = bitloot("case", "show", str(case.id), "--json").document
    assert [move["name"] for move in document["moves"]] == ["accept", "refund_due", "reject"]
    assert bitloot("case", "show", str(case.id)[:8], "--json").document == document
    elsewhere = bitloot("prove", "order", str(case.id)[:8]).err
    assert elsewhere == f"✗ This is a case of an order: bitloot prove order {str(case.order_id)[:8]}\n"
    missing = bitloot("case", "show", str(uuid.uuid4()))
    assert (missing.code, missing.err) == (1, "✗ There is no such case.\n")


def test_an_answer_is_recorded_with_who_and_why(bitloot: Bitloot, case: Case, settings: Settings) -> None:
    said = bitloot("case", "resolve", str(case.id), "accept", "--reason", "the buyer wrote", "--by", "olga")
    assert (said.code, "The order is paid" in said.out) == (0, True)
    found, state = look(settings, case)
    assert (state, found.resolved_by, found.reason) == (OrderState.PAID, "cli:olga", "the buyer wrote")


def test_a_basis_is_given_by_options(bitloot: Bitloot, case: Case, settings: Settings) -> None:
    answer = ("case", "resolve", str(case.id), "refund_due", "--reason", "too little")
    said = bitloot(*answer, "--amount", "0.00009", "--coin", "btc", "--address", "bc1q", "--json")
    assert said.document["basis"] == {"amount": "0.00009", "coin": "btc", "address": "bc1q"}
    assert look(settings, case)[1] is OrderState.REFUND_DUE


def test_without_a_basis_what_came_goes_back_and_it_is_said_what_is_still_asked(
    bitloot: Bitloot, case: Case
) -> None:
    answer = ("case", "resolve", str(case.id), "refund_due", "--reason", "too little")
    for option, value in (("--amount", "much"), ("--amount", ""), ("--coin", "b"), ("--address", "a b")):
        refused = bitloot(*answer, option, value)
        assert (refused.code, option in refused.err) == (2, True)
    said = bitloot(*answer)
    assert (said.code, "The order is due a refund." in said.out) == (0, True)
    assert "0.0001 BTC is to go back, to an address that is not told yet (--address)." in said.out
    [refund] = bitloot("case", "list", "--kind", "refund", "--json").document["cases"]
    assert f"bitloot case resolve {refund['id']} refunded" in said.out


def test_a_second_answer_hears_who_gave_the_first(bitloot: Bitloot, case: Case) -> None:
    answer = ("case", "resolve", str(case.id), "reject", "--reason", "dust", "--by", "olga")
    assert bitloot(*answer).code == 0
    said = bitloot(*answer)
    assert said.code == 1
    assert "cli:olga answered this with reject" in said.err


def test_an_answer_needs_a_reason(bitloot: Bitloot, case: Case) -> None:
    assert bitloot("case", "resolve", str(case.id), "accept").code == 2
    said = bitloot("case", "resolve", "no-id", "accept", "--reason", " no ")
    assert (said.code, "say why, in 3 to 500 characters" in said.err) == (2, True)

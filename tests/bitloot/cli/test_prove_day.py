"""`bitloot prove day`: both books beside each other, and every planted difference named."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bitloot.cli.prove_day import run_day
from bitloot.settings import load_settings
from db import base
from tests.bitloot.cli.conftest import Bitloot
from tests.trading import KINGUIN, RESERVATIONS, Trade
from tests.waiting import until

TODAY = datetime.now(UTC).date()
MIDNIGHT = datetime.combine(TODAY, time(), UTC)

AGREED = (
    "Nothing differs in what was compared. Of reservations there is no list: only our own purchases were asked for"
    " there, so what it may have sold beside them was not compared."
)


@pytest.fixture
def agreeing(trade: Trade) -> Trade:
    """Sales at both suppliers, and both sides agree."""
    trade.sell((KINGUIN, 2))
    trade.sell((RESERVATIONS, 1))
    return trade


def differing(bitloot: Bitloot, day: str = "today") -> dict[str, Any]:
    """The differences by kind; the command must have failed."""
    said = bitloot("prove", "day", day, "--json")
    assert (said.code, said.document["agrees"]) == (1, False), said.out
    return by_kind(said.document)


def by_kind(document: Any) -> dict[str, Any]:
    return {found["kind"]: found for item in document["suppliers"] for found in item["differences"]}


def forget(trade: Trade, purchase_ref: str) -> None:
    """A purchase that our books have lost."""
    of_it = "(SELECT id FROM purchases WHERE purchase_ref = %s)"
    trade.rows(f"DELETE FROM keys WHERE purchase_id IN {of_it}", purchase_ref)
    trade.rows(f"DELETE FROM purchase_moves WHERE purchase_id IN {of_it}", purchase_ref)
    trade.rows("DELETE FROM purchases WHERE purchase_ref = %s", purchase_ref)


def test_both_sides_agree(bitloot: Bitloot, agreeing: Trade) -> None:
    said = bitloot("prove", "day", "today")
    assert said.code == 0, said.out
    assert f"! {AGREED}" in said.out
    assert "cannot be seen" in said.out
    document = bitloot("prove", "day", "today", "--json").document
    kinguin, reservations = document["suppliers"]
    assert [(sums["orders"], sums["keys"]) for sums in kinguin["there"] + kinguin["here"]] == [(1, 2), (1, 2)]
    assert (reservations["there"], reservations["asked_by_id"]) == ([], 1)


def test_a_day_without_orders_agrees(bitloot: Bitloot, agreeing: Trade) -> None:
    assert bitloot("prove", "day", "2026-01-01").code == 0


def test_yesterday_is_what_nobody_named(bitloot: Bitloot, agreeing: Trade) -> None:
    document = bitloot("prove", "day", "--json").document
    assert document["over"]
    assert datetime.fromisoformat(document["date"]).date() < datetime.now(UTC).date()


def test_an_order_that_we_do_not_know_is_named(bitloot: Bitloot, agreeing: Trade) -> None:
    stranger = agreeing.sell_elsewhere("BY-HAND-1")
    nameless = agreeing.sell_elsewhere(None)
    said = bitloot("prove", "day", "today")
    assert said.code == 1
    assert stranger.id in said.out
    assert nameless.id in said.out
    assert "✗ kinguin: 2 × charged there, and we know nothing of it" in said.out


def test_a_purchase_that_our_books_have_lost_is_named(bitloot: Bitloot, agreeing: Trade) -> None:
    lost = agreeing.purchase(agreeing.sell((KINGUIN, 1)))
    forget(agreeing, lost.purchase_ref)
    found = differing(bitloot)
    assert set(found) == {"unknown_here"}
    assert found["unknown_here"]["supplier_ref"] == lost.supplier_ref


def test_a_double_sale_is_named_with_both_orders(bitloot: Bitloot, agreeing: Trade) -> None:
    agreeing.standins.shop.floor.configure(duplicate_guard=False)
    purchase = agreeing.purchase(agreeing.sell((KINGUIN, 1)))
    second = agreeing.sell_elsewhere(purchase.purchase_ref)
    found = differing(bitloot)
    assert found["double"]["purchase_ref"] == purchase.purchase_ref
    assert found["double"]["supplier_ref"] == f"{purchase.supplier_ref} and {second.id}"
    assert {kind for kind, item in found.items() if not item["harmless"]} == {"double"}


def test_a_double_of_which_one_was_given_back_costs_nothing(bitloot: Bitloot, agreeing: Trade) -> None:
    agreeing.standins.shop.floor.configure(duplicate_guard=False)
    purchase = agreeing.purchase(agreeing.sell((KINGUIN, 1)))
    second = agreeing.sell_elsewhere(purchase.purchase_ref)
    until(lambda: second.status == "completed")
    agreeing.standins.shop.kinguin.move(second, "refunded")
    said = bitloot("prove", "day", "today", "--json")
    assert said.code == 0, said.out
    assert "ended_double" in by_kind(said.document)


def test_an_order_that_the_supplier_does_not_know_is_named(bitloot: Bitloot, agreeing: Trade) -> None:
    purchase = agreeing.purchase(agreeing.sell((KINGUIN, 1)))
    agreeing.rows("UPDATE purchases SET supplier_ref = 'PNOTTHERE00' WHERE id = %s", purchase.id)
    found = differing(bitloot)
    assert found["unknown_there"]["supplier_ref"] == "PNOTTHERE00"
    assert found["second_order"]["supplier_ref"] == purchase.supplier_ref


@pytest.mark.parametrize("state", ["failed", "manual"])
def test_paid_there_and_not_bought_here_is_named(bitloot: Bitloot, agreeing: Trade, state: str) -> None:
    purchase = agreeing.purchase(agreeing.sell((KINGUIN, 1)))
    agreeing.rows("UPDATE purchases SET state = %s, supplier_ref = NULL WHERE id = %s", state, purchase.id)
    found = differing(bitloot)
    assert found["status"]["what"] == f"paid there, not bought here (there delivered, here {state})"
    assert found["status"]["order_id"] == str(purchase.order_id)


def test_doubt_is_under_way_at_first_and_a_difference_later(bitloot: Bitloot, agreeing: Trade) -> None:
    purchase = agreeing.purchase(agreeing.sell((KINGUIN, 1)))
    doubt = "UPDATE purchases SET state = 'ambiguous', supplier_ref = NULL, moved_at = now() - %s * interval '1 s'"
    agreeing.rows(f"{doubt} WHERE id = %s", 5, purchase.id)
    said = bitloot("prove", "day", "today", "--json")
    assert said.code == 0, said.out
    assert by_kind(said.document)["under_way"]["purchase_ref"] == purchase.purchase_ref
    agreeing.rows(f"{doubt} WHERE id = %s", 3600, purchase.id)
    assert "status" in differing(bitloot)


def test_an_order_that_was_ended_there_is_named(bitloot: Bitloot, agreeing: Trade) -> None:
    order = agreeing.sell((KINGUIN, 1))
    purchase = agreeing.purchase(order)
    there = agreeing.standins.shop.kinguin.get(str(purchase.supplier_ref))
    assert there is not None
    agreeing.standins.shop.kinguin.move(there, "refunded")
    assert differing(bitloot)["ended_there"]["supplier_ref"] == there.id
    agreeing.rows("UPDATE orders SET state = 'refunded' WHERE id = %s", order.id)
    assert bitloot("prove", "day", "today").code == 0


def test_another_number_of_keys_and_a_higher_price_are_named(bitloot: Bitloot, agreeing: Trade) -> None:
    one, two = (agreeing.purchase(agreeing.sell((KINGUIN, 1))) for _ in range(2))
    agreeing.rows("UPDATE purchases SET quantity = 2 WHERE id = %s", one.id)
    agreeing.rows("UPDATE purchases SET max_price = 1 WHERE id = %s", two.id)
    found = differing(bitloot)
    assert found["quantity"]["supplier_ref"] == one.supplier_ref
    assert found["price"]["supplier_ref"] == two.supplier_ref


def test_keys_that_lie_there_for_long_are_named(bitloot: Bitloot, agreeing: Trade) -> None:
    purchase = agreeing.purchase(agreeing.buy((KINGUIN, 1)))
    agreeing.rows("UPDATE purchases SET moved_at = now() - interval '1 hour' WHERE id = %s", purchase.id)
    assert differing(bitloot)["keys_missing"]["supplier_ref"] == purchase.supplier_ref


def test_an_order_across_midnight_agrees_on_both_days(agreeing: Trade) -> None:
    """Written down here before midnight, made there after it; and one that the list dates a whole day later."""
    settings = load_settings(agreeing.environ)
    near, far = (agreeing.purchase(agreeing.sell((KINGUIN, 1))) for _ in range(2))
    for purchase, after in ((near, timedelta(seconds=1)), (far, timedelta(hours=8))):
        there = agreeing.standins.shop.kinguin.get(str(purchase.supplier_ref))
        assert there is not None
        there.created = MIDNIGHT + after
        agreeing.rows(
            "UPDATE purchases SET created_at = %s WHERE id = %s", MIDNIGHT - timedelta(seconds=1), purchase.id
        )
    with base.scope():
        days = [run_day(settings, day) for day in (TODAY - timedelta(days=1), TODAY)]
    assert [day.reason for day in days] == [AGREED] * 2
    kinds = [[found.kind for found, _ in day.suppliers[0].found] for day in days]
    assert kinds == [["other_date"], []]
    assert days[0].suppliers[0].asked == 1


def test_a_supplier_without_a_list_is_asked_for_each_purchase(bitloot: Bitloot, agreeing: Trade) -> None:
    paid = agreeing.purchase(agreeing.sell((RESERVATIONS, 1)))
    agreeing.rows("UPDATE purchases SET state = 'failed' WHERE id = %s", paid.id)
    gone = agreeing.purchase(agreeing.sell((RESERVATIONS, 1)))
    agreeing.rows("UPDATE purchases SET supplier_ref = 'res-not-there' WHERE id = %s", gone.id)
    found = differing(bitloot)
    assert found["status"]["what"] == "paid there, failed here"
    assert found["unpaid_there"]["purchase_ref"] == gone.purchase_ref


def test_a_supplier_that_does_not_answer_proves_nothing(bitloot: Bitloot, agreeing: Trade) -> None:
    agreeing.standins.shop.faults.add({"point": "kinguin.search_orders", "kind": "status", "status": 503})
    said = bitloot("prove", "day", "today")
    assert said.code == 1
    assert "kinguin: could not be asked" in said.out


def test_a_supplier_that_was_switched_off_proves_nothing(
    bitloot: Bitloot, agreeing: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINGUIN_API_KEY", "")
    said = bitloot("prove", "day", "today")
    assert said.code == 1
    assert "✗ kinguin: 1 of our purchases are there, and it is not set up." in said.out


def test_a_day_that_has_not_begun_is_refused(bitloot: Bitloot, agreeing: Trade) -> None:
    assert bitloot("prove", "day", str(TODAY + timedelta(days=2))).code == 2
    assert bitloot("prove", "day", "someday").code == 2

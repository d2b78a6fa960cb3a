"""A purchase in doubt: asked by the ladder, adopted when found, never bought again on doubt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from bitloot.errors import Permanent, Retryable
from bitloot.shop import Shop
from bitloot.states import PurchaseState
from bitloot.suppliers.base import Placed, Wanted
from db import Case, Purchase, base
from tests.actors.conftest import fault
from tests.actors.ledger import (
    LADDER,
    Bent,
    charged,
    climb,
    go,
    looks,
    seconds_to_next_look,
    trail,
)
from web.standins.server import RunningStandins

POINT, SEARCH = "kinguin.place_order", "kinguin.search_orders"


# --- the ladder


def test_each_rung_is_waited_for_and_each_look_is_written_down(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_before_effect")
    go(shop, kinguin, ladder=LADDER)
    waits = [seconds_to_next_look(kinguin)]
    for _ in range(4):
        assert go(shop, kinguin, ladder=LADDER).looks == len(waits)  # too early: nothing is asked
        climb(shop, kinguin, 1)
        waits.append(seconds_to_next_look(kinguin))
    assert [round(wait, -1 if wait > 30 else 0) for wait in waits] == [5, 20, 60, 300, 900]
    assert looks(kinguin) == [f"looked: none ({rung}/5)" for rung in (1, 2, 3, 4)]
    assert climb(shop, kinguin, 1).state is PurchaseState.MANUAL
    assert looks(kinguin)[-1] == "looked: none (5/5)"
    assert charged(standins) == []


def test_a_happy_purchase_writes_no_look(shop: Shop, kinguin: Purchase) -> None:
    assert go(shop, kinguin).state is PurchaseState.WAITING
    assert looks(kinguin) == []
    assert trail(kinguin) == ["intent", "sending", "placed", "waiting"]


@pytest.mark.parametrize(
    "failure",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 200, "body": "<html>"},
        {"kind": "drop_before_effect"},
    ],
    ids=["503", "unreadable", "dropped"],
)
def test_a_look_that_failed_is_no_none_and_keeps_the_rung(
    shop: Shop, kinguin: Purchase, standins: RunningStandins, failure: dict[str, Any]
) -> None:
    fault(standins, POINT, "drop_after_effect")
    go(shop, kinguin, ladder=LADDER)
    fault(standins, SEARCH, failure.pop("kind"), count=3, **failure)
    after = climb(shop, kinguin, 3)
    assert (after.state, after.looks) == (PurchaseState.AMBIGUOUS, 1)
    assert len(looks(kinguin)) == 3
    assert all(note.startswith("look failed: ") and note.endswith("(1/5)") for note in looks(kinguin))
    assert climb(shop, kinguin, 1).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_an_order_that_shows_late_is_adopted_by_a_later_rung(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_after_effect")
    go(shop, kinguin, ladder=LADDER)
    fault(standins, SEARCH, "search_empty", count=2)
    adopted = climb(shop, kinguin, 3)
    assert adopted.state is PurchaseState.WAITING
    assert (adopted.looks, adopted.look_at) == (0, None)
    assert looks(kinguin) == ["looked: none (1/5)", "looked: none (2/5)"]


def test_strangers_orders_are_not_adopted(shop: Shop, kinguin: Purchase, standins: RunningStandins) -> None:
    fault(standins, POINT, "drop_before_effect")
    fault(standins, SEARCH, "search_strangers", count=None)
    assert climb(shop, go(shop, kinguin, ladder=LADDER), 5).state is PurchaseState.MANUAL


def test_the_second_look_reads_the_list_and_finds_what_the_search_does_not(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_after_effect")
    fault(standins, SEARCH, "search_empty", match="orderExternalId=", count=None)
    before = climb(shop, go(shop, kinguin, ladder=LADDER), 4)
    assert before.state is PurchaseState.AMBIGUOUS
    adopted = climb(shop, kinguin, 1)
    assert adopted.state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_a_list_that_cannot_be_read_keeps_the_last_rung(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_before_effect")
    climb(shop, go(shop, kinguin, ladder=LADDER), 4)
    fault(standins, SEARCH, "status", status=503, match="createdAtFrom=")
    assert climb(shop, kinguin, 1).state is PurchaseState.AMBIGUOUS
    assert looks(kinguin)[-1].startswith("look failed: ")
    assert climb(shop, kinguin, 1).state is PurchaseState.MANUAL


def test_a_search_that_ignores_its_filter_is_replaced_by_the_list(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    def endless(find: Callable[..., Sequence[Placed]], ref: str) -> Sequence[Placed]:
        raise Retryable("too many", code="search_too_long")

    fault(standins, POINT, "drop_after_effect")
    go(shop, kinguin, ladder=LADDER)
    bent: Any = Bent(shop.suppliers["kinguin"], find=endless)
    assert climb(shop, kinguin, 1, supplier=bent).state is PurchaseState.WAITING


def test_without_a_look_up_doubt_goes_to_a_person(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    blind: Any = Bent(shop.suppliers["kinguin"], capabilities=lambda: {"lookup": False, "listing": False})
    fault(standins, POINT, "drop_after_effect")
    assert go(shop, kinguin, supplier=blind).state is PurchaseState.AMBIGUOUS
    assert go(shop, kinguin, supplier=blind).state is PurchaseState.MANUAL
    assert charged(standins) == [1]


# --- the end of the ladder


def test_with_repeats_off_the_end_of_the_ladder_is_a_case(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_before_effect", count=None)
    assert climb(shop, go(shop, kinguin, ladder=LADDER), 5).state is PurchaseState.MANUAL
    case = Case.get()
    assert (case.kind, case.subject, case.state) == ("purchase_in_doubt", str(kinguin.id), "open")
    assert case.figures["purchase_ref"] == kinguin.purchase_ref
    assert case.figures["looks"] == "5"
    assert Purchase.get_by_id(kinguin.id).attempt == 1


def test_a_repeat_has_the_same_reference_and_body_and_two_are_the_most(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    sent: list[tuple[str, Wanted]] = []

    def recorded(begin: Callable[..., Placed], ref: str, wanted: Wanted) -> Placed:
        sent.append((ref, wanted))
        return begin(ref, wanted)

    fault(standins, POINT, "drop_before_effect", count=None)
    bent: Any = Bent(shop.suppliers["kinguin"], begin=recorded)
    now = go(shop, kinguin, repeat=True, supplier=bent)
    while now.state is not PurchaseState.MANUAL:
        now = go(shop, kinguin, repeat=True, supplier=bent)
        assert len(sent) < 5
    assert len(sent) == 3
    assert set(map(repr, sent)) == {repr(sent[0])}
    assert sent[0][0] == kinguin.purchase_ref
    assert looks(kinguin) == ["looked: none (1/2)", "looked: none (2/2)"] * 3
    assert Case.get().figures["repeats"] == "2"
    assert charged(standins) == []


def test_a_repeat_buys_what_was_never_bought(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_before_effect")
    for _ in range(3):
        now = go(shop, kinguin, repeat=True)
    assert now.state is PurchaseState.WAITING
    assert (now.attempt, now.generation, charged(standins)) == (2, 1, [1])


def test_a_duplicate_is_searched_for_and_never_bought_under_another_reference(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    """It was bought, no search shows it, the repeat is refused, and then the search shows it."""
    fault(standins, POINT, "drop_after_effect")
    fault(standins, SEARCH, "search_empty", count=6)
    states = [go(shop, kinguin, repeat=True) for _ in range(3)]
    assert [item.state for item in states] == [PurchaseState.AMBIGUOUS] * 3
    assert states[-1].error == "duplicate"
    fault_free = [go(shop, kinguin, repeat=True).state for _ in range(2)]
    assert fault_free[-1] is PurchaseState.WAITING
    assert charged(standins) == [1]
    assert Purchase.select().count() == 1


def test_a_duplicate_that_no_search_ever_shows_is_not_repeated(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_after_effect")
    fault(standins, SEARCH, "search_empty", count=None)
    for _ in range(8):
        now = go(shop, kinguin, repeat=True)
    assert (now.state, now.attempt) == (PurchaseState.MANUAL, 2)
    assert Case.get().figures["doubt"] == "duplicate"
    assert charged(standins) == [1]


def test_a_refused_repeat_says_nothing_about_the_first_call(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_before_effect")
    go(shop, kinguin, repeat=True)
    base.rows("UPDATE purchases SET max_price = 0.01 RETURNING id")  # the market moved on
    for _ in range(2):
        now = go(shop, kinguin, repeat=True)
    assert now.state is PurchaseState.MANUAL
    assert Case.get().figures["refused"] == "product_unavailable"


# --- more than one


def test_of_several_matches_the_oldest_is_adopted_and_frozen(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, POINT, "drop_after_effect")
    fault(standins, SEARCH, "search_twice", count=None)
    go(shop, kinguin)
    frozen = go(shop, kinguin)
    [sold] = standins.shop.kinguin.newest_first()
    assert (frozen.state, frozen.supplier_ref) == (PurchaseState.MANUAL, sold.id)
    case = Case.get()
    assert (case.kind, case.figures["found"]) == ("bought_twice", "2")
    assert case.figures["refs"].split()[0] == sold.id
    assert go(shop, kinguin).state is PurchaseState.MANUAL
    assert charged(standins) == [1]


def test_several_matches_before_buying_freeze_too(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    go(shop, kinguin)
    base.rows("UPDATE purchases SET state = 'intent', supplier_ref = NULL RETURNING id")  # a restored backup
    fault(standins, SEARCH, "search_twice")
    assert go(shop, kinguin).state is PurchaseState.MANUAL
    assert charged(standins) == [1]


def test_a_purchase_and_its_case_are_one_commit(shop: Shop, kinguin: Purchase) -> None:
    base.rows("ALTER TABLE cases ADD CONSTRAINT no_more CHECK (kind <> 'purchase_in_doubt'); SELECT 1")
    base.rows("UPDATE purchases SET state = 'ambiguous', looks = 2 RETURNING id")
    with pytest.raises(Exception, match="no_more"):
        go(shop, kinguin)
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.AMBIGUOUS


def test_a_second_look_that_is_refused_is_said_in_the_log(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    def refused(orders: Callable[..., Any], *window: Any) -> Any:
        raise Permanent("too many", code="too_many_orders")

    fault(standins, POINT, "drop_before_effect")
    climb(shop, go(shop, kinguin, ladder=LADDER), 4)
    bent: Any = Bent(shop.suppliers["kinguin"], orders_between=refused)
    with capture_logs() as logs:
        assert climb(shop, kinguin, 1, supplier=bent).state is PurchaseState.MANUAL
    assert [entry["code"] for entry in logs if entry.get("action") == "no_second_look"] == ["too_many_orders"]

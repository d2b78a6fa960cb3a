"""The second phase: one reservation is paid for, asked about when in doubt, and paid again only if it was not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from bitloot.errors import Ambiguous, BitLootError, Permanent, Retryable
from bitloot.shop import Shop
from bitloot.states import PurchaseState
from bitloot.suppliers.base import Placed, Standing
from db import Case, Purchase, base
from tests.actors.conftest import fault
from tests.actors.ledger import LADDER, Bent, Killed, charged, climb, go, looks, pass_time, trail
from web.standins.ledger import read_ledger
from web.standins.server import RunningStandins

GIVE = "reservations.give"
SHORT = (5.0, 20.0)


def given(standins: RunningStandins) -> list[str]:
    """Every reservation that was paid for, once for each call."""
    lines = read_ledger(standins.shop.config.ledger_dir, "reservations", "given")
    return [line["reservation_id"] for line in lines]


def speechless(shop: Shop) -> Any:
    """The supplier as it is where reservations cannot be read: it never says whether it was paid."""

    def silent(status: Callable[..., Standing], ref: str) -> Standing:
        told = status(ref)
        return Standing(ref, told.status, 0, None)

    return Bent(shop.suppliers["reservations"], status=silent)


def test_the_reservation_is_saved_before_it_is_paid_for(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    saved: list[Any] = []

    def watched(commit: Callable[..., Standing], ref: str) -> Standing:
        saved.extend(base.rows("SELECT supplier_ref, state FROM purchases"))
        return commit(ref)

    bent: Any = Bent(shop.suppliers["reservations"], commit=watched)
    bought = go(shop, reservation, supplier=bent)
    assert saved == [(bought.supplier_ref, "committing")]
    assert trail(reservation) == ["intent", "sending", "placed", "committing", "waiting"]


def test_a_lost_answer_is_asked_about_and_not_repeated(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    standins.configure(give_idempotent=False, delivery_seconds=600)
    fault(standins, GIVE, "drop_after_effect")
    assert go(shop, reservation).state is PurchaseState.COMMITTING
    assert looks(reservation)[0].startswith("give in doubt: ")
    assert go(shop, reservation).state is PurchaseState.COMMITTING  # the lease still runs
    pass_time()
    assert go(shop, reservation).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_a_give_that_never_arrived_is_repeated_on_the_same_reservation_only(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    fault(standins, GIVE, "drop_before_effect", count=3)
    for _ in range(4):
        after = go(shop, reservation)
        pass_time()
    assert after.state is PurchaseState.WAITING
    assert given(standins) == [after.supplier_ref]
    assert len(read_ledger(standins.shop.config.ledger_dir, "reservations", "reserved")) == 1


def test_a_process_that_died_while_paying_is_asked_after_too(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    standins.configure(give_idempotent=False)

    def killed(commit: Callable[..., Standing], ref: str) -> Standing:
        commit(ref)
        raise Killed

    bent: Any = Bent(shop.suppliers["reservations"], commit=killed)
    assert go(shop, reservation, supplier=bent).state is PurchaseState.COMMITTING
    pass_time()
    assert go(shop, reservation).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_a_supplier_that_says_nothing_is_asked_by_the_ladder_before_it_is_paid_again(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    fault(standins, GIVE, "drop_before_effect")
    supplier = speechless(shop)
    for _ in range(4):
        after = go(shop, reservation, ladder=SHORT, supplier=supplier)
        pass_time()
    assert looks(reservation)[1:] == ["looked: nothing known (1/2)", "looked: nothing known (2/2)"]
    assert after.state is PurchaseState.WAITING
    assert given(standins) == [after.supplier_ref]


def test_a_supplier_that_never_says_anything_is_paid_three_times_at_most(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    fault(standins, GIVE, "drop_before_effect", count=None)
    for _ in range(12):
        after = go(shop, reservation, ladder=SHORT, supplier=speechless(shop))
        pass_time()
    assert (after.state, after.attempt) == (PurchaseState.MANUAL, 4)  # one reservation, three gives
    assert Case.get().kind == "purchase_in_doubt"


@pytest.mark.parametrize("word", ["cancelled", "failed", "refunded"])
def test_a_reservation_that_is_over_is_never_paid_again(
    shop: Shop, reservation: Purchase, standins: RunningStandins, word: str
) -> None:
    fault(standins, GIVE, "drop_before_effect")
    doubtful = go(shop, reservation)
    hold = standins.shop.reservations.get(str(doubtful.supplier_ref))
    assert hold is not None
    hold.status = word
    pass_time()
    assert go(shop, reservation).state is PurchaseState.WAITING  # where `finalize` reads how it ended
    assert charged(standins) == []


def test_a_word_that_nobody_knows_is_no_answer(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    def dreaming(status: Callable[..., Standing], ref: str) -> Standing:
        raise Ambiguous("what?", code="unknown_status")

    fault(standins, GIVE, "drop_after_effect")
    go(shop, reservation, ladder=SHORT)
    pass_time()
    bent: Any = Bent(shop.suppliers["reservations"], status=dreaming)
    assert go(shop, reservation, ladder=SHORT, supplier=bent).state is PurchaseState.COMMITTING
    pass_time()
    assert go(shop, reservation, ladder=SHORT).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_too_many_requests_is_certainly_not_paid(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    fault(standins, GIVE, "status", status=429)
    assert go(shop, reservation).state is PurchaseState.PLACED
    assert go(shop, reservation).state is PurchaseState.WAITING
    assert charged(standins) == [1]


@pytest.mark.parametrize(
    "error",
    [
        None,
        Permanent("refused", code="refused"),
        Retryable("busy", code="rate_limited"),
        Ambiguous("late", code="deadline"),
    ],
    ids=["given", "refused", "certainly not", "in doubt"],
)
def test_an_answer_to_an_older_give_is_refused_and_counted(
    shop: Shop, reservation: Purchase, error: BitLootError | None
) -> None:
    """The first give hangs until after its lease; meanwhile another one for the same reservation is on its way."""

    def hangs(commit: Callable[..., Standing], ref: str) -> Standing:
        base.rows("UPDATE purchases SET attempt = 7 RETURNING id")
        if error is not None:
            raise error
        return commit(ref)

    bent: Any = Bent(shop.suppliers["reservations"], commit=hangs)
    with capture_logs() as logs:
        now = go(shop, reservation, supplier=bent)
    assert (now.state, now.attempt) == (PurchaseState.COMMITTING, 7)
    assert trail(reservation) == ["intent", "sending", "placed", "committing"]
    assert [entry["now"] for entry in logs if entry.get("action") == "stale_answer"] == [7]


def test_only_one_worker_pays(shop: Shop, reservation: Purchase, standins: RunningStandins) -> None:
    standins.configure(give_idempotent=False)

    def two_at_once(commit: Callable[..., Standing], ref: str) -> Standing:
        assert go(shop, reservation).state is PurchaseState.COMMITTING
        return commit(ref)

    bent: Any = Bent(shop.suppliers["reservations"], commit=two_at_once)
    assert go(shop, reservation, supplier=bent).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_two_workers_reserve_once(shop: Shop, reservation: Purchase, standins: RunningStandins) -> None:
    def two_at_once(begin: Callable[..., Placed], *call: Any) -> Placed:
        assert go(shop, reservation).state is PurchaseState.SENDING
        return begin(*call)

    bent: Any = Bent(shop.suppliers["reservations"], begin=two_at_once)
    assert go(shop, reservation, supplier=bent).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_a_first_phase_in_doubt_is_begun_again_for_free_by_the_ladder(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    fault(standins, "reservations.reserve", "drop_after_effect")
    assert go(shop, reservation, ladder=LADDER).state is PurchaseState.AMBIGUOUS
    assert go(shop, reservation, ladder=LADDER).state is PurchaseState.AMBIGUOUS
    pass_time()
    assert go(shop, reservation, ladder=LADDER).state is PurchaseState.WAITING
    assert charged(standins) == [1]


def test_a_first_phase_that_stays_in_doubt_goes_to_a_person(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    fault(standins, "reservations.reserve", "drop_before_effect", count=None)
    states = [climb(shop, reservation, 1).state for _ in range(6)]
    assert states == [PurchaseState.AMBIGUOUS] * 5 + [PurchaseState.MANUAL]
    assert Case.get().kind == "purchase_in_doubt"

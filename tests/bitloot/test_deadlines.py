"""Every state that waits has a deadline, and those that do not have none."""

from __future__ import annotations

from bitloot.deadlines import deadlines
from bitloot.settings import Settings
from bitloot.states import OrderState


def test_every_waiting_state_has_a_deadline() -> None:
    told = deadlines(Settings())
    assert set(told) == set(OrderState) - {OrderState.EXPIRED, OrderState.REFUNDED}
    assert all(seconds > 0 for seconds in told.values())


def test_an_unpaid_order_outlives_the_watch_of_its_payments() -> None:
    settings = Settings(payment_watch_days=1)
    assert deadlines(settings)[OrderState.CREATED] > 86_400


def test_settings_decide() -> None:
    settings = Settings(
        deadline_paid=1, deadline_waiting=2, deadline_ready=3, deadline_letter=4, deadline_person=5
    )
    told = deadlines(settings)
    ours = [OrderState.PAID, OrderState.WAITING, OrderState.READY, OrderState.FULFILLED, OrderState.FAILED]
    assert [told[state] for state in ours] == [1, 2, 3, 4, 5]

"""The edge of every step: ids in, nothing out, and no payload through an error."""

from __future__ import annotations

import pytest
from dramatiq import Message

from actors.chain import go_on_in_threads
from actors.finalize import finalize
from actors.policy import POLICIES
from actors.replay import replay
from actors.step import FUNCTIONS, StepFailed, _run_next, _run_scoped, step
from bitloot.errors import Blocked, Closed, Retryable
from bitloot.shop import Shop
from db import base
from db.base import rows
from tests.actors.conftest import valkey
from tests.factories import an_order

CANARY = "BLKEY-0123456789abcdef0123456789abcdef"


def test_a_foreign_errors_text_does_not_leave_the_step(shop: Shop) -> None:
    def careless(subject: str) -> None:
        raise ValueError(f"cannot read {CANARY}")

    with pytest.raises(StepFailed) as caught:
        _run_scoped(careless, "careless", ("1",))
    told = "".join([str(caught.value), caught.value.frames, repr(caught.value)])
    assert CANARY not in told
    assert "ValueError in careless" in told
    assert "test_step.py" in caught.value.frames
    assert caught.value.__suppress_context__


def test_our_own_errors_pass_as_they_are(shop: Shop) -> None:
    def blocked(subject: str) -> None:
        raise Blocked("no balance", code="balance")

    with pytest.raises(Blocked, match="no balance"):
        _run_scoped(blocked, "replay", ("1",))


def test_a_step_that_rests_is_over(shop: Shop) -> None:
    def shut(subject: str) -> None:
        raise Closed("shut", after=5)

    _run_scoped(shut, "check_payment", ("1",))


def test_a_next_step_waits_as_long_as_its_provider_says(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(subject: str) -> None:
        raise Retryable("busy", after=17)

    monkeypatch.setitem(FUNCTIONS, "replay", busy)
    _run_next(replay, "notice-1")
    key = f"{shop.settings.queue_namespace}:replay.DQ.msgs"
    (waiting,) = [Message.decode(data) for data in valkey().hvals(key)]
    assert waiting.args == ("notice-1",)
    assert 16_900 <= waiting.options["eta"] - waiting.message_timestamp <= 17_100


def test_a_step_that_is_not_on_the_list_cannot_be_declared() -> None:
    def stray(subject: str) -> None:
        """Not on the list."""

    with pytest.raises(KeyError):
        step(queue="stray")(stray)


def test_a_step_has_a_connection_and_gives_it_back(shop: Shop) -> None:
    base.database.close()
    seen: list[object] = []
    _run_scoped(lambda subject: seen.append(rows("SELECT 1")), "look", ("1",))
    assert seen == [[(1,)]]
    assert base.database.is_closed()
    assert not base.database._in_use
    base.database.connect()  # type: ignore[no-untyped-call]


def test_steps_say_what_they_promise() -> None:
    import actors

    for name in POLICIES:
        module = getattr(actors, name, None)
        assert module is not None
        assert getattr(module, name).fn.__doc__


def test_all_that_a_message_leads_to_shares_one_connection(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = an_order()
    rows("UPDATE orders SET state = 'ready', due_at = now() WHERE id = %s RETURNING id", order.id)
    taken: list[int] = []
    led_to: list[str] = []
    connect = base.database.connect

    def counted() -> object:
        taken.append(1)
        return connect()  # type: ignore[no-untyped-call]

    monkeypatch.setattr(base.database, "connect", counted)
    monkeypatch.setitem(FUNCTIONS, "encrypt_store", led_to.append)
    base.database.close()
    go_on_in_threads()
    try:
        finalize(str(order.id))
    finally:
        go_on_in_threads(False)
        connect()  # type: ignore[no-untyped-call]
    assert (led_to, taken) == ([str(order.id)], [1])

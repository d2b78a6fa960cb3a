"""`bitloot prove order`: the chain for people and machines, and an exit code for scripts."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from bitloot.states import OrderState
from tests.bitloot.cli.conftest import Bitloot
from tests.trading import KINGUIN, RESERVATIONS, Trade, open_trade
from tests.waiting import until
from web.standins.ledger import plaintext_keys


def test_a_whole_chain_is_told_from_the_payment_to_the_letter(bitloot: Bitloot, trade: Trade) -> None:
    order = trade.sell((KINGUIN, 1), (RESERVATIONS, 2))
    said = bitloot("prove", "order", str(order.id)[:8])  # as lists and letters call it
    assert said.code == 0, said.out
    text = " ".join(said.out.split())
    for part in (
        f"Order {order.id}",
        "Line 1: 1 × Orbit Drifters",
        "intent written down, nothing sent",
        "sending attempt 1 the call goes out",
        "committing attempt 2 the call that pays goes out",
        "confirmed the gateway said so to our own question",
        "sent keys_ready, generation 1",
        "✓ The chain is whole. 2 lines bought, each by one purchase; 3 keys sealed; 1 letter sent.",
    ):
        assert part in text, part
    assert said.out.count("fingerprint ") == 3


def test_neither_keys_nor_the_buyers_address_are_told(bitloot: Bitloot, trade: Trade) -> None:
    order = trade.sell((KINGUIN, 1), (RESERVATIONS, 2))
    told = (
        bitloot("prove", "order", str(order.id)).out + bitloot("prove", "order", str(order.id), "--json").out
    )
    keys = plaintext_keys(trade.standins.shop.config.ledger_dir)
    assert len(keys) == 3
    assert [key for key in keys if key in told] == []
    assert order.email not in told


def test_machines_get_every_step_and_the_times(bitloot: Bitloot, trade: Trade) -> None:
    order = trade.sell((KINGUIN, 2))
    document = bitloot("prove", "order", str(order.id), "--json").document
    assert (document["whole"], document["problems"], document["order"]["state"]) == (True, [], "fulfilled")
    [line] = document["lines"]
    [purchase] = line["purchases"]
    assert [step["dst"] for step in purchase["steps"]] == ["intent", "sending", "placed", "waiting", "stored"]
    assert len(purchase["keys"]) == 2
    times = document["timings"]
    stamps = [times[f"{name}_at"] for name in ("paid", "intent", "accepted", "done", "sealed", "mailed")]
    assert stamps == sorted(stamps)
    assert abs(times["our_seconds"] + times["supplier_seconds"] - times["total_seconds"]) < 0.001


def test_a_broken_chain_has_another_exit_code_and_says_why(bitloot: Bitloot, trade: Trade) -> None:
    order = trade.sell((KINGUIN, 1))
    trade.rows("DELETE FROM keys")
    said = bitloot("prove", "order", str(order.id))
    assert said.code == 1
    assert "✗ BL-" in said.out
    assert "is stored, but 1 of its keys are missing." in said.out


def test_an_order_under_way_is_not_whole(bitloot: Bitloot, trade: Trade) -> None:
    order = trade.buy((KINGUIN, 1))
    document = bitloot("prove", "order", str(order.id), "--json").document
    assert (document["whole"], document["problems"]) == (False, [])
    assert document["reason"].endswith("is bought; 1 of 1 keys are still to come.")


def test_doubt_search_and_adoption_are_told(
    bitloot: Bitloot, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supplier sold, and its answer was lost on the way."""
    with open_trade({**environ, "SEARCH_LADDER": "0.05,0.05"}, tmp_path) as trade:
        for name, value in trade.environ.items():
            monkeypatch.setenv(name, value)
        trade.standins.shop.faults.add({"name": "accepted_reset", "times": 1})
        order = trade.buy((KINGUIN, 1))
        assert "is in doubt; the supplier is being asked." in bitloot("prove", "order", str(order.id)).out
        until(lambda: trade.go_on(order).state is OrderState.FULFILLED)
        said = bitloot("prove", "order", str(order.id))
        assert said.code == 0, said.out
        text = " ".join(said.out.split())
        assert "in doubt: asked, never repeated blindly" in text
        assert "found after doubt the supplier has it" in text
        assert said.out.count("the call goes out") == 1
        assert bitloot("prove", "day", "today").code == 0


def test_an_unknown_order_is_told_apart(bitloot: Bitloot, trade: Trade) -> None:
    said = bitloot("prove", "order", str(uuid.uuid4()))
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("✗ There is no such order. The console (/console) finds")
    said = bitloot("prove", "order", "bob@example.com")
    assert (said.code, "'bob@example.com' is no id" in said.err, "The console" in said.err) == (2, True, True)

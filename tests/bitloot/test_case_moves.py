"""What may be done about each kind of case is legal, complete, and never buys by itself."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import pytest

from bitloot.case_moves import CASE_MOVES, HOLDING, NOTED, basis_of, moves_of, verdict_of
from bitloot.money import CASES
from bitloot.states import MOVES, OrderState

ROOT = Path(__file__).parent.parent.parent

#: Calls that open a case, and where among their arguments the kind stands.
OPENERS = {"open_case": 2, "freeze": 1}


def kinds_opened() -> set[str]:
    """Every kind that some module of ours opens by its name."""
    found = set()
    for path in itertools.chain.from_iterable(
        (ROOT / name).rglob("*.py") for name in ("actors", "db", "web")
    ):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OPENERS:
                arguments = node.args[OPENERS[node.func.id] :]
                if (
                    arguments
                    and isinstance(arguments[0], ast.Constant)
                    and isinstance(arguments[0].value, str)
                ):
                    found.add(arguments[0].value)
    return found


def test_every_kind_that_is_opened_has_its_moves() -> None:
    opened = kinds_opened()
    assert len(opened) > 8
    assert opened <= set(CASE_MOVES)
    assert {kind.value for kind in CASES} <= set(CASE_MOVES)
    assert set(CASE_MOVES) >= HOLDING


@pytest.mark.parametrize("kind", CASE_MOVES)
def test_every_move_of_an_order_is_a_legal_one(kind: str) -> None:
    for move in CASE_MOVES[kind]:
        for src, dst in (move.order or {}).items():
            assert dst in MOVES[src]
            assert src in move.allowed


@pytest.mark.parametrize(("kind", "state"), list(itertools.product(CASE_MOVES, OrderState)))
def test_every_case_can_be_answered_wherever_its_order_is(kind: str, state: OrderState) -> None:
    moves = moves_of(kind, state)
    assert moves
    assert len({move.name for move in moves}) == len(moves)
    assert all(state in move.allowed for move in moves) or moves == (NOTED,)


@pytest.mark.parametrize("kind", sorted(HOLDING))
def test_what_holds_an_order_in_review_can_let_it_go(kind: str) -> None:
    for move in moves_of(kind, OrderState.REVIEW):
        assert verdict_of(frozenset({move.name})) in MOVES[OrderState.REVIEW]


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"accept"}, OrderState.PAID),
        ({"accept", "refund_due"}, OrderState.PAID),
        ({"accept", "reject"}, OrderState.PAID),
        ({"retry"}, OrderState.PAID),
        ({"refund_due", "reject"}, OrderState.REFUND_DUE),
        ({"refunded"}, OrderState.REFUND_DUE),
        ({"reject"}, OrderState.EXPIRED),
    ],
)
def test_the_answers_together_decide(answers: set[str], state: OrderState) -> None:
    assert verdict_of(frozenset(answers)) is state


def test_an_unknown_kind_can_be_noted() -> None:
    assert moves_of("of tomorrow", OrderState.PAID) == (NOTED,)


def test_of_too_much_only_what_is_too_much_goes_back() -> None:
    figures = {"received_amount": "3", "received_coin": "btc", "difference": "1"}
    assert basis_of("overpaid", figures) == {"amount": "1", "coin": "btc"}
    assert basis_of("underpaid", figures) == {"amount": "3", "coin": "btc"}
    assert basis_of("underpaid", {"received_coin": "btc"}) == {}

"""How keys are planned to come."""

from __future__ import annotations

import pytest

from web.standins.deliveries import Lender
from web.standins.faults import Faults
from web.standins.keys import SoldKey, make_key


def lender(*names: str) -> Lender:
    faults = Faults()
    for name in names:
        faults.add({"name": name, "count": None})
    return Lender(faults, "kinguin.deliver")


def some(number: int) -> list[SoldKey]:
    return [make_key(canary=True, picture=False) for _ in range(number)]


@pytest.mark.parametrize(
    ("names", "number", "batches"),
    [
        ([], 3, [(0, 3)]),
        (["keys_one_by_one"], 3, [(0, 1), (1, 1), (1, 1)]),
        (["keys_one_by_one"], 1, [(0, 1)]),
        (["last_key_late"], 3, [(0, 2), (3, 1)]),
        (["last_key_late"], 1, [(3, 1)]),
        (["last_key_never"], 3, [(0, 2)]),
        (["last_key_never"], 1, [(0, 0)]),
    ],
)
def test_keys_come_in_batches(names: list[str], number: int, batches: list[tuple[float, int]]) -> None:
    plan = lender(*names).plan("P1", "BL-1", some(number))
    assert [(wait, len(keys)) for wait, keys in plan.batches] == batches
    assert plan.ends == ""


def test_an_order_ends_instead_of_its_keys_or_after_them() -> None:
    assert lender("order_canceled").plan("P1", "", some(1)).instead
    after = lender("refunded_after_keys").plan("P1", "", some(1))
    assert (after.ends, after.instead) == ("refunded", False)


def test_a_key_is_lent_to_other_orders_only() -> None:
    books = lender("same_key")
    first, second = some(2), some(2)
    books.plan("P1", "", first)
    books.plan("P2", "", second)
    assert second[0].content == first[0].content
    assert second[1].content != first[1].content


def test_a_text_becomes_a_picture_of_it() -> None:
    [key] = some(1)
    text = key.serial
    lender("image_key").plan("P1", "", [key])
    assert key.media_type == "image/png"
    assert text.encode() in key.content

"""A row passes only if its fault bit and nothing was lost, charged twice or violated."""

from __future__ import annotations

import pytest

from tests.faults.canaries import CANARY
from tests.faults.plan import all_rows
from tests.faults.record import Record, table
from web.standins.keys import make_key


def test_a_fault_that_never_bit_proves_nothing() -> None:
    assert not Record("F0", "nothing", 1).passed
    assert Record("F0", "nothing", 1, bites=1).passed


@pytest.mark.parametrize("flaw", [{"charged_twice": 1}, {"lost": 1}, {"violations": ["I6 order 7"]}])
def test_a_flaw_fails_the_row_and_is_named(flaw: dict[str, object]) -> None:
    record = Record("F0", "nothing", 1, bites=1, **flaw)  # type: ignore[arg-type]
    assert not record.passed
    assert record.why()
    assert "FAILED" in table([record])


def test_every_row_has_a_number_of_its_own_and_they_come_in_order() -> None:
    numbers = [row.number for row in all_rows()]
    assert len(set(numbers)) == len(numbers)
    assert numbers.index("F1") < numbers.index("F2") < numbers.index("F6")


def test_what_is_searched_for_is_what_the_standins_sell() -> None:
    assert make_key(canary=True, picture=False).serial.startswith(CANARY)

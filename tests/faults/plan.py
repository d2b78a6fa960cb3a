"""The rows of the fault plan (RELIABILITY §4): each registers itself where it is written, in tests/faults/rows/."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults import rows as folder

if TYPE_CHECKING:
    from tests.faults.trial import Trial

__all__ = ["Row", "all_rows", "row"]

Run = Callable[["Trial"], None]


@dataclass(frozen=True)
class Row:
    """One fault. `short` and `full` are numbers of orders; `in_make_test`: its short form is part of `make test`."""

    number: str
    title: str
    short: int
    full: int
    in_make_test: bool
    run: Run

    @property
    def order(self) -> tuple[int, str]:
        """F2 before F10; rows that are no F come last."""
        digits = self.number.removeprefix("F").split("-")[0]
        return (int(digits) if digits.isdigit() else 1_000, self.number)


_rows: dict[str, Row] = {}


def row(
    number: str, title: str, *, short: int, full: int, in_make_test: bool = False
) -> Callable[[Run], Run]:
    """Registers the function below it as row `number`. It brings the fault about and counts its bites."""

    def declare(run: Run) -> Run:
        known = _rows.get(number)
        if known is not None and known.run.__module__ != run.__module__:
            raise ValueError(f"{number} is there twice")
        _rows[number] = Row(number, title, short, full, in_make_test, run)
        return run

    return declare


def all_rows() -> list[Row]:
    """Every row of every module in tests/faults/rows/, by number."""
    for module in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
        importlib.import_module(module.name)
    return sorted(_rows.values(), key=lambda item: item.order)

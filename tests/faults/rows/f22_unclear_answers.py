"""F22: resets, half answers, error pages, errors under 200, one byte a second, 429 and redirects from the supplier."""

from __future__ import annotations

from typing import Any

from tests.faults.plan import row
from tests.faults.strangers import BRISK, case_kinds, misbehaving
from tests.faults.trial import Trial

__all__ = ["unclear_answers"]

#: Each 5 % of the purchases. The last three certainly bought nothing, the others may have.
NAMES = (
    *("accepted_reset", "accepted_closed", "accepted_cut", "500_after", "500_before", "502_html", "503_html"),
    *("truncated_json", "200_error", "byte_by_byte", "307", "429", "429_date", "429_bare"),
)

#: How a call that failed may be sorted (bitloot/errors.py); whatever else ends in a dead job is a class nobody named.
CLASSES = frozenset({"Retryable", "Permanent", "Blocked", "Ambiguous", "Duplicate"})


@row("F22", "supplier: every unclear answer, 5 % each", short=16, full=1000)
def unclear_answers(trial: Trial) -> None:
    """A class for each answer, nothing bought twice, every order at rest or before a person."""
    how: dict[str, Any] = {"share": 0.05} if trial.full else {"count": 1}
    with trial.shop(**BRISK) as shop:
        with misbehaving(trial, shop, [{"name": name, **how} for name in NAMES]):
            load = trial.load(shop)
            load.finish()
            trial.settle(load, within=120)
        for kind, number in case_kinds(shop).items():
            trial.note(f"cases {kind}", number)
        for kind, actor in shop.rows("SELECT DISTINCT error_class, actor FROM jobs"):
            if kind not in CLASSES:
                trial.violation(f"{actor} met an answer that it has no class for: {kind}")

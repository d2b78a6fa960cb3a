"""The shapes of cases and of their answers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from bitloot.states import OrderState
from db.cases import CaseFacts
from web.admin.case_answers import Resolution, case_view

FACTS = CaseFacts(
    id=uuid.uuid4(),
    order_id=uuid.uuid4(),
    order_state=OrderState.REVIEW,
    subject="s",
    kind="late",
    figures={"received_amount": "1"},
    state="open",
    opened_at=datetime.now(UTC),
    resolved_at=None,
    resolved_by=None,
    resolution=None,
    reason=None,
    basis=None,
)


def test_an_open_case_says_what_may_be_done_and_a_resolved_one_nothing() -> None:
    assert [move.name for move in case_view(FACTS).moves] == ["accept", "refund_due", "reject"]
    resolved = CaseFacts(**{**vars(FACTS), "state": "resolved", "resolution": "accept"})
    assert case_view(resolved).moves == []


def test_a_basis_says_only_what_is_given() -> None:
    told = Resolution.model_validate(
        {"move": "refund_due", "reason": "because", "basis": {"address": "bc1q"}}
    )
    assert told.given() == {"address": "bc1q"}
    assert Resolution.model_validate({"move": "accept", "reason": "because"}).given() == {}


@pytest.mark.parametrize("amount", ["0,1", "NaN", "1e3", "-1", " 1", "1" * 30, ""])
def test_an_amount_that_is_none_is_refused(amount: str) -> None:
    with pytest.raises(ValidationError):
        Resolution.model_validate({"move": "refund_due", "reason": "because", "basis": {"amount": amount}})

"""The shapes of replays that are asked for."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from web.admin.notice_answers import ReplayMany


def test_only_what_was_given_is_a_filter() -> None:
    asked = ReplayMany.model_validate(
        {"reason": "because", "dryRun": True, "source": "kinguin", "expected": 3}
    )
    assert asked.filters() == {"source": "kinguin"}
    assert (asked.dry_run, asked.expected) == (True, 3)


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": "x"}, {"reason": "because", "everything": True}, {"reason": "because", "expected": -1}],
)
def test_what_does_not_fit_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReplayMany.model_validate(body)

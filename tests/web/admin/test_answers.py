"""What an admin says is read strictly."""

from __future__ import annotations

import pytest

from web.admin.answers import Reason


def test_a_reason_says_something() -> None:
    assert Reason(reason="  because ").reason == "because"
    with pytest.raises(ValueError, match="at least 3"):
        Reason(reason=" . ")

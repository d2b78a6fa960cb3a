"""S3 stores that repeat at once."""

from __future__ import annotations

import pytest

from bitloot.stores import s3


@pytest.fixture(autouse=True)
def quick_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    """How often it repeats is tested here, not its patience."""
    monkeypatch.setattr(s3, "PAUSE", 0.0)

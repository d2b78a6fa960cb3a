"""S3 stores that start and repeat at once."""

from __future__ import annotations

import pytest

from bitloot.stores import s3
from tests.bitloot.stores.opened_s3 import SESSION


@pytest.fixture(autouse=True)
def quick_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session reads S3's description, a quarter of a second, so one serves all stores of a run; and botocore
    sleeps up to a second before it repeats: what it does is tested here, not its patience."""
    monkeypatch.setattr(s3, "Session", lambda: SESSION)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)

"""The short forms: the fault bit, nothing was lost, nothing was charged twice, every invariant held."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.plan import Row, all_rows
from tests.faults.record import table
from tests.faults.trial import run_row
from tests.servers import Servers

SHORT = [row for row in all_rows() if row.in_make_test]

#: Logged with each failure; give it as FAULT_SEED to see the same run again.
SEED = int(os.environ.get("FAULT_SEED", "1"))


@pytest.mark.parametrize("row", SHORT, ids=[row.number for row in SHORT])
def test_the_shop_survives(row: Row, servers: Servers, tmp_path: Path) -> None:
    record = run_row(row, servers, tmp_path, seed=SEED, full=False, raises=True)
    assert record.passed, "\n" + table([record])

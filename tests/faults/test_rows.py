"""The short forms: the fault bit, nothing was lost, nothing was charged twice, every invariant held."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.plan import all_rows
from tests.faults.proxy import Proxy
from tests.faults.record import table
from tests.faults.shop import FaultShop, open_shop
from tests.faults.strangers import BRISK
from tests.faults.trial import run_row
from tests.faults.wire import port_of, through
from tests.servers import Servers

#: Logged with each failure; give it as FAULT_SEED to see the same run again.
SEED = int(os.environ.get("FAULT_SEED", "1"))

ROWS = {row.number: row for row in all_rows() if row.in_make_test}

#: Rows that need a world of their own. All others leave their house as they found it, and so share one.
ALONE = frozenset({"F1"})


def test_the_shop_survives_a_death_at_each_crossing(servers: Servers, tmp_path: Path) -> None:
    record = run_row(ROWS["F1"], servers, tmp_path, seed=SEED, full=False, raises=True)
    assert record.passed, "\n" + table([record])


def test_one_house_survives_one_trouble_after_another(
    servers: Servers, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """The orders of each row are in the house of the next one, and are judged again with its own."""
    with _house(servers, tmp_path) as house:
        for row in (row for number, row in ROWS.items() if number not in ALONE):
            with subtests.test(row.number):
                record = run_row(row, servers, tmp_path, seed=SEED, full=False, raises=True, lent=house)
                assert record.passed, "\n" + table([record])
            house.calm()
        assert house.plaintext_violations() == []


@contextmanager
def _house(servers: Servers, directory: Path) -> Iterator[FaultShop]:
    """With what the rows ask for: witnesses at its workers, a proxy before its database, brisk suppliers."""
    with Proxy(port_of(servers.database_url)) as proxy:
        overrides = through("DATABASE_URL", proxy.port)
        environ: dict[str, Any] = {**BRISK, "REPEAT_AFTER_AMBIGUOUS": "true"}
        with open_shop(servers, directory, witnessed=True, overrides=overrides, **environ) as house:
            house.wire = proxy
            house.supervise()
            yield house

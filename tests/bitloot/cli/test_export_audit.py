"""`bitloot export-audit`."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator

import pytest

from bitloot.settings import load_settings
from db import base, record_access
from tests.bitloot.cli.conftest import Bitloot
from tests.factories import an_order


@pytest.fixture
def order_id(in_environ: dict[str, str]) -> Iterator[str]:
    base.configure(load_settings(in_environ), application="tests")
    with base.scope():
        order = an_order()
        for subject in (order.id, None):
            record_access(
                subject, "reveal", actor="buyer", outcome="granted", address="", user_agent="=1+1", details={}
            )
    yield str(order.id)
    base.dispose()


def test_all_records_come_out_the_export_itself_included(bitloot: Bitloot, order_id: str) -> None:
    lines = [json.loads(line) for line in bitloot("export-audit").out.splitlines()]
    assert [line["action"] for line in lines] == ["reveal", "reveal", "export"]
    assert (lines[0]["order_id"], lines[1]["order_id"]) == (order_id, None)


def test_csv_of_one_order_holds_no_formula(bitloot: Bitloot, order_id: str) -> None:
    said = bitloot("export-audit", "--order", order_id, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [(row["action"], row["user_agent"]) for row in rows] == [
        ("reveal", "'=1+1"),
        ("export", "bitloot export-audit"),
    ]


def test_of_no_order_nothing_is_exported(bitloot: Bitloot, order_id: str) -> None:
    said = bitloot("export-audit", "--order", str(uuid.uuid4()))
    assert (said.code, said.out, said.err) == (1, "", "✗ There is no such order.\n")
    assert len(bitloot("export-audit", "--order", order_id[:8]).out.splitlines()) == 2

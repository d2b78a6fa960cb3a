"""`bitloot receipt`, and what `bitloot verify-receipt` makes of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitloot.receipts import ReceiptKeys
from bitloot.settings import load_settings
from db import Order, base
from db.audit import records
from tests.bitloot.cli.conftest import Bitloot
from tests.factories import a_product
from tests.timeline import finished


@pytest.fixture
def sold(in_environ: dict[str, str]) -> Iterator[Order]:
    base.configure(load_settings(in_environ), application="tests")
    with base.scope():
        order, _ = finished((a_product(), 1))
    yield order
    base.dispose()


def test_a_receipt_is_printed_recorded_and_valid(
    bitloot: Bitloot, sold: Order, in_environ: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "receipt.json"
    assert bitloot("receipt", str(sold.id), "--out", str(file)).code == 0
    said = bitloot("verify-receipt", str(file))
    assert (said.code, said.out.startswith(f"✓ Valid: BitLoot sold order {sold.id}")) == (0, True)
    public = ReceiptKeys.from_settings(load_settings(in_environ)).public[1]
    assert bitloot("verify-receipt", str(file), "--public-key", public, "--json").document["valid"]
    base.configure(load_settings(in_environ), application="tests")
    with base.scope():
        assert [record.action for record in records(sold.id)] == ["reveal", "receipt"]
    file.write_text(json.dumps(json.loads(file.read_text()) | {"shop": "Another"}))
    said = bitloot("verify-receipt", str(file))
    assert (said.code, "Not valid: the signature does not belong to this receipt." in said.out) == (1, True)
    assert bitloot("verify-receipt", str(file), "--json").document["code"] == "bad_signature"


def test_there_is_no_receipt_for_nothing(bitloot: Bitloot, sold: Order) -> None:
    said = bitloot("receipt", str(uuid.uuid4()))
    assert (said.code, said.err) == (1, "✗ There is no such order.\n")


def test_where_no_file_can_be_written_it_says_so(bitloot: Bitloot, sold: Order, tmp_path: Path) -> None:
    said = bitloot("receipt", str(sold.id)[:8], "--out", str(tmp_path / "nowhere" / "receipt.json"))
    assert (said.code, "receipt.json cannot be written: No such file or directory." in said.err) == (1, True)

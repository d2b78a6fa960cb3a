"""`bitloot verify-receipt` needs nothing but the file and a public key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bitloot.receipts import ReceiptKeys
from tests.bitloot.cli.conftest import Bitloot

KEYS = ReceiptKeys({1: b"1" * 32})
FACTS = {
    "shop": "Shop",
    "order": {"id": "a", "paidAt": "then"},
    "lines": [{"keys": [{}]}],
    "reveals": [{"outcome": "failed"}, {"outcome": "granted", "at": "now", "address": "::1"}],
}


@pytest.mark.usefixtures("nowhere")
def test_the_public_key_alone_is_enough(bitloot: Bitloot, tmp_path: Path) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(KEYS.sign(FACTS)))
    said = bitloot("verify-receipt", str(file), "--public-key", KEYS.public[1])
    assert said.code == 0
    assert "Valid: Shop sold order a, paid then; 1 key, first revealed now from ::1." in said.out
    other = ReceiptKeys({1: b"2" * 32}).public[1]
    said = bitloot("verify-receipt", str(file), "--public-key", other)
    assert (said.code, "signed by another key" in said.out) == (1, True)

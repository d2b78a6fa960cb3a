"""However many ask, one finds out; the others hear what was said last."""

from __future__ import annotations

from bitloot.settings import Settings
from db.sayings import claim_saying, keep_saying, sayings


def test_one_finds_out_and_all_hear_it(database: Settings) -> None:
    assert claim_saying("balance:kinguin", 60)
    assert not claim_saying("balance:kinguin", 60)
    assert sayings(["balance:kinguin"]) == {}
    keep_saying("balance:kinguin", {"amount": "1.50"})
    assert sayings(["balance:kinguin", "x"])["balance:kinguin"].said == {"amount": "1.50"}
    assert claim_saying("balance:kinguin", -1)

"""The outside ledger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

from web.standins.ledger import Ledger, charges, fingerprint, plaintext_keys, read_ledger


def test_each_effect_is_one_line_in_its_stand_ins_file(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.write("kinguin", "order_charged", external_id="BL-1", order_id="P1", amount=Decimal("12.34"))
    ledger.write("resend", "mail_accepted", subject="Clé\nX")
    ledger.close()
    [line] = read_ledger(tmp_path, "kinguin")
    assert (line["effect"], line["amount"], line["standin"]) == ("order_charged", "12.34", "kinguin")
    assert [line["subject"] for line in read_ledger(tmp_path, effect="mail_accepted")] == ["Clé\nX"]


def test_many_hands_lose_no_line(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with ThreadPoolExecutor(16) as hands:
        list(hands.map(lambda n: ledger.write("kinguin", "order_moved", n=n), range(200)))
    ledger.close()
    assert sorted(line["n"] for line in read_ledger(tmp_path, "kinguin")) == list(range(200))


def test_a_line_that_was_torn_by_a_crash_does_not_spoil_the_next(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.write("kinguin", "order_moved", n=1)
    ledger.close()
    with (tmp_path / "kinguin.jsonl").open("ab") as file:
        file.write(b'{"effect":"order_')
    assert [line["n"] for line in read_ledger(tmp_path)] == [1]
    ledger = Ledger(tmp_path)
    ledger.write("kinguin", "order_moved", n=2)
    ledger.close()
    assert [line["n"] for line in read_ledger(tmp_path)] == [1, 2]


def test_charges_are_counted_per_reference_over_both_suppliers(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for external_id in ("BL-1", "BL-2", "BL-1", None):
        ledger.write("kinguin", "order_charged", external_id=external_id, order_id="P7")
    for charged in (True, False):
        ledger.write("reservations", "given", order_id="BL-3", charged=charged)
    ledger.write("reservations", "given", order_id="BL-4", charged=False)
    ledger.close()
    assert charges(tmp_path) == {"BL-1": 2, "BL-2": 1, "BL-3": 1, "kinguin:P7": 1}


def test_plaintext_keys_are_kept_apart_from_the_lines(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.keep_keys(["AAAAA-BBBBB-CCCCC", "DDDDD-EEEEE-FFFFF"])
    ledger.write("kinguin", "keys_ready", fingerprints=[fingerprint(b"AAAAA-BBBBB-CCCCC")])
    ledger.close()
    assert plaintext_keys(tmp_path) == ["AAAAA-BBBBB-CCCCC", "DDDDD-EEEEE-FFFFF"]
    assert b"AAAAA" not in (tmp_path / "kinguin.jsonl").read_bytes()
    assert (tmp_path / "keys.txt").stat().st_mode & 0o077 == 0


def test_nothing_written_reads_as_nothing(tmp_path: Path) -> None:
    assert read_ledger(tmp_path) == []
    assert plaintext_keys(tmp_path) == []
    assert not charges(tmp_path)


def test_a_cleared_ledger_begins_anew(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.write("resend", "mail_accepted", n=1)
    ledger.clear()
    ledger.write("resend", "mail_accepted", n=2)
    ledger.close()
    assert [line["n"] for line in read_ledger(tmp_path)] == [2]

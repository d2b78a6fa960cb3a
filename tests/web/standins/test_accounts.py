"""What the ledger adds up to."""

from __future__ import annotations

from pathlib import Path

from web.standins.accounts import (
    bites,
    charges_kept,
    charges_of_lines,
    charges_of_reservations,
    mails,
    notices,
)
from web.standins.ledger import Ledger, charges

LINE = "BL-0123456789abcdef0123456789abcdef"


def ledger_of(directory: Path) -> None:
    ledger = Ledger(directory)
    for ref, order in ((LINE, "P1"), (f"{LINE}-2", "P2"), ("BL-7", "P3")):
        ledger.write("kinguin", "order_charged", external_id=ref, order_id=order)
    ledger.write("kinguin", "order_moved", external_id=LINE, order_id="P1", status="canceled")
    for charged in (True, False, True):
        ledger.write("reservations", "given", order_id="BL-9", reservation_id="res-1", charged=charged)
    ledger.close()


def test_charges_are_told_by_purchase_line_and_reservation(tmp_path: Path) -> None:
    ledger_of(tmp_path)
    assert charges(tmp_path) == {LINE: 1, f"{LINE}-2": 1, "BL-7": 1, "BL-9": 2}
    assert charges_of_lines(tmp_path) == {LINE: 2, "BL-7": 1, "BL-9": 2}
    assert charges_of_reservations(tmp_path) == {"res-1": 2}


def test_what_the_supplier_gave_back_does_not_count_as_bought_twice(tmp_path: Path) -> None:
    ledger_of(tmp_path)
    assert charges_kept(tmp_path) == {LINE: 1, "BL-7": 1, "BL-9": 2}


def test_mails_notices_and_bites_are_counted(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for key in ("delivery/1/1", "delivery/1/1", None):
        ledger.write("resend", "mail_accepted", idempotency_key=key, id="m")
    for answer in (200, 204, 503, None):
        ledger.write("nowpayments", "ipn_sent", answer=answer)
    ledger.write("faults", "set", name="429")
    ledger.write("faults", "bitten", name="429")
    ledger.close()
    assert mails(tmp_path) == {"delivery/1/1": 2, "resend:m": 1}
    assert [line["answer"] for line in notices(tmp_path, accepted=True)] == [200, 204]
    assert [line["answer"] for line in notices(tmp_path, accepted=False)] == [503, None]
    assert len(notices(tmp_path)) == 4
    assert bites(tmp_path) == {"429": 1}

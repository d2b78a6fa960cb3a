"""The judges are judged: each invariant goes red for the lie that it is there to find, and is silent for the truth."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bitloot.settings import Settings
from bitloot.shop import Shop, open_shop
from db import base, record_access
from db.keys import key_label, order_context
from tests.faults.inside import Inside, KeyRow, PurchaseRow
from tests.faults.invariants import CHECKS, Evidence, lost_orders, violations
from tests.faults.outside import Outside, Told
from web.standins.ledger import Ledger, fingerprint

CODE = b"BLKEY-0123456789abcdef0123456789abcdef"


@pytest.fixture
def shop(settings: Settings) -> Shop:
    return open_shop(settings)


@pytest.fixture
def truth(shop: Shop) -> Evidence:
    """One order that went as it should: paid, bought, sealed, told, read."""
    order, line, purchase, key = (uuid.uuid4() for _ in range(4))
    wrapped = shop.vault.new_data_key(order_context(order))
    sealed = shop.vault.seal(wrapped, order_context(order), key_label(line, key), CODE)
    name = f"orders/{order}/{key}.sealed"
    shop.store.put_once(name, sealed)
    digest = hashlib.sha256(sealed).hexdigest()
    states = ["created", "paid", "waiting", "ready", "fulfilled"]
    sources = [None, *states[:-1]]
    inside = Inside(
        states={str(order): "fulfilled"},
        emails={str(order): "buyer@example.test"},
        resting={str(order)},
        cases={},
        purchases=[
            PurchaseRow(str(purchase), str(order), str(line), 1, "kinguin", "BL-1", "K-1", "stored", 1)
        ],
        keys=[KeyRow(str(key), str(order), str(line), str(purchase), name, digest, memoryview(wrapped))],
        moves={str(order): list(zip(range(1, 6), sources, states, strict=True))},
        purchase_moves={str(purchase): [(None, "intent"), ("intent", "sending"), ("sending", "placed")]},
        notices={("nowpayments", "5", "finished"), ("kinguin", "K-1", "order.status")},
        payments={"5": (str(order), "finished")},
        reveals={str(order)},
    )
    outside = Outside(
        charged=Counter({"BL-1": 1}),
        letters=Counter({f"keys_ready/{order}/1": 1}),
        recipients={f"keys_ready/{order}/1": "buyer@example.test"},
        paid={"5": {"order_id": str(order), "actually_paid": "0.5"}},
        payments={"5": {"order_id": str(order), "pay_amount": "0.5"}},
        told=[Told("nowpayments", "5", "finished", str(order)), Told("kinguin", "K-1", "completed", None)],
    )
    outside.sold["BL-1"] = [fingerprint(CODE)]
    return Evidence(outside, inside, shop, frozenset({name}), {str(order): [CODE.decode()]})


def test_the_truth_has_no_violation(truth: Evidence) -> None:
    assert violations(truth) == []
    assert lost_orders(truth) == []


def _order(evidence: Evidence) -> str:
    return next(iter(evidence.inside.states))


def _still_paid(evidence: Evidence) -> Evidence:
    evidence.inside.states[_order(evidence)] = "paid"
    return evidence


def _charged_twice(evidence: Evidence) -> Evidence:
    evidence.outside.charged["BL-1"] = 2
    return evidence


def _bought_again(evidence: Evidence) -> Evidence:
    first = evidence.inside.purchases[0]
    evidence.inside.purchases.append(replace(first, id="2", generation=2, ref="BL-1-2", state="waiting"))
    evidence.outside.charged["BL-1-2"] = 1
    return evidence


def _a_stranger_was_charged(evidence: Evidence) -> Evidence:
    evidence.outside.charged["BL-9"] = 1
    return evidence


def _two_letters(evidence: Evidence) -> Evidence:
    evidence.outside.letters[f"keys_ready/{_order(evidence)}/2"] = 1
    return evidence


def _to_somebody_else(evidence: Evidence) -> Evidence:
    evidence.outside.recipients[f"keys_ready/{_order(evidence)}/1"] = "other@example.test"
    return evidence


def _another_key(evidence: Evidence) -> Evidence:
    evidence.outside.sold["BL-1"] = [fingerprint(b"another")]
    return evidence


def _a_broken_object(evidence: Evidence) -> Evidence:
    key = evidence.inside.keys[0]
    evidence.shop.store.delete(key.object_name)
    evidence.shop.store.put_once(key.object_name, b"something else")
    return evidence


def _a_missing_key(evidence: Evidence) -> Evidence:
    evidence.inside.keys.clear()
    return evidence


def _a_stray_object(evidence: Evidence) -> Evidence:
    return replace(evidence, objects=evidence.objects | {f"orders/{_order(evidence)}/{uuid.uuid4()}.sealed"})


def _an_illegal_move(evidence: Evidence) -> Evidence:
    moves = evidence.inside.moves[_order(evidence)]
    moves[1:] = [(2, "created", "waiting"), (3, "waiting", "ready"), (4, "ready", "fulfilled")]
    return evidence


def _a_gap(evidence: Evidence) -> Evidence:
    del evidence.inside.moves[_order(evidence)][2]
    return evidence


def _a_step_twice(evidence: Evidence) -> Evidence:
    evidence.inside.moves[_order(evidence)] = [
        (number, source, state)
        for number, (source, state) in enumerate(
            [(None, "created"), ("created", "paid"), ("paid", "paid"), ("paid", "waiting")], 1
        )
    ]
    evidence.inside.states[_order(evidence)] = "waiting"
    return evidence


def _a_notice_forgotten(evidence: Evidence) -> Evidence:
    evidence.inside.notices.clear()
    return evidence


def _bought_without_money(evidence: Evidence) -> Evidence:
    evidence.outside.paid["5"]["actually_paid"] = "0.4"
    return evidence


def _read_unseen(evidence: Evidence) -> Evidence:
    evidence.inside.reveals.clear()
    return evidence


def _read_anothers(evidence: Evidence) -> Evidence:
    return replace(evidence, revealed={_order(evidence): [f"BLKEY-{secrets.token_hex(16)}"]})


def _a_record_was_edited(evidence: Evidence) -> Evidence:
    evidence.inside.chain_flaw = "record 4 (id 4) is not what was written there"
    return evidence


def _the_end_was_cut_off(evidence: Evidence) -> Evidence:
    return replace(evidence, anchor_flaw="records 3 to 4 are gone: anchor 1 knows of them")


LIES: list[tuple[str, Callable[[Evidence], Evidence]]] = [
    ("I1", _still_paid),
    ("I2", _charged_twice),
    ("I2", _bought_again),
    ("I2", _a_stranger_was_charged),
    ("I3", _two_letters),
    ("I3", _to_somebody_else),
    ("I4", _another_key),
    ("I4", _a_broken_object),
    ("I4", _a_missing_key),
    ("I4", _a_stray_object),
    ("I6", _an_illegal_move),
    ("I6", _a_gap),
    ("I6", _a_step_twice),
    ("I7", _a_notice_forgotten),
    ("I8", _bought_without_money),
    ("I9", _read_unseen),
    ("I9", _read_anothers),
    ("I9", _a_record_was_edited),
    ("I9", _the_end_was_cut_off),
]


@pytest.mark.parametrize(("number", "lie"), LIES, ids=[lie.__name__.strip("_") for _, lie in LIES])
def test_a_lie_is_found(truth: Evidence, number: str, lie: Callable[[Evidence], Evidence]) -> None:
    assert violations(lie(truth), frozenset({number})) != []


def test_a_chain_that_somebody_edited_is_seen_in_the_tables(database: Settings) -> None:
    for _ in range(3):
        record_access(None, "reveal", actor="buyer", outcome="granted", address="", user_agent="")
    assert Inside.read().chain_flaw == ""
    base.rows(
        "ALTER TABLE access_records DISABLE TRIGGER USER;"
        " UPDATE access_records SET outcome = 'refused' WHERE seq = 2; SELECT 1"
    )
    assert Inside.read().chain_flaw.startswith("record 2 ")


def test_every_check_has_a_lie() -> None:
    assert {number for number, _ in LIES} == set(CHECKS)


def test_money_that_nobody_cares_for_is_lost(truth: Evidence) -> None:
    assert lost_orders(_still_paid(truth)) == [_order(truth)]
    truth.inside.cases[_order(truth)] = ["gateway_refuses"]
    assert lost_orders(truth) == []


def test_a_purchase_that_the_supplier_undid_may_be_followed_by_another(truth: Evidence) -> None:
    _bought_again(truth)
    truth.outside.undone.add("BL-1")
    assert violations(truth, frozenset({"I2"})) == []


def test_the_files_are_read_as_the_standins_write_them(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    told: dict[str, Any] = {"order_id": "o", "payment_id": "5"}
    ledger.write("nowpayments", "payment_created", **told, pay_amount="1")
    ledger.write("nowpayments", "payment_moved", **told, status="finished", actually_paid="1")
    ledger.write("nowpayments", "ipn_sent", **told, status="finished", attempt=1, answer=503)
    ledger.write("nowpayments", "ipn_sent", **told, status="finished", attempt=2, answer=200)
    ledger.write("kinguin", "order_charged", order_id="K", external_id="BL-1", amount="3")
    ledger.write("kinguin", "keys_ready", order_id="K", external_id="BL-1", fingerprints=["f"])
    ledger.write("reservations", "given", reservation_id="r", order_id="BL-2", charged=True)
    ledger.write("reservations", "order_moved", reservation_id="r", order_id="BL-2", status="cancelled")
    ledger.write("resend", "mail_accepted", id="m", idempotency_key="keys_ready/o/1", to=["b@example.test"])
    ledger.close()
    found = Outside.read(tmp_path)
    assert found.charged == {"BL-1": 1, "BL-2": 1}
    assert found.undone == {"BL-2"}
    assert found.sold == {"BL-1": ["f"]}
    assert found.told == [Told("nowpayments", "5", "finished", "o")]
    assert found.paid_orders == {"o"}
    assert found.letters_of("o") == {"keys_ready": 1}

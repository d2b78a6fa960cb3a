"""What a receipt says about an order."""

from __future__ import annotations

import json
import uuid

from bitloot.settings import Settings
from db import Key, base
from db.receipts import receipt_facts
from tests.factories import a_product, an_order
from tests.timeline import finished


def test_it_tells_what_was_sold_sealed_mailed_and_seen(database: Settings) -> None:
    order, _ = finished((a_product("kinguin"), 2), (a_product("reservations"), 1))
    facts = receipt_facts(order.id, "Shop")
    assert facts is not None
    assert (facts["order"]["price"], facts["order"]["email"]) == ("60.00", "buyer@example.test")
    assert [(line["quantity"], len(line["keys"])) for line in facts["lines"]] == [(2, 2), (1, 1)]
    told = {key["fingerprint"] for line in facts["lines"] for key in line["keys"]}
    assert told == {key.fingerprint for key in Key.select()}
    assert [letter["kind"] for letter in facts["letters"]] == ["keys_ready"]
    [reveal] = facts["reveals"]
    assert (reveal["outcome"], reveal["address"], reveal["record"]) == ("granted", "127.0.0.1", 1)
    assert (reveal["link"],) == base.rows("SELECT encode(mac, 'hex') FROM access_records")[0]
    assert json.loads(json.dumps(facts)) == facts


def test_nothing_is_said_of_what_was_never_paid(database: Settings) -> None:
    assert receipt_facts(an_order().id, "Shop") is None
    assert receipt_facts(uuid.uuid4(), "Shop") is None

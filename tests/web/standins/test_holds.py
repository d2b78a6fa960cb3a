"""How the reservation dialect tells the shop."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.web.standins.receiver import Receiver
from web.standins.catalog import game_at
from web.standins.floor import Floor
from web.standins.holds import Holds
from web.standins.ledger import plaintext_keys


def told(floor: Floor, receiver: Receiver) -> Any:
    game = game_at("reservations", "rsv-tin-parade")
    assert game is not None
    holds = Holds(floor)
    holds.give(holds.reserve("BL-1", game, 1))
    return receiver.wait_for(1)[0]


@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_a_delivery_is_told_with_a_signature_over_the_raw_body(
    floor: Floor, receiver: Receiver, algorithm: str
) -> None:
    object.__setattr__(floor.config, "reservations_verifier", f"hmac-{algorithm}")
    received = told(floor, receiver)
    secret = floor.config.reservations_webhook_secret.encode()
    by_hand = hmac.new(secret, received.body, getattr(hashlib, algorithm)).hexdigest()
    assert received.headers["X-KINGUIN-SIGNATURE"] == by_hand
    assert received.headers["X-Auth-Token"] is None
    assert received.path == "/kinguin/webhooks"


def test_a_static_token_stands_for_a_signature(floor: Floor, receiver: Receiver) -> None:
    object.__setattr__(floor.config, "reservations_verifier", "static")
    received = told(floor, receiver)
    assert received.headers["X-Auth-Token"] == floor.config.reservations_webhook_secret
    assert received.headers["X-KINGUIN-SIGNATURE"] is None


def test_a_delivery_names_event_reservation_and_our_reference(floor: Floor, receiver: Receiver) -> None:
    body = json.loads(told(floor, receiver).body)
    assert set(body) == {"event", "status", "reservationId", "orderId", "occurredAt"}
    assert (body["event"], body["status"], body["orderId"]) == ("reservation.delivered", "delivered", "BL-1")


def test_the_key_rides_along_only_where_told_so(floor: Floor, receiver: Receiver) -> None:
    floor.configure(inline_key=True)
    body = json.loads(told(floor, receiver).body)
    assert [body["key"]] == plaintext_keys(floor.config.ledger_dir)

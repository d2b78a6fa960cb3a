"""What is refused is kept for a person, capped; what is foreign is noted."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest
from falcon.testing import TestClient

from bitloot.shop import Shop
from db import Notice, Refused, base
from db.refused import open_refused
from tests.factories import a_payment, again, an_order
from tests.web.cast import JSON, ipn_body, kinguin_headers, signed
from web import reception
from web.app import create_app

FORGED = JSON | {"x-nowpayments-sig": "0" * 128}

STRANGE = {
    "json_duplicate_key": b'{"payment_id":1,"payment_id":2}',
    "json_constant": b'{"payment_id":NaN}',
    "json_text": b'{"payment_id":"\\ud800"}',
    "json_depth": b"[" * 33 + b"]" * 33,
    "json_number": b'{"payment_id":' + b"9" * 41 + b"}",
    "json_encoding": b"\xff\xfe{\x00}\x00",
    "json_syntax": b'{"payment_id":',
}


def raw_signed(shop: Shop, body: bytes) -> dict[str, str]:
    """As a gateway gone mad would sign."""
    secret = shop.settings.nowpayments_ipn_secret.get_secret_value().encode()
    return {"x-nowpayments-sig": hmac.digest(secret, body, hashlib.sha512).hex()}


def test_each_kind_of_strange_json_has_its_code_and_is_kept_untrusted(client: TestClient, shop: Shop) -> None:
    for code, body in STRANGE.items():
        answer = client.simulate_post("/payments/ipn", body=body, headers=raw_signed(shop, body))
        assert (answer.status_code, answer.json["code"]) == (400, code)
    kept = {refused.verdict: refused for refused in Refused.select()}
    assert set(kept) == set(STRANGE)
    headers, body = open_refused(shop.vault, kept["json_constant"])
    assert body == STRANGE["json_constant"]
    assert list(headers) == ["x-nowpayments-sig"]
    assert Notice.select().count() == 0


def test_a_forgery_is_kept_sealed_once_however_often_it_comes(client: TestClient, shop: Shop) -> None:
    body = ipn_body(a_payment(an_order()))
    for _ in range(3):
        assert client.simulate_post("/payments/ipn", body=body, headers=FORGED).status_code == 401
    [refused] = Refused.select()
    assert (refused.source, refused.verdict, refused.repeats) == ("nowpayments", "bad_signature", 2)
    assert (refused.size, b"payment_id" in bytes(refused.body)) == (len(body), False)
    true = client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body))
    assert (true.status_code, Notice.get().repeats) == (200, 0)  # the forgery was no first copy of it


def test_webhooks_of_nobody_and_of_a_sender_without_the_secret_are_kept(
    client: TestClient, shop: Shop
) -> None:
    client.simulate_post("/kinguin/webhooks", body=b"{}")
    client.simulate_post("/kinguin/webhooks", body=b"{}", headers={"x-event-secret": "wrong"})
    huge = b"x" * 70_000
    assert (
        client.simulate_post("/kinguin/webhooks", body=huge, headers=kinguin_headers(shop)).status_code == 413
    )
    assert sorted((refused.source, refused.verdict, refused.size) for refused in Refused.select()) == [
        ("kinguin", "bad_signature", 2),
        ("unclaimed", "bad_signature", 2),
        ("unclaimed", "body_too_large", 70_000),
    ]


def test_strangers_cannot_make_us_write_without_end(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "RATE", 0.0)
    for number in range(30):
        assert client.simulate_post("/payments/ipn", body=b"%d" % number, headers=FORGED).status_code == 401
    assert Refused.select().count() == reception.BURST


def test_a_refusal_stays_one_when_it_cannot_be_kept(client: TestClient, shop: Shop) -> None:
    base.rows("DROP TABLE refused_deliveries; SELECT 1")
    assert client.simulate_post("/payments/ipn", body=b"{}", headers=FORGED).status_code == 401


def test_a_notice_from_a_foreign_address_is_noted_and_taken(client: TestClient, shop: Shop) -> None:
    order = an_order()
    body = ipn_body(a_payment(order))
    headers = signed(shop, body) | {"X-Forwarded-For": "203.0.113.9"}
    assert client.simulate_post("/payments/ipn", body=body, headers=headers).status_code == 200
    assert (Notice.get().verdict, Notice.get().address) == ("foreign", "203.0.113.9")
    assert again(order).state == "paid"


def test_where_the_settings_say_so_a_foreign_address_is_refused(shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"foreign_senders": "refuse"})
    strict = TestClient(create_app(settings, replace(shop, settings=settings)))
    order = an_order()
    body = ipn_body(a_payment(order))
    headers = signed(shop, body) | {"X-Forwarded-For": "203.0.113.9"}
    answer = strict.simulate_post("/payments/ipn", body=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "foreign_sender")
    assert (again(order).state, Refused.get().verdict) == ("created", "foreign_sender")
    home = signed(shop, body) | {"X-Forwarded-For": "51.89.194.21"}
    assert strict.simulate_post("/payments/ipn", body=body, headers=home).status_code == 200

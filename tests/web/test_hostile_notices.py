"""Any bytes at the doors for notices: an answer that is no 5xx, and no change without proof."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from falcon.testing import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bitloot.shop import Shop
from db import Notice, base
from tests.web.cast import kinguin_headers
from tests.web.conftest import settled

EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

#: JSON with the names that the parsers look for, and values that they do not expect there.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["payment_id", "payment_status", "order_id", "pay_amount", "updated_at", "status", "orderId", "event"]
)
OBJECTS = st.dictionaries(NAMES, VALUES | st.sampled_from(["finished", "completed", "1"]), max_size=8)
BODIES = st.binary(max_size=400) | OBJECTS.map(lambda value: json.dumps(value).encode())
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=140)


@pytest.mark.parametrize("is_signed", [True, False])
def test_an_ipn_of_any_bytes_is_answered_without_5xx(client: TestClient, shop: Shop, is_signed: bool) -> None:
    secret = shop.settings.nowpayments_ipn_secret.get_secret_value().encode()

    @EXAMPLES
    @given(BODIES, HEADER)
    def check(body: bytes, header: str) -> None:
        proof = hmac.digest(secret, body, hashlib.sha512).hex() if is_signed else header
        answer = client.simulate_post("/payments/ipn", body=body, headers={"x-nowpayments-sig": proof})
        assert answer.status_code in ({200, 400, 422} if is_signed else {401})

    check()
    assert base.rows("SELECT count(*) FROM orders") == [(0,)]
    assert is_signed or Notice.select().count() == 0


@pytest.mark.parametrize("knows", [True, False])
def test_a_webhook_of_any_bytes_is_answered_without_5xx(client: TestClient, shop: Shop, knows: bool) -> None:
    static = kinguin_headers(shop)["X-Event-Secret"]
    secret = shop.settings.reservations_webhook_secret.get_secret_value().encode()

    @EXAMPLES
    @given(BODIES, HEADER, st.booleans())
    def check(body: bytes, header: str, reserves: bool) -> None:
        if reserves:
            proof = hmac.digest(secret, body, hashlib.sha512).hex() if knows else header
            headers = {"X-KINGUIN-SIGNATURE": proof}
        else:
            headers = {
                "X-Event-Secret": static if knows else header,
                "X-Event-Name": header or "order.status",
            }
        answer = client.simulate_post("/kinguin/webhooks", body=body, headers=headers)
        assert answer.status_code in ({204, 400, 422} if knows else {401})

    check()
    assert knows or Notice.select().count() == 0


#: A mail's news: what its parser looks for, at both depths.
MAIL_NAMES = st.sampled_from(["type", "data", "email_id", "bounce", "created_at", "to"])
MAIL_VALUES = VALUES | st.sampled_from(["email.bounced", "email.delivered", "Permanent"])
MAIL_NEWS = st.dictionaries(
    MAIL_NAMES, MAIL_VALUES | st.dictionaries(MAIL_NAMES, MAIL_VALUES, max_size=4), max_size=4
)
MAIL_BODIES = st.binary(max_size=400) | MAIL_NEWS.map(lambda value: json.dumps(value).encode())


@pytest.mark.parametrize("is_signed", [True, False])
def test_mail_news_of_any_bytes_is_answered_without_5xx(shop: Shop, is_signed: bool) -> None:
    key = b"k" * 32
    client = settled(shop, resend_webhook_secret=SecretStr(f"whsec_{base64.b64encode(key).decode()}"))

    @EXAMPLES
    @given(MAIL_BODIES, HEADER, HEADER)
    def check(body: bytes, header: str, moment: str) -> None:
        message, signature = header, header
        if is_signed:
            message, moment = f"m{len(body)}", str(int(time.time()))
            mac = hmac.digest(key, f"{message}.{moment}.".encode() + body, hashlib.sha256)
            signature = f"v1,{base64.b64encode(mac).decode()}"
        answer = client.simulate_post(
            "/resend/webhooks",
            body=body,
            headers={"svix-id": message, "svix-timestamp": moment, "svix-signature": signature},
        )
        assert answer.status_code in ({204, 400, 422} if is_signed else {401})

    check()
    assert is_signed or Notice.select().count() == 0

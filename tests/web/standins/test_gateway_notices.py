"""IPNs as written and signed."""

from __future__ import annotations

import json

import pytest

from bitloot.gateways.ipn_signature import prove
from tests.web.standins.caller import Caller
from web.standins.gateway_notices import ipn, payout
from web.standins.ipn_variants import SHAPES
from web.standins.payment import Payment


def opened(caller: Caller) -> Payment:
    payment = caller.standins.shop.nowpayments.get(caller.payment()["payment_id"])
    assert payment is not None
    return payment


@pytest.mark.parametrize("shape", [None, *SHAPES])
def test_every_shape_is_signed_over_what_is_sent(caller: Caller, shape: str | None) -> None:
    notice = ipn(caller.standins.shop.floor, opened(caller), shapes=[shape] if shape else [])
    assert prove(notice.headers["x-nowpayments-sig"], notice.body, caller.config.ipn_secret)
    assert notice.facts["payment_id"] == str(json.loads(notice.body)["payment_id"])


def test_fields_go_before_shapes(caller: Caller) -> None:
    notice = ipn(
        caller.standins.shop.floor, opened(caller), shapes=["non_ascii"], fields={"order_description": "x"}
    )
    assert json.loads(notice.body)["order_description"] == "x"


def test_a_payout_is_none_of_our_payments(caller: Caller) -> None:
    payment = opened(caller)
    notice = payout(caller.standins.shop.floor, payment)
    assert notice.facts["payment_id"] != str(payment.id)
    assert prove(notice.headers["x-nowpayments-sig"], notice.body, caller.config.ipn_secret)

"""The gateway is opened by its settings."""

from __future__ import annotations

from bitloot.gateways import open_gateway
from bitloot.gateways.base import PaymentNews
from bitloot.settings import load_settings
from tests.bitloot.gateways.vectors import FLAT


def test_the_gateway_is_opened_from_settings() -> None:
    environ = {"NOWPAYMENTS_API_KEY": "k" * 32, "NOWPAYMENTS_IPN_SECRET": FLAT.secret}
    gateway = open_gateway(load_settings(environ, check=False))
    assert gateway.name == "nowpayments"
    news = gateway.parse_ipn({"x-nowpayments-sig": FLAT.signature}, FLAT.body)
    assert isinstance(news, PaymentNews)
    assert "k" * 32 not in repr(vars(gateway))

"""Who tells us about money."""

from __future__ import annotations

from bitloot.fetch import Gate
from bitloot.gateways.base import Gateway
from bitloot.gateways.nowpayments import NowPayments
from bitloot.settings import Settings

__all__ = ["open_gateway"]


def open_gateway(settings: Settings, gate: Gate | None = None) -> Gateway:
    """The gateway that the settings describe; opens no connection yet."""
    return NowPayments(
        settings.nowpayments_base_url,
        settings.nowpayments_api_key,
        settings.nowpayments_ipn_secret,
        previous_secret=settings.nowpayments_ipn_secret_previous,
        gate=gate,
    )

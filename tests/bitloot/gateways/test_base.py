"""The gateway's protocol: what its news look like before anybody judges them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from bitloot.gateways.base import OtherNews, PaymentNews
from bitloot.states import PaymentState


def test_news_say_nothing_that_the_gateway_did_not_say() -> None:
    news = PaymentNews("1", PaymentState.FINISHED)
    unsaid = {field.name: getattr(news, field.name) for field in fields(news)} | {
        "payment_id": None,
        "state": None,
    }
    assert set(unsaid.values()) == {None}


@pytest.mark.parametrize("news", [PaymentNews("1", PaymentState.WAITING), OtherNews("payout", "1")])
def test_news_cannot_be_changed_afterwards(news: Any) -> None:
    name = fields(news)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(news, name, "2")

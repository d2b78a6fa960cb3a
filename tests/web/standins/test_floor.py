"""What all stand-ins share."""

from __future__ import annotations

import pytest

from tests.web.standins.receiver import Receiver
from web.standins.floor import Floor


def test_knobs_turn_while_running(floor: Floor) -> None:
    floor.configure(delivery_seconds=3, webhooks=False, not_ready="missing")
    assert (floor.config.delivery_seconds, floor.config.webhooks, floor.config.not_ready) == (
        3,
        False,
        "missing",
    )
    floor.configure(delivery_seconds=0.2)
    assert floor.config.delivery_seconds == 0.2


@pytest.mark.parametrize(
    "knobs",
    [{"colour": 1}, {"ipn_secret": "x"}, {"retries": "many"}, {"webhooks": 1}, {"delivery_seconds": True}],
)
def test_what_is_no_knob_changes_nothing(floor: Floor, knobs: dict[str, object]) -> None:
    before = floor.config
    with pytest.raises(ValueError, match="no knob"):
        floor.configure(**knobs)
    assert floor.config == before


def test_notices_go_to_the_shop_or_nowhere(floor: Floor, receiver: Receiver) -> None:
    assert floor.address("/kinguin/webhooks") == f"{receiver.url}/kinguin/webhooks"
    floor.configure(shop_url="")
    assert floor.address("/kinguin/webhooks") == ""

"""All stand-ins of one process."""

from __future__ import annotations

from decimal import Decimal

from web.standins.config import StandinsConfig
from web.standins.ledger import read_ledger
from web.standins.shop import Shop


def test_a_shop_forgets_what_it_had_and_what_was_to_come(config: StandinsConfig) -> None:
    shop = Shop(config)
    shop.floor.later.call(60, lambda: None)
    shop.kinguin.balance = Decimal(0)
    shop.faults.add({"point": "resend.send", "kind": "status"})
    shop.ledger.write("kinguin", "order_moved")
    shop.forget()
    assert (shop.floor.later.pending(), shop.kinguin.balance, shop.faults.rows()) == (
        0,
        Decimal(1_000_000),
        [],
    )
    assert len(read_ledger(config.ledger_dir)) == 1
    shop.forget(ledger=True)
    assert read_ledger(config.ledger_dir) == []
    shop.close()
    assert shop.config is config

"""All stand-ins of one process on their common floor."""

from __future__ import annotations

from web.standins.config import StandinsConfig
from web.standins.faults import Faults
from web.standins.floor import Floor
from web.standins.holds import Holds
from web.standins.kinguin_orders import KinguinOrders
from web.standins.ledger import Ledger
from web.standins.mails import Mails
from web.standins.payments import Payments
from web.standins.reservations import Bearers

__all__ = ["Shop"]


class Shop:
    """What a test may look into: `nowpayments`, `kinguin`, `reservations`, `resend`, and what they share."""

    def __init__(self, config: StandinsConfig) -> None:
        self.floor = Floor(config)
        self.nowpayments = Payments(self.floor)
        self.kinguin = KinguinOrders(self.floor)
        self.reservations = Holds(self.floor)
        self.bearers = Bearers(self.floor)
        self.resend = Mails(self.floor)

    @property
    def config(self) -> StandinsConfig:
        return self.floor.config

    @property
    def faults(self) -> Faults:
        return self.floor.faults

    @property
    def ledger(self) -> Ledger:
        return self.floor.ledger

    def forget(self, *, ledger: bool = False) -> None:
        """Back to the first morning; the ledger's files stay unless asked."""
        self.floor.later.forget()
        self.floor.faults.clear()
        for books in (self.nowpayments, self.kinguin, self.reservations, self.resend):
            books.forget()
        self.bearers.revoke()
        if ledger:
            self.floor.ledger.clear()

    def close(self) -> None:
        self.floor.close()

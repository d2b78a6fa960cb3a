"""Those whom the shop calls: do they answer, and do they know us?"""

from __future__ import annotations

from collections.abc import Callable

from bitloot.cli.doctor.finding import Check, Said, off, well, wrong
from bitloot.errors import BitLootError, Blocked
from bitloot.gateways import open_gateway
from bitloot.mail import open_mailer
from bitloot.settings import Settings
from bitloot.suppliers import SUPPLIERS, open_suppliers

__all__ = ["check_gateway", "check_mail", "supplier_checks"]

#: A payment that is not ours: whether it is found says nothing, whether we may ask says that the API key is good.
NOBODYS_PAYMENT = "1"


def check_gateway(settings: Settings) -> Said:
    if not settings.nowpayments_api_key.get_secret_value():
        return wrong("Not set: NOWPAYMENTS_API_KEY.")
    gateway = open_gateway(settings)
    gateway.health()
    try:
        gateway.read_payment(NOBODYS_PAYMENT)
    except Blocked:
        return wrong(
            "Answers, and refuses our API key or our address.",
            "Compare NOWPAYMENTS_API_KEY with its dashboard: sandbox and production have separate ones.",
        )
    except BitLootError:
        pass
    return well("Answers, and knows our API key.")


def check_mail(settings: Settings) -> Said:
    open_mailer(settings).health()
    return well("Takes letters.")


def supplier_checks() -> dict[str, Check]:
    """One for each supplier that this program knows."""
    return {name: _supplier_check(name) for name in SUPPLIERS}


def _supplier_check(name: str) -> Callable[[Settings], Said]:
    def check(settings: Settings) -> Said:
        supplier = open_suppliers(settings).get(name)
        if supplier is None:
            return off("Off.")
        try:
            balance = supplier.balance()
        except Blocked as refusal:
            return wrong(
                f"{refusal}.", "Compare its key; it may also let in certain addresses only: see below."
            )
        if balance is None:
            return well("Set; it has no call that only asks.")
        return well(f"Answers, and knows us; balance {balance[0]} {balance[1].upper()}.")

    return check

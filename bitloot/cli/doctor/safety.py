"""Whether the settings are safe, and whether they fit each other."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from bitloot.cli.doctor.finding import Said, off, warn, well, wrong
from bitloot.settings import Settings
from bitloot.settings_check import unsafe_reasons

__all__ = ["check_providers_fit", "check_settings"]


def check_settings(settings: Settings) -> Said:
    """As every process checks them when it starts."""
    reasons = unsafe_reasons(settings)
    if len(reasons) > 1:
        told = "\n".join([f"{len(reasons)} are missing or not safe:", *(f"• {reason}" for reason in reasons)])
        return wrong(told, "No process starts like this; .env.example explains each.")
    return wrong(reasons[0]) if reasons else well(f"Safe for {settings.environment}.")


def check_providers_fit(settings: Settings) -> Said:
    """Play money must not buy real keys, and who is to call us must be able to."""
    if not settings.nowpayments_api_key.get_secret_value():
        return off("Not to be seen without a provider.")
    plays = {name: _plays(url) for name, url in _bases(settings).items()}
    suppliers = {name: play for name, play in plays.items() if name != "nowpayments"}
    if plays["nowpayments"] and not all(suppliers.values()):
        live = ", ".join(name for name, play in suppliers.items() if not play)
        return wrong(
            f"NOWPayments is its sandbox and {live} is not: play money would buy real keys.",
            "Point all providers at their sandboxes, or none.",
        )
    if not plays["nowpayments"] and any(suppliers.values()):
        play = ", ".join(name for name, play in suppliers.items() if play)
        return wrong(f"NOWPayments is live and {play} is a sandbox: buyers would pay for nothing.")
    if not all(plays.values()) and _is_private(settings.public_url):
        return warn(
            "PUBLIC_URL is an address that providers cannot reach: no notice will come, only polls.",
            "Set PUBLIC_URL to the shop's public https address.",
        )
    return well("Play among themselves." if all(plays.values()) else "Live, and all of them.")


def _bases(settings: Settings) -> dict[str, str]:
    found = {"nowpayments": settings.nowpayments_base_url}
    if settings.kinguin_api_key.get_secret_value():
        found["kinguin"] = settings.kinguin_base_url
    if settings.reservations_base_url:
        found["reservations"] = settings.reservations_base_url
    return found


def _plays(url: str) -> bool:
    """A sandbox by its name, or a stand-in on this machine."""
    return "sandbox" in (urlsplit(url).hostname or "") or _is_private(url)


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))

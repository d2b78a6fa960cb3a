"""Whether the shop moves: sweeps, orders, and the notices of those who tell it things."""

from __future__ import annotations

from bitloot.cli.doctor.databases import in_database
from bitloot.cli.doctor.finding import Said, well, wrong
from bitloot.cli.spans import counted
from bitloot.settings import Settings
from bitloot.suppliers import SUPPLIERS
from db.silence import last_notices, quiet_sources, refused_sources
from db.stuck import open_cases, stuck, sweep_age

__all__ = ["check_notices", "check_orders", "check_sweep"]


@in_database
def check_sweep(settings: Settings) -> Said:
    """The net under everything: without clock and workers nothing that was lost comes back."""
    age = sweep_age()
    if age > settings.deadline_sweep:
        return wrong(f"None went through for {age:.0f} s.", "Do clock and workers run?")
    return well(f"Went through {age:.0f} s ago.")


@in_database
def check_orders(settings: Settings) -> Said:
    late, cases = stuck(), open_cases()
    if late:
        told = ", ".join(f"{count} {state}" for state, count in late.items())
        return wrong(f"Some stand too long: {told}.", "See `bitloot case list --kind stuck`.")
    return well(f"None stands too long; {counted(sum(cases.values()), 'open case')}.")


@in_database
def check_notices(settings: Settings) -> Said:
    """Who was heard of last, who is not, and who is refused."""
    last, quiet = last_notices(["nowpayments", *SUPPLIERS]), quiet_sources(settings.silence_seconds)
    refused = refused_sources(settings.refusals_per_hour)
    troubles, todo = [], []
    if quiet:
        told = ", ".join(
            f"{item.source} for {item.seconds / 60:.0f} min, {counted(item.orders, 'order')} open"
            for item in quiet
        )
        troubles.append(f"Unusually quiet: {told}.")
        todo.append("Look at its webhook settings.")
    if refused:
        told = ", ".join(f"{item.deliveries} of {item.source}" for item in refused)
        troubles.append(f"Refused within an hour: {told}.")
        todo.append("Compare the secret there and here.")
    if troubles:
        return wrong("\n".join(troubles), "\n".join(todo))
    told = ", ".join(f"{item.source} {item.at:%Y-%m-%d %H:%M} UTC" for item in last)
    return well(f"Last of each: {told}." if told else "None has come yet.")

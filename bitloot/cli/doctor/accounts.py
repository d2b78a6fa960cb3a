"""Whether anybody may sign in to the console."""

from __future__ import annotations

from bitloot.cli.doctor.databases import in_database
from bitloot.cli.doctor.finding import Said, warn, well
from bitloot.settings import Settings
from db.admins import all_admins

__all__ = ["check_accounts"]

ADD = "bitloot admin add you@shop.example --role owner"
ENABLE = "Let one in again: bitloot admin enable EMAIL"


@in_database
def check_accounts(_: Settings) -> Said:
    """Tokens of `bitloot token admin` work without any; what is asked here is who comes in by a browser."""
    known = all_admins()
    if not known:
        return warn("Nobody may sign in to the console: there is no account.", f"Add one: {ADD}")
    able = [admin for admin in known if admin.disabled_at is None]
    if not able:
        return warn("Nobody may sign in to the console: all accounts are disabled.", ENABLE)
    owners = sum(admin.role == "owner" for admin in able)
    if not owners:
        return warn(
            "Nobody who may sign in is an owner: keys cannot be revoked there.",
            f"bitloot admin role {able[0].email} owner, or: {ADD}",
        )
    return well(f"{len(able)} may sign in to the console, {owners} of them as owner.")

"""Whether this host's clock is right: beside the database's, which leases go by, and beside a provider's."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import psycopg2

from bitloot.answer import Answer
from bitloot.cli.doctor.finding import PATIENCE, Said, off, well, wrong
from bitloot.errors import BitLootError
from bitloot.fetch import Fetch
from bitloot.settings import Settings
from db.clock import ALARM, compare, time_of

__all__ = ["check_clock"]

WHO = {"database": "The database's clock", "NOWPayments": "NOWPayments' clock"}


def check_clock(settings: Settings) -> Said:
    """A clock that is off by 60 s makes the queue take the living for dead (RELIABILITY §0 #5)."""
    apart = {"database": _database(settings), "NOWPayments": _provider(settings)}
    off_by = {who: ahead for who, ahead in apart.items() if ahead is not None and abs(ahead) > ALARM}
    if off_by:
        told = "\n".join(
            f"{WHO[who]} and this host's are {abs(ahead):.0f} s apart." for who, ahead in off_by.items()
        )
        return wrong(told, "Do both follow NTP?" if "database" in off_by else "Does this host follow NTP?")
    asked = [who for who, ahead in apart.items() if ahead is not None]
    if not asked:
        return off("Nobody could be asked for the time.")
    return well(f"Within {ALARM:.0f} s of {' and '.join(asked)}.")


def _database(settings: Settings) -> float | None:
    """Seconds by which we are ahead."""
    url = settings.database_url.get_secret_value()
    if not url:
        return None
    try:
        connection = psycopg2.connect(url, connect_timeout=PATIENCE)
    except psycopg2.OperationalError:
        return None
    try:
        return compare(lambda: time_of(connection))
    finally:
        connection.close()


def _provider(settings: Settings) -> float | None:
    """By the Date of any answer of the gateway's host, which has whole seconds; None if there is none."""
    if not settings.nowpayments_api_key.get_secret_value():
        return None
    heard: list[Answer] = []

    def keep(answer: Answer) -> None:
        heard.append(answer)

    fetch = Fetch(settings.nowpayments_base_url, name="clock", deadline=PATIENCE, classify=keep)
    try:
        heard.append(fetch.get("/status"))
    except BitLootError:
        pass  # a refusal has a date too, and was kept
    finally:
        fetch.close()
    try:
        told = parsedate_to_datetime(heard[0].headers["date"])
    except (IndexError, KeyError, ValueError):
        return None
    return (datetime.now(UTC) - told).total_seconds() if told.tzinfo else None

"""How letters leave. A new mailer is one module and one line in MAILERS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bitloot.fetch import Gate
from bitloot.mail.base import Mailer
from bitloot.mail.directory import MailDirectory
from bitloot.mail.resend import ResendMailer
from bitloot.mail.smtp import SmtpMailer

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["MAILERS", "open_mailer"]

#: The gate is for those who are called over the network.
MAILERS: Mapping[str, Callable[[Settings, Gate | None], Mailer]] = {
    "directory": lambda settings, _: MailDirectory.from_settings(settings),
    "resend": ResendMailer.from_settings,
    "smtp": SmtpMailer.from_settings,
}


def open_mailer(settings: Settings, gates: Mapping[str, Gate] | None = None) -> Mailer:
    """The mailer that MAILER names. Asks nobody; `health` does."""
    return MAILERS[settings.mailer](settings, (gates or {}).get(settings.mailer))

"""Sending one kept letter: once, whatever dies on the way, and a person decides where that cannot be known."""

from __future__ import annotations

import structlog

from actors import bell
from actors.workshop import shop
from bitloot.errors import Ambiguous, BitLootError, Blocked, Duplicate, Permanent, Retryable, Unheard
from db import Letter, open_case

__all__ = ["advance", "lease", "send"]

log = structlog.get_logger(__name__)

#: A try to send that is older than this (seconds) is dead: a session with a mail server may last a minute. Where the
#: mailer knows a letter by its key the setting `letter_lease` says it sooner, for to repeat one that lives is no harm.
STALE = 120.0

#: Resend forgets a letter's key after 24 hours (PROVIDERS.md §4); well before that (seconds) a repeat is still safe.
MEMORY = 20 * 3600.0

#: How long (seconds) a letter rests while our mail account does not take it.
REST = 300.0


def advance(letter: Letter) -> float | None:
    """Takes a kept letter on; the seconds after which to look again, None once it is sent or has failed.

    Raises Retryable where it certainly did not go.
    """
    if letter.state in {"sent", "failed"}:
        return None
    mailer, knows = shop().mailer, _knows(letter)
    if letter.may_be_out(MEMORY if knows else 0.0, STALE):
        _doubt(letter, "it may have gone, and its key is not known any more where it would be sent again")
        bell.ring()
        return None
    if letter.start_sending(mailer.name) or (knows and letter.take_over(lease())):
        return send(letter)
    return lease()


def _knows(letter: Letter) -> bool:
    """Whether the mailer of today knows by its key what may have gone: not if that went by another."""
    mailer = shop().mailer
    return mailer.repeats_safely and letter.provider in {None, mailer.name}


def lease() -> float:
    """After how long (seconds) a try that is under way counts as dead."""
    tools = shop()
    return tools.settings.letter_lease if tools.mailer.repeats_safely else STALE


def send(letter: Letter) -> float | None:
    """Sends a letter that stands as `sending` for the caller; answers as `advance` does."""
    tools = shop()
    try:
        provider_id = tools.mailer.send(
            letter.open(tools.vault, tools.settings.mail_from), letter.idempotency_key
        )
    except Duplicate:
        letter.sent(tools.mailer.name, "known there already")
    except Retryable as error:
        letter.put_back(error.code, unheard=isinstance(error, Unheard))
        raise
    except Blocked as error:
        letter.put_back(error.code)
        return REST
    except Permanent as error:
        _fail(letter, error)
    except Ambiguous as error:
        _doubt(letter, error.code)
    else:
        letter.sent(tools.mailer.name, provider_id)
        log.info("a letter left", action="letter_sent", letter=str(letter.id), kind=letter.kind)
    bell.ring()
    return None


def _fail(letter: Letter, error: BitLootError) -> None:
    if letter.fail(error.code):
        open_case(
            letter.order_id, letter.id, "letter_failed", {"error": error.code, "mailer": shop().mailer.name}
        )


def _doubt(letter: Letter, note: str) -> None:
    """It may have gone. A second letter is a person's decision."""
    if letter.fail(note):
        open_case(letter.order_id, letter.id, "letter_in_doubt", {"note": note, "mailer": shop().mailer.name})

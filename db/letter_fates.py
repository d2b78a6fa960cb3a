"""What became of letters after they left, by their provider's notices."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from bitloot.mail.svix import MailNews
from db.base import transaction
from db.cases import open_case
from db.letters import Letter, note_fate
from db.notices import NewNotice, keep_notice

__all__ = ["BAD_FATES", "FateTaken", "take_fate"]

#: Of these an operator hears: the buyer has no letter, or does not want any.
BAD_FATES = frozenset({"bounced", "complained", "failed", "suppressed"})


@dataclass(frozen=True)
class FateTaken:
    outcome: str  # matched | unmatched | ignored | repeat
    order_id: uuid.UUID | None = None
    asked: bool = False  # a person is asked by this


def take_fate(notice: NewNotice, news: MailNews) -> FateTaken:
    """One commit: the notice, the letter's fate, and for a bad one the question to a person."""
    with transaction():
        letter = _letter_of(news)
        outcome = "ignored" if news.fate is None else "matched" if letter is not None else "unmatched"
        if not keep_notice(notice, letter.order_id if letter else None, outcome):
            return FateTaken("repeat", letter.order_id if letter else None)
        if letter is None or news.fate is None:
            return FateTaken(outcome)
        noted = note_fate("resend", news.letter_ref, news.fate) is not None
        asked = noted and news.fate in BAD_FATES and _ask(letter, news)
        return FateTaken(outcome, letter.order_id, asked)


def _letter_of(news: MailNews) -> Letter | None:
    found = Letter.load("WHERE t.provider = 'resend' AND t.provider_id = %s", news.letter_ref)
    return found[0] if found else None


def _ask(letter: Letter, news: MailNews) -> bool:
    figures = {"kind": letter.kind, "generation": str(letter.generation), "mailer": "resend", **news.why}
    return open_case(letter.order_id, letter.id, f"letter_{news.fate}", figures)

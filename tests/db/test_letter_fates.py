"""What became of a letter: noted once, and of a bad end a person hears once (test_resend tells the rest)."""

from __future__ import annotations

from bitloot.mail.base import Letter as Rendered
from bitloot.mail.svix import MailNews
from bitloot.settings import Settings
from bitloot.vault import Vault
from db import Case, Letter, NewNotice, keep_letter, seal_notice
from db.letter_fates import take_fate
from tests.factories import an_order

VAULT = Vault({1: b"m" * 32})


def a_notice(digest: str) -> NewNotice:
    return seal_notice(
        VAULT,
        source="resend",
        event="email",
        external_id="r1",
        digest=digest,
        proof="signature",
        headers={},
        body=b"{}",
        address="",
    )


def test_a_late_delivery_takes_no_complaint_back_and_a_repeat_asks_nobody(database: Settings) -> None:
    rendered = Rendered("buyer@example.test", "Shop <a@shop.test>", "Ready", "text", "<p>x</p>")
    letter = keep_letter(VAULT, an_order().id, "keys_ready", rendered, sending=True)
    assert letter is not None
    letter.sent("resend", "r1")
    told = [
        ("1", "delayed"),
        ("2", "complained"),
        ("3", "delivered"),
        ("4", "complained"),
        ("2", "complained"),
    ]
    taken = [take_fate(a_notice(digest), MailNews("email", "r1", fate)) for digest, fate in told]
    assert [(item.outcome, item.asked) for item in taken] == [
        ("matched", False),
        ("matched", True),
        ("matched", False),
        ("matched", False),
        ("repeat", False),
    ]
    assert (Letter.get().fate, Letter.get().state) == ("complained", "sent")
    assert [case.kind for case in Case.select()] == ["letter_complained"]
    assert take_fate(a_notice("5"), MailNews("email", "other", "bounced")).outcome == "unmatched"

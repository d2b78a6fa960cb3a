"""What the mail stand-in remembers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from web.standins.floor import Floor
from web.standins.ledger import read_ledger
from web.standins.mails import Mail, Mails

PAYLOAD: dict[str, Any] = {"from": "a@b.test", "to": "c@d.test", "subject": "s", "text": "t"}


def test_many_at_once_with_one_key_send_one_mail(floor: Floor) -> None:
    mails = Mails(floor)
    with ThreadPoolExecutor(16) as hands:
        answers = list(hands.map(lambda _: mails.accept(PAYLOAD, "k"), range(16)))
    taken = [answer for answer in answers if isinstance(answer, Mail)]
    assert len({mail.id for mail in taken}) == 1
    assert {answer for answer in answers if isinstance(answer, str)} <= {"concurrent_idempotent_requests"}
    assert len(read_ledger(floor.config.ledger_dir, "resend", "mail_accepted")) == 1


def test_the_order_of_fields_is_no_difference(floor: Floor) -> None:
    mails = Mails(floor)
    first = mails.accept(PAYLOAD, "k")
    assert mails.accept(dict(reversed(PAYLOAD.items())), "k") == first


def test_a_recipient_may_be_one_text(floor: Floor) -> None:
    mail = Mails(floor).accept(PAYLOAD, None)
    assert isinstance(mail, Mail)
    assert mail.to == ["c@d.test"]


def test_without_a_rate_everybody_is_admitted(floor: Floor) -> None:
    mails = Mails(floor)
    assert all(mails.pace().admitted for _ in range(50))
    floor.configure(resend_rate=1)
    assert [mails.pace().admitted for _ in range(5)].count(True) <= 2

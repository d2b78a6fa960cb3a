"""SMTP against a real server: what is certain before the letter, and what is not after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bitloot.errors import Ambiguous, BitLootError, Blocked, Permanent, Retryable
from bitloot.mail.smtp import SmtpMailer
from bitloot.mail.smtp_session import Access
from bitloot.settings import Settings
from tests.bitloot.mail.contract import LETTER, Arrived, MailerContract, Post
from tests.bitloot.mail.mail_server import MailServer, mail_server
from tests.bitloot.mail.test_directory import arrived_from
from tests.bitloot.scripted_http import dead_port


def mailer(port: int, **more: object) -> SmtpMailer:
    access = Access("127.0.0.1", port, "none")
    return SmtpMailer(replace(access, **more), "shop.example")  # type: ignore[arg-type]


class SmtpPost(Post):
    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.mailer = mailer(server.port)
        self.away = mailer(dead_port())

    def arrived(self) -> list[Arrived]:
        return [arrived_from(message) for message in self.server.received]


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def post(server: MailServer) -> SmtpPost:
    return SmtpPost(server)


class TestSmtpMailer(MailerContract):
    mailer_name = "smtp"
    when_away = Retryable


def test_a_repeat_carries_the_same_message_id(post: SmtpPost) -> None:
    sent = [post.mailer.send(LETTER, "letter-1") for _ in range(2)]
    assert [message["Message-ID"] for message in post.server.received] == sent


@pytest.mark.parametrize(
    ("stage", "answer", "kind", "code"),
    [
        ("MAIL", "550 5.7.1 not you", Blocked, "sender_refused"),
        ("MAIL", "451 later", Retryable, "sender_refused"),
        ("RCPT", "550 5.1.1 no such user", Permanent, "recipient_refused"),
        ("RCPT", "450 greylisted", Retryable, "recipient_refused"),
        ("DATA", "554 5.6.0 spam", Permanent, "letter_refused"),
        ("DATA", "452 4.3.1 disk full", Retryable, "letter_deferred"),
        ("DATA", "399 what", Ambiguous, "smtp_unclear"),
    ],
)
def test_a_refusal_means_what_happens_next(
    post: SmtpPost, stage: str, answer: str, kind: type[BitLootError], code: str
) -> None:
    post.server.says[stage] = answer
    with pytest.raises(BitLootError) as caught:
        post.mailer.send(LETTER, "letter-1")
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert answer[4:] not in str(caught.value)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_a_break_before_the_letter_is_tried_again(post: SmtpPost, stage: str) -> None:
    post.server.cuts.add(stage)
    with pytest.raises(Retryable) as caught:
        post.mailer.send(LETTER, "letter-1")
    assert caught.value.code == "smtp_broken"


def test_a_break_after_the_letter_is_a_doubt(post: SmtpPost) -> None:
    post.server.cuts.add("DATA")
    with pytest.raises(Ambiguous) as caught:
        post.mailer.send(LETTER, "letter-1")
    assert caught.value.code == "smtp_unclear"
    assert len(post.server.raw) == 1


def test_a_rude_good_bye_does_not_undo_a_letter(server: MailServer) -> None:
    """The session breaks while QUIT waits for its answer, after the letter was taken."""
    server.cuts.add("QUIT")
    assert mailer(server.port).send(LETTER, "letter-1")
    assert (len(server.received), server.quits) == (1, 1)


def test_a_line_that_begins_with_a_dot_arrives(post: SmtpPost) -> None:
    letter = replace(LETTER, text=".\n..\n.end\nlast\n", html="<p>.</p>\n.\n")
    post.mailer.send(letter, "letter-1")
    (arrived,) = post.arrived()
    assert arrived.text == letter.text
    assert arrived.html == letter.html


def test_the_smtp_mailer_comes_from_settings(server: MailServer) -> None:
    values = {"smtp_port": server.port, "smtp_security": "none", "mail_from": "Shop <keys@shop.example>"}
    SmtpMailer.from_settings(Settings.model_validate(values)).send(LETTER, "letter-1")
    assert len(server.received) == 1

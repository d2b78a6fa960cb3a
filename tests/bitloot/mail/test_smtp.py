"""SMTP against a real server: what is certain before the letter, and what is not after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bitloot.errors import Ambiguous, BitLootError, Blocked, Permanent, Retryable
from bitloot.mail.smtp import SmtpMailer
from bitloot.mail.smtp_session import Access
from bitloot.settings import Settings
from tests.bitloot.mail.contract import LETTER, Arrived, MailerContract, Post
from tests.bitloot.mail.mail_server import Certificate, MailServer, certificate, mail_server
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


@pytest.fixture(scope="module")
def cert(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls") / "server.pem")


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


@pytest.mark.parametrize(("stage", "kind"), [("RCPT", Retryable), ("DATA", Ambiguous)])
def test_silence_ends_by_the_step_and_by_the_whole(
    server: MailServer, stage: str, kind: type[Exception]
) -> None:
    server.sleeps.add(stage)
    for limits in ({"timeout": 0.6, "deadline": 60}, {"timeout": 60, "deadline": 0.6}):
        with pytest.raises(kind):
            mailer(server.port, **limits).send(LETTER, "letter-1")


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


def test_starttls_secures_the_letter(cert: Certificate) -> None:
    with mail_server(starttls=cert.server()) as server:
        mailer(server.port, security="starttls", context=cert.client()).send(LETTER, "letter-1")
        assert server.secured == [True]
        with pytest.raises(Blocked) as caught:
            mailer(server.port).send(LETTER, "letter-2")
        assert caught.value.code == "sender_refused"


def test_tls_from_the_first_byte_secures_the_letter(cert: Certificate) -> None:
    with mail_server(tls=cert.server()) as server:
        tls = mailer(server.port, security="tls", context=cert.client())
        tls.send(LETTER, "letter-1")
        tls.health()
        assert len(server.received) == 1
        server.sleeps.add("DATA")
        with pytest.raises(Ambiguous):
            mailer(server.port, security="tls", context=cert.client(), deadline=0.8).send(LETTER, "letter-2")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_unknown_certificate_is_not_trusted(cert: Certificate, security: str) -> None:
    with (
        mail_server(starttls=cert.server()) if security == "starttls" else mail_server(tls=cert.server())
    ) as server:
        for call in calls(mailer(server.port, security=security)):
            with pytest.raises(Blocked) as caught:
                call()
            assert caught.value.code == "smtp_tls"
        assert server.received == []


def test_a_certificate_for_another_name_is_not_trusted(cert: Certificate) -> None:
    with mail_server(starttls=cert.server()) as server, pytest.raises(Blocked) as caught:
        mailer(server.port, host="localhost", security="starttls", context=cert.client()).health()
    assert caught.value.code == "smtp_tls"


def test_a_server_without_starttls_gets_no_letter(server: MailServer, cert: Certificate) -> None:
    """Nobody on the way can talk us into plain text by hiding the offer."""
    with pytest.raises(Blocked) as caught:
        mailer(server.port, security="starttls", context=cert.client()).send(LETTER, "letter-1")
    assert caught.value.code == "smtp_settings"
    assert server.secured == []


def test_user_and_password_open_and_wrong_ones_block(cert: Certificate) -> None:
    secret = "the-password-of-the-shop"
    with mail_server(starttls=cert.server(), login=("shop", secret)) as server:
        how = {"security": "starttls", "context": cert.client(), "user": "shop"}
        mailer(server.port, **how, password=SecretStr(secret)).send(LETTER, "letter-1")
        assert len(server.received) == 1
        for call in calls(mailer(server.port, **how, password=SecretStr("wrong-word"))):
            with pytest.raises(Blocked) as caught:
                call()
            assert caught.value.code == "smtp_denied"
            assert "wrong-word" not in str(caught.value)
            assert caught.value.__context__ is None


def test_a_password_beyond_ascii_is_a_matter_of_settings(cert: Certificate) -> None:
    how = {"security": "starttls", "context": cert.client(), "user": "shop"}
    with mail_server(starttls=cert.server(), login=("shop", "x")) as server, pytest.raises(Blocked) as caught:
        mailer(server.port, **how, password=SecretStr("heslo-ž")).health()
    assert caught.value.code == "smtp_settings"


def test_a_server_without_login_is_a_matter_of_settings(server: MailServer) -> None:
    with pytest.raises(Blocked) as caught:
        mailer(server.port, user="shop", password=SecretStr("x")).health()
    assert caught.value.code == "smtp_settings"


def test_the_password_does_not_show() -> None:
    assert "the-password" not in repr(Access("h", 25, "none", "u", SecretStr("the-password")))


def test_the_smtp_mailer_comes_from_settings(server: MailServer) -> None:
    values = {"smtp_port": server.port, "smtp_security": "none", "mail_from": "Shop <keys@shop.example>"}
    SmtpMailer.from_settings(Settings.model_validate(values)).send(LETTER, "letter-1")
    assert len(server.received) == 1


def calls(mailer: SmtpMailer) -> list[Callable[[], object]]:
    return [lambda: mailer.send(LETTER, "letter-1"), mailer.health]

"""Sessions: secured, logged in, and ended in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from bitloot.errors import Ambiguous, Blocked, Retryable
from bitloot.mail.smtp import SmtpMailer
from bitloot.mail.smtp_session import Access
from tests.bitloot.mail.contract import LETTER
from tests.bitloot.mail.mail_server import Certificate, MailServer, certificate, mail_server
from tests.bitloot.mail.test_smtp import mailer


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def cert(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.mark.parametrize(("stage", "kind"), [("RCPT", Retryable), ("DATA", Ambiguous)])
def test_silence_ends_by_the_step_and_by_the_whole(
    server: MailServer, stage: str, kind: type[Exception]
) -> None:
    server.sleeps.add(stage)
    for limits in ({"timeout": 0.6, "deadline": 60}, {"timeout": 60, "deadline": 0.6}):
        began = time.monotonic()
        with pytest.raises(kind):
            mailer(server.port, **limits).send(LETTER, "letter-1")
        assert time.monotonic() - began < 30, "the other limit ended it"


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


def calls(mailer: SmtpMailer) -> list[Callable[[], object]]:
    return [lambda: mailer.send(LETTER, "letter-1"), mailer.health]

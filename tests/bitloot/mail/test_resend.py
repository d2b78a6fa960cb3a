"""Resend: every row of its error table, and that a repeat is safe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from pydantic import SecretStr

from bitloot.errors import BitLootError, Blocked, Duplicate, Permanent, Retryable, Unheard
from bitloot.mail.resend import ResendMailer
from bitloot.settings import Settings
from tests.bitloot.mail.contract import LETTER, Arrived, MailerContract, Post
from tests.bitloot.scripted_http import Reply, Request, Scripted, dead_port, scripted

KEY = "re_the_key_of_the_shop"


def opened(url: str) -> ResendMailer:
    return ResendMailer(url, SecretStr(KEY))


class Inbox:
    """Resend as documented (PROVIDERS.md §4): one mail per key, refusal of another payload under it."""

    def __init__(self) -> None:
        self.mails: dict[str, tuple[str, bytes]] = {}

    def __call__(self, request: Request) -> Reply:
        if request.method == "GET":
            return _refusal(404, "not_found")
        key = request.headers["idempotency-key"]
        mail_id, body = self.mails.setdefault(key, (str(uuid4()), request.body))
        if body != request.body:
            return _refusal(409, "invalid_idempotent_request")
        return Reply(200, json.dumps({"id": mail_id}).encode())


def _refusal(status: int, name: str, **headers: str) -> Reply:
    body = {"statusCode": status, "name": name, "message": "about buyer@shop.example"}
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})


class ResendPost(Post):
    def __init__(self, server: Scripted, inbox: Inbox) -> None:
        self.server, self.inbox = server, inbox
        self.mailer = opened(server.url)
        self.away = opened(f"http://127.0.0.1:{dead_port()}")

    def arrived(self) -> list[Arrived]:
        mails = [json.loads(body) for _, body in self.inbox.mails.values()]
        return [Arrived(m["from"], m["to"][0], m["subject"], m["text"], m["html"]) for m in mails]


@pytest.fixture
def post() -> Iterator[ResendPost]:
    inbox = Inbox()
    with scripted(inbox) as server:
        yield ResendPost(server, inbox)


class TestResendMailer(MailerContract):
    mailer_name = "resend"
    when_away = Retryable


def test_the_request_is_as_documented(post: ResendPost) -> None:
    post.mailer.send(LETTER, "letter-1")
    (request,) = post.server.requests
    assert (request.method, request.path) == ("POST", "/emails")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["idempotency-key"] == "letter-1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "BitLoot"
    assert set(json.loads(request.body)) == {"from", "to", "subject", "text", "html"}


def test_a_repeat_sends_the_same_bytes(post: ResendPost) -> None:
    post.mailer.send(LETTER, "letter-1")
    opened(post.server.url).send(LETTER, "letter-1")
    first, second = post.server.requests
    assert first.body == second.body


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "validation_error", Permanent),
        (400, "invalid_idempotency_key", Permanent),
        (401, "missing_api_key", Blocked),
        (401, "restricted_api_key", Blocked),
        (403, "invalid_api_key", Blocked),
        (403, "validation_error", Blocked),
        (404, "not_found", Permanent),
        (405, "method_not_allowed", Permanent),
        (409, "invalid_idempotent_request", Duplicate),
        (409, "concurrent_idempotent_requests", Unheard),
        (409, "something_new", Unheard),
        (422, "missing_required_field", Permanent),
        (422, "invalid_from_address", Permanent),
        (422, "invalid_attachment", Permanent),
        (422, "invalid_parameter", Permanent),
        (422, "invalid_access", Permanent),
        (422, "invalid_region", Permanent),
        (429, "rate_limit_exceeded", Retryable),
        (429, "daily_quota_exceeded", Blocked),
        (429, "monthly_quota_exceeded", Blocked),
        (451, "security_error", Permanent),
        (500, "application_error", Unheard),
        (500, "internal_server_error", Unheard),
        (503, "service_unavailable", Unheard),
    ],
)
def test_an_answer_means_what_happens_next(status: int, name: str, kind: type[BitLootError]) -> None:
    with scripted(lambda request: _refusal(status, name)) as server, pytest.raises(BitLootError) as caught:
        opened(server.url).send(LETTER, "letter-1")
    assert type(caught.value) is kind
    assert caught.value.code == name
    assert "buyer@" not in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["rate_limit_exceeded", "daily_quota_exceeded"])
def test_the_wait_that_resend_asks_for_is_kept(name: str) -> None:
    reply = _refusal(429, name, **{"Retry-After": "7"})
    with scripted(lambda request: reply) as server, pytest.raises((Retryable, Blocked)) as caught:
        opened(server.url).send(LETTER, "letter-1")
    error = caught.value
    assert isinstance(error, Retryable | Blocked)
    assert error.after == 7


@pytest.mark.parametrize(
    "reply",
    [
        Reply(drop=True),
        Reply(200, b'{"id": "half', length=100),
        Reply(200, b"not json"),
        Reply(200, b'{"ok": true}'),
        Reply(200, b'{"id": ""}'),
        Reply(200, b'{"id": 7}'),
        Reply(200, b"[]"),
        Reply(502, b"<html>Bad gateway</html>"),
        Reply(307, headers={"Location": "/elsewhere"}),
    ],
)
def test_doubt_is_tried_again_since_the_key_makes_that_safe(reply: Reply) -> None:
    with scripted(lambda request: reply) as server, pytest.raises(BitLootError) as caught:
        opened(server.url).send(LETTER, "letter-1")
    assert type(caught.value) is Unheard
    assert len(server.requests) == 1


def test_a_lost_answer_and_a_repeat_are_one_mail() -> None:
    inbox, answers = Inbox(), iter([Reply(drop=True), None])

    def answer(request: Request) -> Reply:
        taken = inbox(request)
        return next(answers) or taken

    with scripted(answer) as server:
        with pytest.raises(Retryable):
            opened(server.url).send(LETTER, "letter-1")
        assert opened(server.url).send(LETTER, "letter-1") == inbox.mails["letter-1"][0]
    assert len(inbox.mails) == 1


def test_words_of_a_stranger_are_no_code() -> None:
    reply = _refusal(400, "Bearer re_secret; drop")
    with scripted(lambda request: reply) as server, pytest.raises(Permanent) as caught:
        opened(server.url).send(LETTER, "letter-1")
    assert caught.value.code == "http_400"
    assert "re_secret" not in str(caught.value)


@pytest.mark.parametrize(("status", "name"), [(404, "not_found"), (401, "restricted_api_key")])
def test_a_known_key_is_healthy_also_if_it_may_only_send(status: int, name: str) -> None:
    with scripted(lambda request: _refusal(status, name)) as server:
        opened(server.url).health()
    assert [request.method for request in server.requests] == ["GET"]


@pytest.mark.parametrize(("status", "name"), [(403, "invalid_api_key"), (401, "missing_api_key")])
def test_an_unknown_key_is_not_healthy(status: int, name: str) -> None:
    with scripted(lambda request: _refusal(status, name)) as server, pytest.raises(Blocked):
        opened(server.url).health()


def test_the_api_key_does_not_show() -> None:
    mailer = opened("http://127.0.0.1:9")
    for call in (lambda: mailer.send(LETTER, "letter-1"), mailer.health):
        with pytest.raises(Retryable) as caught:
            call()
        assert KEY not in str(caught.value)
    assert KEY not in repr(vars(mailer))


def test_the_resend_mailer_comes_from_settings(post: ResendPost) -> None:
    settings = Settings.model_validate({"resend_base_url": post.server.url, "resend_api_key": KEY})
    ResendMailer.from_settings(settings).send(LETTER, "letter-1")
    assert post.server.requests[0].headers["authorization"] == f"Bearer {KEY}"

"""Resend's webhooks prove themselves, and say what became of a letter without saying who read it."""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import sha256

import pytest
from pydantic import SecretStr

from bitloot.errors import BadSignature, Malformed
from bitloot.mail.svix import check_signature, parse_news

KEY = bytes(range(32))
SECRET = SecretStr("whsec_" + base64.b64encode(KEY).decode())
BODY = b'{"type":"email.bounced"}'
NOW = 1_700_000_000.0


def headers(
    key: bytes = KEY, moment: int = int(NOW), body: bytes = BODY, changes: dict[str, str] | None = None
) -> dict[str, str]:
    mac = base64.b64encode(hmac.digest(key, f"msg_1.{moment}.".encode() + body, sha256)).decode()
    return {"svix-id": "msg_1", "svix-timestamp": str(moment), "svix-signature": f"v1,{mac}"} | (
        changes or {}
    )


def test_the_published_example_is_true() -> None:
    """The example of docs.svix.com, "verifying webhooks manually"."""
    told = {
        "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "svix-timestamp": "1614265330",
        "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert check_signature(secret, told, b'{"test": 2432232314}', now=1614265330) == told["svix-id"]


def test_any_of_several_signatures_may_match() -> None:
    right = headers()["svix-signature"]
    assert (
        check_signature(SECRET, headers(changes={"svix-signature": f"v1,AAAA v2,x {right}"}), BODY, NOW)
        == "msg_1"
    )


@pytest.mark.parametrize(
    "told",
    [
        {},
        headers(key=b"x" * 32),
        headers(body=BODY + b" "),
        headers(moment=int(NOW) - 301),
        headers(moment=int(NOW) + 301),
        headers(changes={"svix-timestamp": "1e9"}),
        headers(changes={"svix-timestamp": "٣"}),
        headers(changes={"svix-id": "msg_2"}),
        headers(changes={"svix-signature": ""}),
        headers(changes={"svix-signature": headers()["svix-signature"].removeprefix("v1,")}),
        headers(changes={"svix-signature": headers()["svix-signature"].replace("v1", "v1a")}),
    ],
)
def test_a_forged_or_old_message_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        check_signature(SECRET, told, BODY, NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "no base64!"])
def test_without_a_secret_nothing_is_believed(secret: str) -> None:
    with pytest.raises(BadSignature):
        check_signature(SecretStr(secret), headers(key=b""), BODY, NOW)


def test_news_names_the_letter_and_classes_only() -> None:
    bounce = {"type": "Permanent", "subType": "General", "message": "buyer@example.test does not exist"}
    data = {"email_id": "56761188", "to": ["buyer@example.test"], "bounce": bounce}
    news = parse_news(json.dumps({"type": "email.bounced", "data": data}).encode())
    assert (news.letter_ref, news.fate, news.why) == (
        "56761188",
        "bounced",
        {"type": "Permanent", "subType": "General"},
    )
    assert parse_news(json.dumps({"type": "email.opened", "data": data}).encode()).fate is None


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"type":"x","data":{}}', b'{"type":1,"data":{"email_id":"a"}}']
)
def test_what_is_no_event_about_a_mail_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_news(body)

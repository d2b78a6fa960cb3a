"""A bounce by a true webhook sets the letter's fate and asks a person; a forged one does nothing."""

from __future__ import annotations

import base64
import hmac
import json
import time
from hashlib import sha256

from falcon.testing import Result, TestClient
from pydantic import SecretStr

from bitloot.shop import Shop
from db import Case, Letter, Notice, Refused, keep_letter
from db.refused import open_refused
from tests.bitloot.mail.test_letters import letter as rendered
from tests.factories import an_order
from tests.web.conftest import settled

KEY = b"k" * 32
SECRET = SecretStr(f"whsec_{base64.b64encode(KEY).decode()}")


def tell(
    client: TestClient, event: str, ref: str = "mail-1", key: bytes = KEY, message: str = "m1"
) -> Result:
    body = json.dumps({"type": event, "data": {"email_id": ref, "bounce": {"type": "Permanent"}}}).encode()
    moment = str(int(time.time()))
    mac = hmac.digest(key, f"{message}.{moment}.".encode() + body, sha256)
    headers = {
        "Content-Type": "application/json",
        "svix-id": message,
        "svix-timestamp": moment,
        "svix-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    return client.simulate_post("/resend/webhooks", body=body, headers=headers)


def a_sent_letter(shop: Shop) -> Letter:
    letter = keep_letter(shop.vault, an_order().id, "keys_ready", rendered(), sending=True)
    assert letter is not None
    letter.sent("resend", "mail-1")
    return letter


def test_a_bounce_sets_the_fate_and_asks_a_person_once(shop: Shop) -> None:
    client = settled(shop, resend_webhook_secret=SECRET)
    letter = a_sent_letter(shop)
    answers = [
        tell(client, "email.bounced"),
        tell(client, "email.bounced"),
        tell(client, "email.opened", message="m2"),
    ]
    assert [answer.status_code for answer in answers] == [204, 204, 204]
    assert Letter.get().fate == "bounced"
    [case] = Case.select()
    assert (case.kind, case.subject, case.figures["type"]) == ("letter_bounced", str(letter.id), "Permanent")
    assert {(notice.event, notice.repeats, notice.outcome) for notice in Notice.select()} == {
        ("email.bounced", 1, "matched"),
        ("email.opened", 0, "ignored"),
    }


def test_a_forged_notice_changes_nothing(client: TestClient, shop: Shop) -> None:
    a_sent_letter(shop)
    told = settled(shop, resend_webhook_secret=SECRET)
    assert tell(told, "email.bounced", key=b"x" * 32).status_code == 401
    assert tell(client, "email.bounced").status_code == 401  # no secret is set
    assert (Letter.get().fate, Case.select().count(), Notice.select().count()) == (None, 0, 0)
    [refused] = Refused.select()  # both said the same, so the second is counted
    assert (refused.source, refused.verdict, refused.repeats) == ("resend", "bad_signature", 1)
    headers, body = open_refused(shop.vault, refused)
    assert {"svix-id", "svix-timestamp", "svix-signature"} <= headers.keys()
    assert json.loads(body)["type"] == "email.bounced"


def test_what_is_signed_and_cannot_be_understood_is_kept_beside_its_refusal(shop: Shop) -> None:
    answer = tell(settled(shop, resend_webhook_secret=SECRET), "")
    assert (answer.status_code, answer.json["code"]) == (400, "bad_event")
    assert Refused.get().verdict == "bad_event"

"""Resend's API over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.web.standins.caller import Caller
from web.standins import RunningStandins
from web.standins.ledger import read_ledger

MAIL = {
    "from": "BitLoot <keys@shop.test>",
    "to": ["buyer@mail.test"],
    "subject": "Clé",
    "text": "t",
    "html": "<p>",
}


def send(caller: Caller, key: str | None = "delivery/1", **change: Any) -> requests.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return caller.resend("POST", "/emails", json=MAIL | change, headers=headers)


def accepted(caller: Caller) -> int:
    return len(read_ledger(caller.config.ledger_dir, "resend", "mail_accepted"))


def test_a_mail_is_taken_and_can_be_read_back(caller: Caller) -> None:
    answer = send(caller)
    assert (answer.status_code, set(answer.json())) == (200, {"id"})
    mail = caller.resend("GET", f"/emails/{answer.json()['id']}").json()
    assert (mail["id"], mail["to"], mail["subject"]) == (answer.json()["id"], ["buyer@mail.test"], "Clé")
    assert mail["last_event"] == "delivered"
    [line] = read_ledger(caller.config.ledger_dir, "resend")
    assert (line["effect"], line["idempotency_key"], line["to"]) == (
        "mail_accepted",
        "delivery/1",
        MAIL["to"],
    )


def test_the_same_mail_with_the_same_key_goes_once(caller: Caller) -> None:
    first, second = send(caller), send(caller)
    assert (second.status_code, second.json()) == (200, first.json())
    assert accepted(caller) == 1


def test_another_mail_with_the_same_key_is_refused(caller: Caller) -> None:
    send(caller)
    answer = send(caller, text="another")
    assert (answer.status_code, answer.json()["name"]) == (409, "invalid_idempotent_request")
    assert answer.json()["statusCode"] == 409
    assert accepted(caller) == 1


def test_without_a_key_every_mail_goes(caller: Caller) -> None:
    assert send(caller, None).json()["id"] != send(caller, None).json()["id"]
    assert accepted(caller) == 2


@pytest.mark.parametrize(
    ("authorization", "status", "name"),
    [
        (None, 401, "missing_api_key"),
        ("Bearer ", 401, "missing_api_key"),
        ("Bearer no", 403, "invalid_api_key"),
    ],
)
def test_a_wrong_key_is_refused(caller: Caller, authorization: str | None, status: int, name: str) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = caller.call("POST", f"{caller.standins.resend_url}/emails", json=MAIL, headers=headers)
    assert (answer.status_code, answer.json()["name"]) == (status, name)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"from": ""}, "missing_required_field"),
        ({"to": []}, "missing_required_field"),
        ({"subject": None}, "missing_required_field"),
        ({"text": "", "html": ""}, "missing_required_field"),
        ({"from": "BitLoot"}, "invalid_from_address"),
        ({"to": "nobody"}, "invalid_parameter"),
        ({"to": ["buyer@mail.test"] * 51}, "invalid_parameter"),
        ({"to": [7]}, "invalid_parameter"),
        ({"text": 7}, "invalid_parameter"),
    ],
)
def test_a_mail_that_cannot_be_sent_is_refused(caller: Caller, change: dict[str, Any], name: str) -> None:
    answer = send(caller, **change)
    assert (answer.status_code, answer.json()["name"]) == (422, name)
    assert accepted(caller) == 0


def test_a_key_that_is_too_long_and_a_body_that_is_none(caller: Caller) -> None:
    answer = send(caller, "k" * 257)
    assert (answer.status_code, answer.json()["name"]) == (400, "invalid_idempotency_key")
    answer = caller.resend("POST", "/emails", data=b"{")
    assert (answer.status_code, answer.json()["name"]) == (400, "validation_error")
    answer = caller.resend("GET", "/emails/nothing")
    assert (answer.status_code, answer.json()["name"]) == (404, "not_found")


def test_each_answer_tells_the_rate_and_beyond_it_calls_are_refused(
    caller: Caller, standins: RunningStandins
) -> None:
    assert {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= set(send(caller).headers)
    standins.configure(resend_rate=2)
    answers = [send(caller) for _ in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["name"] == "rate_limit_exceeded"
    assert refused[0].headers["retry-after"] == "1"
    assert (answers[0].status_code, answers[0].headers["ratelimit-limit"]) == (200, "2")

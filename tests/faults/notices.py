"""Notices and forgeries that carry a marked key: as their senders would sign them, or as a stranger would."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bitloot.settings import Settings
from tests.faults.canaries import mark
from web.standins.signing import sign_body, sign_ipn

__all__ = ["Marked", "forged", "signed", "svix_secret"]

KINGUIN, NOWPAYMENTS, RESEND = "/kinguin/webhooks", "/payments/ipn", "/resend/webhooks"

#: Headers in which the senders prove themselves.
PROOFS = frozenset({"X-Event-Secret", "X-KINGUIN-SIGNATURE", "x-nowpayments-sig", "svix-signature"})

#: More than any notice may have (bytes).
TOO_MUCH = 70_000


@dataclass(frozen=True)
class Marked:
    """One delivery with its key, and the status with which it is answered. `kept`: whether it lies sealed after."""

    way: str
    path: str
    answer: int
    key: str
    body: bytes
    headers: Mapping[str, str]
    kept: bool = True


def svix_secret() -> str:
    """As RESEND_WEBHOOK_SECRET takes it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def signed(settings: Settings) -> list[Marked]:
    """What the providers might send, and is taken."""
    return [
        _kinguin(settings),
        _kinguin_event(settings),
        _reservations(settings),
        _ipn(settings),
        _resend(settings),
    ]


def forged(settings: Settings) -> list[Marked]:
    """The same by somebody who does not know the secret, a key in the place of the proof; and what nobody reads."""
    return [
        *map(
            _without_proof, (_kinguin(settings), _reservations(settings), _ipn(settings), _resend(settings))
        ),
        _nobody(),
        _torn(settings),
        _too_much(settings),
    ]


def _without_proof(true: Marked) -> Marked:
    headers = {name: true.key if name in PROOFS else value for name, value in true.headers.items()}
    return replace(true, way=f"forged {true.way}", answer=401, headers=headers)


def _nobody() -> Marked:
    key = mark()
    return Marked("nobody's webhook", f"{KINGUIN}?key={key}", 401, key, key.encode(), {})


def _torn(settings: Settings) -> Marked:
    key = mark()
    body = f'{{"key":"{key}","key":1}}'.encode()
    return Marked("key named twice", KINGUIN, 400, key, body, _event(settings, "order.status"))


def _too_much(settings: Settings) -> Marked:
    key = mark()
    body = key.encode() * (TOO_MUCH // len(key))
    return Marked("too much", KINGUIN, 413, key, body, _event(settings, "order.status"), kept=False)


def _event(settings: Settings, name: str) -> dict[str, str]:
    return {"X-Event-Name": name, "X-Event-Secret": settings.kinguin_webhook_secret.get_secret_value()}


def _kinguin(settings: Settings) -> Marked:
    key = mark()
    body = _json(
        orderId="PMARKED01", status="processing", serial=key, keys=[{"serial": key, "type": "text/plain"}]
    )
    return Marked("Kinguin webhook", KINGUIN, 204, key, body, _event(settings, "order.status"))


def _kinguin_event(settings: Settings) -> Marked:
    key = mark()
    return Marked("Kinguin event name", KINGUIN, 204, key, b"{}", _event(settings, key))


def _reservations(settings: Settings) -> Marked:
    key = mark()
    body = _json(reservationId="R-marked-1", status="delivered", key=key, codes=[key])
    secret = settings.reservations_webhook_secret.get_secret_value()
    return Marked(
        "reservation webhook",
        KINGUIN,
        204,
        key,
        body,
        {"X-KINGUIN-SIGNATURE": sign_body("sha512", secret, body)},
    )


def _ipn(settings: Settings) -> Marked:
    key = mark()
    told = {"payment_id": 1, "payment_status": "waiting", "order_id": "unknown", "order_description": key}
    signature = sign_ipn(settings.nowpayments_ipn_secret.get_secret_value(), told)
    return Marked("IPN", NOWPAYMENTS, 200, key, _json(**told), {"x-nowpayments-sig": signature})


def _resend(settings: Settings) -> Marked:
    key, moment = mark(), str(int(time.time()))
    body = _json(
        type="email.bounced", data={"email_id": "nobody's", "bounce": {"message": key, "type": "Permanent"}}
    )
    secret = base64.b64decode(settings.resend_webhook_secret.get_secret_value().removeprefix("whsec_"))
    mac = hmac.digest(secret, f"{key[-8:]}.{moment}.".encode() + body, hashlib.sha256)
    proof = f"v1,{base64.b64encode(mac).decode()}"
    headers = {"svix-id": key[-8:], "svix-timestamp": moment, "svix-signature": proof}
    return Marked("mail webhook", RESEND, 204, key, body, headers)


def _json(**fields: Any) -> bytes:
    return json.dumps(fields).encode()

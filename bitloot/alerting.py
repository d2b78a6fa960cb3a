"""Alerts to an HTTP sink, signed as Standard Webhooks say: id, time and body, HMAC-SHA256 under `whsec_…`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from bitloot import strict_json
from bitloot.alerts_secret import parse_alerts_secret
from bitloot.errors import Ambiguous, Retryable
from bitloot.fetch import Fetch

__all__ = ["AlertSink", "advice"]

#: What happened, in words, and what to do; `{about}` and `{order}` are filled in. Other kinds are cases about money.
ADVICE: Mapping[str, tuple[str, str]] = {
    "stuck": ("Order {order} stands too long in {about}.", "bitloot prove order {order}"),
    "dead_job": ("A step was given up: {about}.", "bitloot jobs list; then bitloot jobs retry ID --reason …"),
    "blocked": (
        "A provider refuses our account: {about}.",
        "Mend key, balance or quota there; orders go on by themselves.",
    ),
    "quiet": (
        "No notices from {about}, while orders of it are open.",
        "Look at its webhook settings; bitloot doctor",
    ),
    "refusals": (
        "Many deliveries of {about} are refused; it may switch us off.",
        "Compare the secret there and here; bitloot doctor",
    ),
}
A_CASE = ("A case waits for a person: {kind}, order {order}.", "bitloot case list --kind {kind}")


def advice(kind: str, about: str, order: str | None) -> tuple[str, str]:
    """(what happened, what to do)"""
    what, todo = ADVICE.get(kind, A_CASE)
    words = {"kind": kind, "about": about, "order": order or "-"}
    return what.format(**words), todo.format(**words)


class AlertSink:
    """Somebody's pager. A repeat of one id is the same alert."""

    def __init__(self, url: str, secret: SecretStr) -> None:
        self._fetch = Fetch(url, name="alerts", deadline=10, max_bytes=64 * 1024)
        self._key = parse_alerts_secret(secret.get_secret_value())

    def send(self, alert_id: str, document: Mapping[str, Any]) -> None:
        """Raises Retryable also where it may have arrived: the sink knows a repeat by its id. Or Blocked, Permanent."""
        at = str(int(time.time()))
        signed = f"{alert_id}.{at}.".encode() + strict_json.dumps(document)
        signature = base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()
        headers = {"webhook-id": alert_id, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
        try:
            self._fetch.post("", json=document, headers=headers)
        except Ambiguous as error:
            text, code = str(error), error.code
        else:
            return
        raise Retryable(text, code=code)

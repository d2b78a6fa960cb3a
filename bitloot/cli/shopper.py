"""A buyer of the demo: orders, pays, gets a letter, follows its link, and reveals; all over HTTP, as a person would."""

from __future__ import annotations

import base64
import email
import email.policy
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import requests

from bitloot.errors import BitLootError
from bitloot.settings import Settings

__all__ = ["DemoFailed", "Letter", "RevealedKey", "Shopper", "letters_of"]

#: Seconds that one call, and the letter, may take.
CALL_SECONDS, LETTER_SECONDS = 15.0, 20.0

#: The letter whose link leads to the keys.
KEYS_READY = "keys_ready"


class DemoFailed(BitLootError):
    """The story did not go on; the text says where."""

    default_code = "demo_failed"


@dataclass(frozen=True)
class Letter:
    """A mail as it arrived. `kind` is the shop's word for it; `link` is empty where it carries none to its order."""

    kind: str
    to: str
    subject: str
    text: str
    link: str
    path: Path


@dataclass(frozen=True)
class RevealedKey:
    """What stands on the buyer's screen. `text` is None for a picture."""

    game: str
    media_type: str
    text: str | None
    content: bytes


class Shopper:
    """One buyer with one order."""

    def __init__(self, settings: Settings, address: str) -> None:
        self.address = address
        self.order_id = ""
        self.token = ""
        self.payment: dict[str, Any] = {}
        self.price = ""
        self._settings = settings
        self._shop = f"http://127.0.0.1:{settings.port}"
        self._control = f"http://127.0.0.1:{settings.standins_port}/control"
        self._http = requests.Session()

    def close(self) -> None:
        self._http.close()

    def order(self, items: Sequence[tuple[str, int]], coin: str) -> None:
        """POST /orders: (sku, quantity) each."""
        wanted = {
            "email": self.address,
            "items": [{"productId": sku, "quantity": quantity} for sku, quantity in items],
            "payCurrency": coin,
        }
        placed = self._call("POST", f"{self._shop}/orders", 201, wanted)
        self.order_id, self.token, self.payment = placed["orderId"], placed["accessToken"], placed["payment"]
        self.price = f"{placed['price']} {placed['currency'].upper()}"

    def pay(self) -> None:
        """Lets the stand-in gateway see the money: it plays the statuses up to `finished`, each a signed IPN."""
        payment = self.payment["paymentId"]
        self._call("POST", f"{self._control}/nowpayments/payments/{payment}/pay", 202, {})

    def read_order(self) -> dict[str, Any]:
        return self._call("GET", f"{self._shop}/orders/{self.order_id}", 200, token=self.token)

    def letter(self) -> Letter:
        """Waits for the one that says that the keys are ready; others may come before and after it."""
        deadline = time.monotonic() + LETTER_SECONDS
        while time.monotonic() < deadline:
            for letter in letters_of(self._settings.mail_directory, self.order_id):
                if letter.kind == KEYS_READY and letter.link and self.address in letter.to:
                    return letter
            time.sleep(0.02)
        raise DemoFailed(f"No letter with the keys’ link came to {self.address} within {LETTER_SECONDS:g} s.")

    def reveal(self, letter: Letter) -> list[RevealedKey]:
        """Follows the letter's link, as the page behind it does, and presses the button."""
        at = f"{self._shop}/fulfillment/{self.order_id}"
        link_token = letter.link.partition("#")[2]
        session = self._call("POST", f"{at}/session", 201, {"linkToken": link_token})
        revealed = self._call("POST", f"{at}/reveal", 200, {}, token=session["accessToken"])
        return [_revealed(key) for key in revealed["keys"]]

    def may_reveal_with(self, token: str) -> bool:
        """Whether `token` opens this order's keys."""
        headers = {"Authorization": f"Bearer {token}"}
        at = f"{self._shop}/fulfillment/{self.order_id}/reveal"
        return self._http.post(at, json={}, headers=headers, timeout=CALL_SECONDS).status_code == 200

    def _call(
        self, method: str, url: str, wanted: int, body: Any = None, token: str | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            said = self._http.request(method, url, json=body, headers=headers, timeout=CALL_SECONDS)
        except requests.RequestException as error:
            raise DemoFailed(f"{method} {_path(url)} failed: {type(error).__name__}.") from None
        if said.status_code != wanted:
            code = said.json().get("code", "") if "json" in said.headers.get("Content-Type", "") else ""
            raise DemoFailed(f"{method} {_path(url)} answered {said.status_code} {code}".rstrip() + ".")
        answer: dict[str, Any] = said.json()
        return answer


def letters_of(folder: Path, order_id: str) -> list[Letter]:
    """Every letter about the order that has come by now: a file is named by its kind, its order and a number."""
    found = (_read_letter(path, order_id) for path in sorted(folder.glob(f"*%2F{order_id}%2F*.eml")))
    return [letter for letter in found if letter is not None]


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]


def _read_letter(path: Path, order_id: str) -> Letter | None:
    try:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    except FileNotFoundError:
        return None
    assert isinstance(message, EmailMessage)  # noqa: S101  # what this policy makes
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    link = re.search(rf"https?://\S+/o/{re.escape(order_id)}#\S+", text)
    kind = path.name.partition("%2F")[0]
    return Letter(kind, message["To"], message["Subject"], text, link[0] if link else "", path)


def _revealed(key: dict[str, Any]) -> RevealedKey:
    if key.get("key") is not None:
        return RevealedKey(key["name"], key["mediaType"], key["key"], key["key"].encode())
    return RevealedKey(key["name"], key["mediaType"], None, base64.b64decode(key["base64"]))

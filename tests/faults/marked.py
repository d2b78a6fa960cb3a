"""Keys on every way through the shop, and on each way on which one may get lost; then every place is searched."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from bitloot.cli.plaintext import Haystack, control_text
from db import Notice, Refused, base, open_notice
from db.refused import open_refused
from tests.faults.canaries import mark, new_control
from tests.faults.clumsy import CLUMSY, HANDS
from tests.faults.notices import forged, signed, svix_secret
from tests.faults.shop import FaultShop
from tests.faults.taps import RelayTap, Tap, ValkeyTap, environments
from tests.flows.house import Sale
from tests.waiting import until
from web.relay.bell import channel

__all__ = ["Passage", "marked_shop"]

#: One product of each supplier; the second one's webhooks carry the key.
BASKET = (("orbit-drifters", 1), ("tin-parade", 1))


@dataclass
class Passage:
    """`ways`: how often a key really went each of them. `keys`: those that were pushed, and those of our own order."""

    shop: FaultShop
    mails: Path  # where letters lie once there is such a folder
    control: str
    taps: list[Tap]
    keys: list[str] = field(default_factory=list)
    ways: dict[str, int] = field(default_factory=dict)

    def notices(self) -> None:
        """What is taken and what is refused, each with a key in it; that both are kept is seen by opening them."""
        sent = [*signed(self.shop.settings), *forged(self.shop.settings)]
        for one in sent:
            url = f"{self.shop.web}{one.path}"
            answer = requests.post(url, data=one.body, headers=dict(one.headers), timeout=10)
            assert answer.status_code == one.answer, f"{one.way}: {answer.status_code} {answer.text}"
        opened = self._opened()
        for one in sent:
            self.keys.append(one.key)
            self.ways[one.way] = not one.kept or sum(one.key in text for text in opened)

    def sell(self) -> Sale:
        """An order whose suppliers quote keys in wrong answers, whose worker quotes them in errors until a job is dead,
        and whose letter does not go at first."""
        shop, quoted = self.shop, mark()
        shop.control("config", inline_key=True)
        wrong = json.dumps({"codes": [{"serial": quoted}]})
        shop.fault(
            "reservations.delivered", "status", status=200, body=wrong, content_type="application/json"
        )
        shop.fault("kinguin.read_keys", "truncate")
        sale = shop.order(*BASKET)
        url = f"ws://127.0.0.1:{shop.settings.relay_port}/fulfillment"
        with RelayTap(url, sale.token) as tap:
            self.taps.append(tap)
            shop.pay(sale)
            self._dead_job()
            shop.until(sale, "fulfilled")
            self._mail_failure(sale)
        shop.revealed[sale.order_id] = shop.reveal(sale)
        self.keys += [quoted, *shop.revealed[sale.order_id]]
        self.ways["supplier's wrong answers"] = shop.bitten()
        until(lambda: self._inline_keys() > 0, what="a webhook with its key")
        self.ways["inline key"] = self._inline_keys()
        self.ways["reveal"] = len(shop.revealed[sale.order_id])
        return sale

    def _inline_keys(self) -> int:
        """How many notices that the shop keeps hold a key that was sold."""
        return sum(key in text for key in self.shop.plaintext() for text in self._opened())

    def _dead_job(self) -> None:
        """A worker gave up with a key in its hands; an operator sends the job again."""
        dead = "SELECT id::text FROM jobs WHERE actor = 'encrypt_store'"
        until(lambda: bool(self.shop.rows(dead)), what="a dead job")
        self.ways["dead job"] = len(self.shop.rows(dead))
        url = f"{self.shop.web}/admin/jobs/{self.shop.rows(dead)[0][0]}/retry"
        answer = requests.post(url, json={"reason": "mended"}, headers=self.shop.admin(), timeout=10)
        assert answer.status_code in {202, 409}, answer.text  # 409: sweep was quicker

    def _mail_failure(self, sale: Sale) -> None:
        """The folder for letters is not there at first."""
        failed = "SELECT 1 FROM letters WHERE state = 'kept' AND error IS NOT NULL"
        until(lambda: bool(self.shop.rows(failed)), what="a letter that did not go")
        self.mails.mkdir()
        until(lambda: bool(self.shop.letters(sale)), what="the letter")
        self.ways["mail failure"] = 1

    def violations(self) -> list[str]:
        """Ways that no key went, and places where one lies."""
        self._tell_control()
        more = [
            Haystack("relay traffic", lambda: [tap.all for tap in self.taps if isinstance(tap, RelayTap)]),
            Haystack(
                "Valkey's commands", lambda: [tap.all for tap in self.taps if isinstance(tap, ValkeyTap)]
            ),
            Haystack("environments", lambda: environments(os.getpid())),
        ]
        lies = self.shop.plaintext_violations(keys=self.keys, more=more, control=self.control)
        return [f"no key went this way: {way}" for way, times in self.ways.items() if not times] + lies

    def _tell_control(self) -> None:
        """By Valkey's bell and the relay to whoever listens."""
        said = {"type": "admin:job-failed", "data": {"error": control_text(self.control).decode()}}
        with self.shop.queue() as client:
            client.publish(channel(self.shop.settings.queue_namespace), json.dumps(said))
        last = self.control[::-1].encode()
        listening = [tap for tap in self.taps if tap.listening]
        until(lambda: all(last in tap.all for tap in listening), what="the control on its way")

    def _opened(self) -> list[str]:
        """All notices and refused deliveries, unsealed."""
        vault = self.shop.shop.vault
        with base.scope():
            opened = [open_notice(vault, notice) for notice in Notice.select()]
            opened += [open_refused(vault, refused) for refused in Refused.select()]
        return [json.dumps(headers) + body.decode("utf-8", "replace") for headers, body in opened]


@contextmanager
def marked_shop(
    opened: Callable[..., AbstractContextManager[FaultShop]], directory: Path
) -> Iterator[Passage]:
    """A shop that `opened(**options)` opens, with a bucket, a clumsy worker, and ears everywhere."""
    letters, mails, control = directory / "letters", directory / "mails", new_control()
    letters.symlink_to(mails)  # not there yet: the first letters fail
    environ = {"CANARY_CONTROL": control_text(control).decode()}
    with ExitStack() as stack:
        shop = stack.enter_context(
            opened(
                workers=1,
                s3=True,
                actors=CLUMSY,
                overrides=lambda whole: {**whole, **environ},
                MAILER="directory",
                MAIL_DIRECTORY=str(letters),
                RESEND_WEBHOOK_SECRET=svix_secret(),
                LOG_LEVEL="debug",
                **{HANDS: "1"},
            )
        )
        token = shop.admin()["Authorization"].removeprefix("Bearer ")
        url = f"ws://127.0.0.1:{shop.settings.relay_port}/fulfillment"
        taps = [
            stack.enter_context(RelayTap(url, token, "orders", "jobs", "webhooks")),
            stack.enter_context(ValkeyTap(shop.valkey.url)),
        ]
        yield Passage(shop, mails, control, taps)

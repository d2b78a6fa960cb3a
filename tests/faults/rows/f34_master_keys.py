"""F34: the master key is changed under load, by rotations that are killed; and a process without the old key."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping

from bitloot.development import master_key
from bitloot.engines.crew import ROOT
from bitloot.errors import SealBroken
from bitloot.settings import load_settings
from bitloot.vault import Vault
from db import base
from db.data_keys import under_master_keys
from db.refused import Refused, keep_refused, open_refused
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial

__all__ = ["master_keys"]

#: Sealed texts beside those of the load, and rows that a rotation takes at once: few, so that kills find it at work.
SEALED, BATCH = (300, 10_000), (10, 25)

#: Seconds after which a rotation is killed. The plan has one, in which all is done: a tenth of that meets it at work.
KILLED_AFTER = (0.05, 0.4)


@row("F34", "master key rotated under load, killed; old one missing", short=6, full=300)
def master_keys(trial: Trial) -> None:
    """A bite is a rotation that was killed at work, or a process that refused to start without a key that rows need.
    Afterwards everything opens with the new key alone."""
    old, new = master_key(1), master_key(2)
    with trial.shop(MASTER_KEYS=old) as shop:
        trial.settle(trial.load(shop, orders=max(3, trial.orders // 3)), within=60)
        texts = _seal(shop, SEALED[trial.full])
        load = trial.load(shop, pace=2.0 if trial.full else 0.5)
        _restart(shop, f"{new},{old}")
        _refuses(trial, shop, new)
        _rotate(trial, shop, BATCH[trial.full])
        trial.settle(load, within=60)
        _rotate(trial, shop, BATCH[trial.full])  # what the last buyers brought is under the new one already
        _restart(shop, new)
        _opens(trial, shop, texts)
        trial.settle(trial.load(shop, orders=3), within=60)
        load.reveal(20)


def _seal(shop: FaultShop, count: int) -> dict[str, str]:
    """So many sealed texts that no order is about: id -> text."""
    with base.scope():
        with base.transaction():
            for number in range(count):
                said = f"text {number}"
                about = {"source": "kinguin", "verdict": "planted", "address": "127.0.0.1"}
                keep_refused(
                    shop.shop.vault, **about, headers={}, body=said.encode(), size=len(said), slots=count + 1
                )
        return {str(found.id): open_refused(shop.shop.vault, found)[1].decode() for found in Refused.select()}


def _restart(shop: FaultShop, keys: str) -> None:
    """All processes, one after the other as a deploy would, with these MASTER_KEYS; the trial's own hands too."""
    shop.told = {**shop.told, "MASTER_KEYS": keys}
    for name, process in shop.crew.items():
        if name != "standins":
            process.stop()
            process.env = shop.told
            process.start()
    shop.crew["web"].wait_for(shop.settings.port)
    shop.rekey({**shop.environ, "MASTER_KEYS": keys})


def _refuses(trial: Trial, shop: FaultShop, keys: str) -> None:
    """Rows need the old key still: a web process does not start without it."""
    done = subprocess.run(
        [sys.executable, "-c", "from web.start import start; start()"],
        env={**shop.told, "MASTER_KEYS": keys},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = done.stdout + done.stderr
    refused = done.returncode != 0 and "Master key 1 is missing from MASTER_KEYS" in said
    trial.bit(refused)
    if not refused:
        trial.violation(f"I4 a process started without a key that rows need: {done.returncode} {said[-200:]}")


def _rotate(trial: Trial, shop: FaultShop, batch: int) -> None:
    """Killed again and again until one comes to its end. Each killed one that had moved something is a bite."""
    command = [sys.executable, "-m", "bitloot", "rotate-keys", "--json", "--batch", str(batch)]
    rounds = 0
    while rounds < 60:
        rounds += 1
        before = _left(shop)
        process = subprocess.Popen(
            command, env=dict(shop.told), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        _when_at_work(shop, process, before)
        if rounds < 60 and process.poll() is None:
            time.sleep(trial.chance.uniform(*KILLED_AFTER))
            process.kill()
        told, _ = process.communicate(timeout=300)
        if process.returncode == 0:
            found = json.loads(told)
            if found["left"] or found["broken"]:
                trial.violation(f"I4 a rotation ended with {found['left']} left, {found['broken']} broken")
            return
        trial.bit(0 < _left(shop) < before)
    trial.violation("the rotation never came to its end")


def _when_at_work(shop: FaultShop, process: subprocess.Popen[bytes], before: int) -> None:
    """Returns when it has moved something, or ended."""
    while process.poll() is None and _left(shop) == before:
        time.sleep(0.02)


def _left(shop: FaultShop) -> int:
    """Data keys under the old master key."""
    with base.scope():
        return under_master_keys()[1]


def _opens(trial: Trial, shop: FaultShop, texts: Mapping[str, str]) -> None:
    """With the new key alone; the keys of orders are opened by I4, by the same hands."""
    vault, broken = Vault.from_settings(load_settings(shop.told)), 0
    with base.scope():
        if left := {number: count for number, count in under_master_keys().items() if number != 2}:
            trial.violation(f"I4 data keys are left under other master keys: {left}")
        for found in Refused.select():
            try:
                same = open_refused(vault, found)[1].decode() == texts[str(found.id)]
            except SealBroken:
                same = False
            broken += not same
    trial.note("sealed texts that open", f"{len(texts) - broken} of {len(texts)}")
    if broken:
        trial.violation(f"I4 {broken} of {len(texts)} sealed texts do not open after the rotation")

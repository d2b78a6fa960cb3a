"""`bitloot demo`: the whole story on engines of its own; and that it would say so if a promise failed."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from bitloot.cli.demo import Story, sales
from bitloot.cli.plaintext import FORMS, Finding
from bitloot.cli.sale import Sale
from tests.waiting import descendants, gone, until

DEMO = [sys.executable, "-m", "bitloot", "demo"]


def environment(state: Path) -> dict[str, str]:
    """Nothing but a place to work in: no server, no settings."""
    return {"PATH": os.defpath, "HOME": str(state), "STATE_DIR": str(state)}


def test_it_sells_and_every_promise_holds(tmp_path: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--json"], capture_output=True, text=True, env=environment(tmp_path), check=False
    )
    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)
    assert story["ok"]
    assert [check["promise"] for check in story["checks"] if not check["holds"]] == []
    assert [sale["keys_revealed"] for sale in story["sales"]] == [1, 1, 3]
    assert {place["place"] for place in story["search"]} == {
        "database dump",
        "PostgreSQL files, WAL",
        "Valkey, all values",
        "Valkey files, AOF",
        "objects",
        "letters",
        "logs",
    }
    for sale in story["sales"]:
        for sealed in sale["objects"]:
            assert (tmp_path / "demo" / "objects" / sealed["name"]).stat().st_size == sealed["bytes"]
    assert not (tmp_path / "demo" / "postgres").exists()
    pids = [
        int(entry) for entry in os.listdir("/proc") if entry.isdigit() and str(tmp_path) in command(entry)
    ]
    assert gone(*pids)


def command(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def test_interrupted_it_leaves_nothing_running(tmp_path: Path) -> None:
    with (tmp_path / "said").open("w") as said:
        running = subprocess.Popen(DEMO, stdout=said, stderr=said, env=environment(tmp_path))
    until(lambda: "PostgreSQL and Valkey" in (tmp_path / "said").read_text(), seconds=120)
    below = descendants(running.pid)
    assert below
    running.send_signal(signal.SIGTERM)
    assert running.wait(120) == 130, (tmp_path / "said").read_text()
    until(lambda: gone(*below), what="the end of all processes")


def told(sale: Sale) -> Story:
    story = Story([sale], [Finding("logs", 1, (), frozenset(FORMS))], [str(key.text) for key in sale.keys])
    assert all(holds for _, holds in story.checks())
    return story


def broken(story: Story) -> list[str]:
    return [sentence for sentence, holds in story.checks() if not holds]


def test_a_promise_that_does_not_hold_is_told(sale: Sale) -> None:
    story = told(sale)
    change = dataclasses.replace
    assert "went created" in broken(change(story, sales=[change(sale, moves=sale.moves[:-1])]))[0]
    assert "heard each move" in broken(change(story, sales=[change(sale, heard=sale.heard * 2)]))[0]
    twice = dict.fromkeys(sale.charged, 2)
    assert "charged once" in broken(change(story, sales=[change(sale, charged=twice)]))[0]
    assert "were revealed" in broken(change(story, sales=[change(sale, keys=sale.keys[:1])]))[0]
    assert "sealed in the store" in broken(change(story, sales=[change(sale, objects=[])]))[0]
    assert sale.letter
    for fault in ({"text": story.needles[0]}, {"link": ""}):
        others = [*sale.letters, change(sale.letter, kind="payment_confirmed", **fault)]
        assert "a link and no key" in broken(change(story, sales=[change(sale, letters=others)]))[0]
    assert "a link and no key" in broken(change(story, sales=[change(sale, letters=[])]))[0]
    leak = Finding("logs", 1, ("hex",), frozenset(FORMS))
    assert "in plain anywhere" in broken(change(story, findings=[leak]))[0]
    blind = Finding("logs", 1, (), frozenset())
    assert "the search works" in broken(change(story, findings=[blind]))[0]


def test_the_story_has_both_dialects_and_an_order_at_both() -> None:
    assert [len(sale.items) for sale in sales()] == [1, 1, 2]

"""`bitloot verify-audit`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from actors.anchor import anchor_once
from bitloot.settings import load_settings
from bitloot.stores import open_store
from db import base, record_access
from tests.bitloot.cli.conftest import Bitloot

FREE = "ALTER TABLE access_records DISABLE TRIGGER USER;"


@pytest.fixture
def anchored(in_environ: dict[str, str]) -> Iterator[str]:
    """Three records and an anchor; the head as a log line has it. The test's own look is at the same database."""
    settings = load_settings(in_environ)
    base.configure(settings, application="tests")
    with base.scope():
        for _ in range(3):
            record_access(None, "reveal", actor="buyer", outcome="granted", address="", user_agent="")
        anchor = anchor_once(open_store(settings), base.audit_keys())
    assert anchor is not None
    yield f"{anchor.seq}:{anchor.mac}"
    base.dispose()


def attack(environ: dict[str, str], sql: str) -> None:
    base.configure(load_settings(environ), application="tests")
    with base.scope():
        base.rows(f"{FREE} {sql}; SELECT 1")


def test_a_whole_chain_is_said_to_be_whole(bitloot: Bitloot, anchored: str) -> None:
    said = bitloot("verify-audit", "--head", anchored)
    assert (said.code, said.out.splitlines()[-1]) == (
        0,
        "✓ 3 records, each bound to the one before; the chain is whole and passes through its last anchor.",
    )
    assert bitloot("verify-audit", "--head", "nonsense").code == 2


def test_a_changed_record_is_named(bitloot: Bitloot, anchored: str, in_environ: dict[str, str]) -> None:
    attack(in_environ, "UPDATE access_records SET actor = 'nobody' WHERE seq = 2")
    said = bitloot("verify-audit", "--json")
    assert (said.code, said.document["whole"], said.document["checked"]) == (1, False, 1)
    assert (said.document["flaw"]["kind"], said.document["flaw"]["record"]) == ("broken", 2)


def test_a_cut_end_is_named_by_the_store_and_by_a_log_line(
    bitloot: Bitloot, anchored: str, in_environ: dict[str, str]
) -> None:
    attack(in_environ, "DELETE FROM access_records WHERE seq = 3")
    assert "Records 3 to 3 are gone: anchor 1" in bitloot("verify-audit").out
    assert bitloot("verify-audit", "--no-anchors").code == 0
    said = bitloot("verify-audit", "--no-anchors", "--head", anchored)
    assert (said.code, "Record 3 is not the one" in said.out) == (1, True)

"""`bitloot notices`: found, refused, deleted."""

from __future__ import annotations

import uuid

import pytest

from bitloot.settings import load_settings
from bitloot.shop import open_shop
from db import AccessRecord, Notice, base
from db.refused import keep_refused
from tests.bitloot.cli.conftest import Bitloot
from tests.web.cast import lost_news


@pytest.fixture
def lost(in_environ: dict[str, str]) -> str:
    """A true notice that took no effect, beside a refused one; its id."""
    settings = load_settings(in_environ)
    shop = open_shop(settings)
    base.configure(settings, application="tests")
    with base.scope():
        notice = lost_news(shop)
        keep_refused(
            shop.vault,
            source="kinguin",
            verdict="bad_signature",
            headers={},
            body=b"{}",
            size=2,
            address="::1",
        )
    base.dispose()
    return str(notice.id)


def test_notices_are_found_by_what_is_said_about_them(bitloot: Bitloot, lost: str) -> None:
    found = bitloot("notices", "list", "--source", "nowpayments", "--since", "2026-01-01", "--json").document
    assert (found["total"], found["notices"][0]["id"], found["notices"][0]["verdict"]) == (
        1,
        lost,
        "verified",
    )
    assert bitloot("notices", "list").out.splitlines()[1].startswith(f"{lost[:8]}  ")
    assert "No notice" in bitloot("notices", "list", "--outcome", "moved").out
    unknown = bitloot("notices", "list", "--source", "foo")
    assert (unknown.code, "'foo' is not one of 'nowpayments'" in unknown.err) == (2, True)
    assert "'fake' is not one of 'verified', 'foreign'" in bitloot("notices", "list", "--verdict", "fake").err
    backwards = bitloot("notices", "list", "--since", "2026-11-20", "--until", "2026-11-19")
    assert (backwards.code, "--since must be before --until" in backwards.err) == (2, True)
    assert bitloot("notices", "list", "--order", str(uuid.uuid4())).err == "✗ There is no such order.\n"


def test_what_was_refused_is_listed_apart(bitloot: Bitloot, lost: str) -> None:
    [refused] = bitloot("notices", "refused", "--json").document["refused"]
    assert (refused["claims"], refused["verdict"], refused["size"]) == ("kinguin", "bad_signature", 2)


def test_a_body_is_deleted_once_and_it_is_recorded_who_did_it(
    bitloot: Bitloot, lost: str, in_environ: dict[str, str]
) -> None:
    assert bitloot("notices", "expunge", lost).code == 2
    missing = bitloot("notices", "expunge", str(uuid.uuid4()), "--reason", "asked to")
    assert (missing.code, missing.err) == (1, "✗ There is no such notice.\n")
    done = bitloot("notices", "expunge", lost, "--reason", "asked to", "--by", "olga", "--json")
    assert done.document == {"notice": lost, "expunged": True}
    assert "had been deleted before" in bitloot("notices", "expunge", lost, "--reason", "again").out
    base.configure(load_settings(in_environ), application="tests")
    with base.scope():
        assert Notice.get().body is None
        record = AccessRecord.select().order_by(AccessRecord.id).get()
    base.dispose()
    assert (record.action, record.actor) == ("notice_expunge", "cli:olga")
    assert record.details == {"notice": lost, "reason": "asked to"}
    told = bitloot("replay", lost, "--dry-run", "--json").document["replays"][0]
    assert (told["outcome"], told["change"]) == ("expunged", None)

"""The ring of refused deliveries: capped in number and size, sealed, and read by nobody but a person."""

from __future__ import annotations

from bitloot.settings import Settings
from bitloot.vault import Vault
from db import Notice, Refused, base
from db.refused import MOST_BYTES, MOST_HEADER, keep_refused, list_refused, open_refused

VAULT = Vault({1: b"m" * 32})
CANARY = b"BLKEY-0123456789abcdef0123456789abcdef"


def refuse(body: bytes, *, slots: int = 4, secret: str = "s3cret-of-the-sender") -> None:
    keep_refused(
        VAULT,
        source="kinguin",
        verdict="bad_signature",
        headers={"x-event-secret": secret, "cookie": "no"},
        body=body,
        size=len(body),
        address="203.0.113.9",
        slots=slots,
    )


def test_the_newest_take_the_place_of_the_oldest(database: Settings) -> None:
    for number in range(11):
        refuse(b"%d" % number)
    found, total = list_refused(page=1, limit=100)
    assert total == 4
    assert {open_refused(VAULT, refused)[1] for refused in found} == {b"7", b"8", b"9", b"10"}


def test_the_same_again_is_counted_and_takes_no_place(database: Settings) -> None:
    for _ in range(5):
        refuse(b"same")
    refuse(b"other")
    assert sorted(refused.repeats for refused in Refused.select()) == [0, 4]


def test_body_and_headers_are_cut(database: Settings) -> None:
    refuse(b"x" * 60_000, secret="s" * 9_000)
    headers, body = open_refused(VAULT, Refused.get())
    assert (len(body), headers) == (MOST_BYTES, {"x-event-secret": "s" * MOST_HEADER})
    assert Refused.get().size == 60_000


def test_a_key_in_it_lies_there_sealed(database: Settings) -> None:
    refuse(b'{"key":"' + CANARY + b'"}')
    dump = str(base.rows("SELECT r::text, encode(body, 'escape') FROM refused_deliveries r"))
    assert CANARY.decode() not in dump
    assert CANARY.hex() not in dump
    assert "s3cret" not in dump


def test_it_is_no_notice(database: Settings) -> None:
    refuse(b"{}")
    assert Notice.select().count() == 0

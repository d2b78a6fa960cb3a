"""`bitloot rotate-keys`, and what doctor says before and after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bitloot.cli.doctor import examine
from bitloot.cli.rotate_keys import rotate
from bitloot.development import master_key
from bitloot.settings import load_settings
from bitloot.vault import Vault
from db import AccessRecord, base
from db.data_keys import under_master_keys
from db.keys import order_context
from tests.bitloot.cli.conftest import Bitloot
from tests.factories import a_product, an_order

SECOND = master_key(2)


@pytest.fixture
def sold(in_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Seven orders under key 1; the environment has a second key, in front. The pool stays on this database."""
    settings = load_settings(in_environ)
    base.configure(settings, application="tests")
    vault = Vault.from_settings(settings)
    with base.scope():
        product = a_product()
        for _ in range(7):
            order = an_order((product, 1))
            order.use_data_key(vault.new_data_key(order_context(order.id)))
    environ = in_environ | {"MASTER_KEYS": f"{SECOND},{in_environ['MASTER_KEYS']}"}
    monkeypatch.setenv("MASTER_KEYS", environ["MASTER_KEYS"])
    yield environ
    base.dispose()


def doctor_says(environ: dict[str, str]) -> str:
    [found] = [one for one in examine(load_settings(environ)) if one.part == "master keys"]
    return found.answer


def test_all_move_and_doctor_says_that_the_old_key_may_go(bitloot: Bitloot, sold: dict[str, str]) -> None:
    assert "Key 1 wraps 7: keep it, and run `bitloot rotate-keys`." in doctor_says(sold)
    said = bitloot("rotate-keys", "--json", "--batch", "3")
    assert said.code == 0
    assert (said.document["to"], said.document["moved"], said.document["left"]) == (2, 7, {})
    assert "Key 1 wraps nothing: it can be removed from MASTER_KEYS." in doctor_says(sold)
    assert doctor_says(sold | {"MASTER_KEYS": SECOND}) == "Key 2 seals, and wraps 7 of 7 data keys."
    again = bitloot("rotate-keys")
    assert (again.code, again.out.strip()) == (0, "✓ All data keys are under master key 2.")


def test_who_rotated_is_on_record(bitloot: Bitloot, sold: dict[str, str]) -> None:
    bitloot("rotate-keys")
    base.configure(load_settings(sold), application="tests")
    with base.scope():
        records = list(AccessRecord.select().order_by(AccessRecord.id))
    assert [(record.action, record.outcome) for record in records] == [
        ("rotate_keys", "started"),
        ("rotate_keys", "done"),
    ]
    assert records[1].details == {"to": 2, "moved": 7}
    assert records[0].actor.startswith("cli:")


def test_what_does_not_open_is_named_and_the_old_key_stays(bitloot: Bitloot, sold: dict[str, str]) -> None:
    base.configure(load_settings(sold), application="tests")
    with base.scope():
        base.rows(
            "UPDATE orders SET data_key = set_byte(data_key, 30, get_byte(data_key, 30) # 1)"
            " WHERE id = (SELECT min(id::text)::uuid FROM orders) RETURNING 1"
        )
    said = bitloot("rotate-keys")
    assert said.code == 1
    assert "1 of orders do not open" in said.out
    assert "1 are still under master key 1; keep it." in said.out


def test_a_lost_key_refuses_the_rotation(
    bitloot: Bitloot, sold: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASTER_KEYS", SECOND)
    said = bitloot("rotate-keys")
    assert (said.code, "Master key 1 is missing from MASTER_KEYS" in said.err) == (2, True)


def test_rows_that_are_always_busy_end_the_rounds(
    sold: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitloot.cli.rotate_keys.PAUSE", 0)
    monkeypatch.setattr("db.data_keys._exchange", lambda *_: 0)
    base.configure(load_settings(sold), application="tests")
    with base.scope():
        done = rotate(Vault.from_settings(load_settings(sold)))
        assert (done.moved, done.left, under_master_keys()) == (0, {1: 7}, {1: 7})

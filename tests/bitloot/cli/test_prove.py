"""`bitloot prove`: its two commands."""

from __future__ import annotations

from bitloot.cli.prove import command
from tests.bitloot.cli.conftest import Bitloot


def test_both_proofs_are_listed_with_what_they_do(bitloot: Bitloot) -> None:
    said = bitloot("prove", "--help")
    assert said.code == 0
    assert set(command.commands) == {"order", "day"}
    for name in command.commands:
        assert f"  {name}" in said.out

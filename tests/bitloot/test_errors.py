"""Errors are sorted by what happens next, and carry nothing that must not be written down."""

from __future__ import annotations

import inspect

import pytest

from bitloot import errors
from bitloot.errors import BitLootError, Blocked, Retryable, UnsafeSettings, frames_of

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BitLootError)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not UnsafeSettings])
def test_each_kind_has_a_code_of_its_own_unless_told(kind: type[BitLootError]) -> None:
    assert kind("kinguin: no").code == kind.default_code
    assert kind("kinguin: no", code="no_stock").code == "no_stock"
    assert str(kind("kinguin: no")) == "kinguin: no"


def test_no_two_kinds_share_a_code() -> None:
    codes = [kind.default_code for kind in KINDS]
    assert len(set(codes)) == len(codes)


def test_whoever_may_be_asked_again_says_when() -> None:
    assert Retryable("busy", after=2.5).after == 2.5
    assert Blocked("no balance", after=60).after == 60
    assert Retryable("busy").after is None


def test_all_reasons_are_kept() -> None:
    assert UnsafeSettings(["one.", "two."]).reasons == ["one.", "two."]


def test_every_kind_is_lent() -> None:
    assert {kind.__name__ for kind in KINDS} <= set(errors.__all__)


def test_frames_say_where_and_never_what() -> None:
    try:
        raise ValueError("BLKEY-CANARY")
    except ValueError as error:
        frames = frames_of(error)
    assert frames.splitlines()[-1] == "ValueError"
    assert "test_errors.py" in frames
    assert "test_frames_say_where_and_never_what" in frames
    assert "CANARY" not in frames

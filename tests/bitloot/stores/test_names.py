"""Names and sizes of objects: what every store accepts."""

from __future__ import annotations

import pytest

from bitloot.errors import Malformed, Permanent
from bitloot.stores.names import MAX_OBJECT, check_name, check_size, clamp_seconds
from tests.bitloot.stores.contract import BAD_NAMES, NAME


@pytest.mark.parametrize("name", [NAME, "a", "health/0f", "a/b/c/d/e/f", "x" * 128, "0..1", "a-b_c.d"])
def test_a_good_name_is_kept(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        check_name(name)


def test_the_cap_is_a_mebibyte() -> None:
    check_size(MAX_OBJECT)
    with pytest.raises(Permanent):
        check_size(MAX_OBJECT + 1)


@pytest.mark.parametrize(("asked", "given"), [(-1, 1), (0, 1), (1, 1), (899, 899), (900, 900), (604800, 900)])
def test_a_life_is_clamped(asked: int, given: int) -> None:
    assert clamp_seconds(asked) == given

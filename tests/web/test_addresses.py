"""Whose connection it is."""

from __future__ import annotations

import pytest

from web.addresses import client_address, neighbourhood


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("9.9.9.9", "", "9.9.9.9"),
        ("10.0.0.2", "198.51.100.4", "198.51.100.4"),
        ("10.0.0.2", "1.1.1.1, 198.51.100.4", "198.51.100.4"),  # only the nearest proxy is ours
        ("9.9.9.9", "198.51.100.4", "9.9.9.9"),  # a stranger's word
        ("10.0.0.2", "nonsense", "10.0.0.2"),
        ("", "198.51.100.4", ""),
    ],
)
def test_the_nearest_proxy_is_believed_if_it_is_ours(peer: str, forwarded: str, address: str) -> None:
    assert client_address(peer, forwarded) == address


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("198.51.100.4", "198.51.100.5", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:198.51.100.4", "198.51.100.4", True),
        ("unix:", "unix:", True),
    ],
)
def test_a_household_is_one_client(one: str, other: str, same: bool) -> None:
    assert (neighbourhood(one) == neighbourhood(other)) is same

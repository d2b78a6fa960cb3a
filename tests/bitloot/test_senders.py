"""A notice from an address that its source does not use is noted."""

from __future__ import annotations

import pytest

from bitloot.senders import FOREIGN, VERIFIED, Senders, parse_networks
from bitloot.settings import Settings


def senders(**changes: object) -> Senders:
    return Senders(Settings.model_validate({"environment": "production"} | changes))


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("51.89.194.21", VERIFIED),
        ("::ffff:51.89.194.21", VERIFIED),
        ("51.89.194.22", FOREIGN),
        ("127.0.0.1", FOREIGN),
        ("2001:db8::1", FOREIGN),
        ("no address", FOREIGN),
        ("", FOREIGN),
    ],
)
def test_nowpayments_sends_from_the_addresses_of_its_help_centre(address: str, verdict: str) -> None:
    assert senders().verdict("nowpayments", address) == verdict


def test_a_source_whose_addresses_nobody_knows_is_foreign_nowhere() -> None:
    assert senders().verdict("kinguin", "203.0.113.9") == VERIFIED
    known = senders(kinguin_senders=("203.0.113.0/24", "2001:db8::/32"))
    assert known.verdict("kinguin", "203.0.113.9") == known.verdict("kinguin", "2001:db8::7") == VERIFIED
    assert known.verdict("kinguin", "203.0.114.9") == FOREIGN


def test_in_development_the_stand_ins_are_no_foreigners() -> None:
    assert senders(environment="development").verdict("nowpayments", "127.0.0.1") == VERIFIED
    assert senders(environment="development").verdict("nowpayments", "203.0.113.9") == FOREIGN


def test_foreign_senders_are_refused_only_where_the_settings_say_so() -> None:
    assert not senders().refuses
    assert senders(foreign_senders="refuse").refuses


def test_a_network_with_host_bits_is_a_slip_of_the_pen() -> None:
    with pytest.raises(ValueError, match="host bits"):
        parse_networks(["192.0.2.7/24"])

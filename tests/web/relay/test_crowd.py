"""Room for clients: in all, for strangers, and for one address."""

from __future__ import annotations

from web.relay.crowd import Crowd, Refused
from web.relay.limits import Limits


def test_there_is_room_for_so_many_and_a_leaver_makes_some() -> None:
    crowd = Crowd(Limits(), room=2)
    assert [crowd.enter(key, "a") for key in (1, 2, 3)] == [None, None, Refused.FULL]
    crowd.leave(3)  # was never in
    assert crowd.enter(4, "a") is Refused.FULL
    crowd.leave(1)
    crowd.leave(1)
    assert [crowd.enter(key, "a") for key in (5, 6)] == [None, Refused.FULL]


def test_one_address_takes_its_share_only() -> None:
    crowd = Crowd(Limits(per_address=1), room=9)
    assert [crowd.enter(1, "a"), crowd.enter(2, "a"), crowd.enter(3, "b")] == [None, Refused.ADDRESS, None]
    crowd.leave(1)
    assert crowd.enter(4, "a") is None


def test_those_who_say_not_who_they_are_leave_room_for_those_who_did() -> None:
    crowd = Crowd(Limits(strangers=1), room=9)
    assert [crowd.enter(1, "a"), crowd.enter(2, "b")] == [None, Refused.STRANGERS]
    crowd.recognise(1)
    assert crowd.enter(3, "b") is None
    crowd.leave(3)
    assert crowd.enter(4, "b") is None

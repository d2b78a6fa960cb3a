"""Few exports at a time, and the place of one that ends, or never began, is free again."""

from __future__ import annotations

import pytest
from peewee import OperationalError

from bitloot.tokens import BadToken
from web.admin.streams import PIECE, Exports
from web.errors import Problem


def test_a_place_is_taken_until_it_is_closed() -> None:
    exports, told = Exports(at_once=1), list[str]()
    with exports.place("olga") as place:
        sent = place.send(iter([b"a" * PIECE, b"b", b"c"]), told.append)
    with pytest.raises(Problem) as caught, exports.place("otto"):
        pass
    assert (caught.value.status_code, caught.value.headers["Retry-After"]) == (429, "30")  # type: ignore[index]
    assert [len(piece) for piece in sent] == [PIECE, 2]
    sent.close()
    sent.close()
    with pytest.raises(KeyError), exports.place("olga"):
        raise KeyError
    with exports.place("olga"), pytest.raises(Problem), exports.place("otto"):
        pass
    assert told == []


def test_nobody_has_two_places() -> None:
    exports = Exports(at_once=2)
    with exports.place("olga"):
        with pytest.raises(Problem), exports.place("olga"):
            pass
        with exports.place("otto"):
            pass


def test_no_export_goes_on_for_ever() -> None:
    told: list[str] = []
    with Exports(seconds=-1).place("olga") as place:
        with pytest.raises(TimeoutError):
            next(place.send(iter([b"a"]), told.append))
        place.close()
    assert told == ["too_long"]


def test_what_was_cut_off_is_told_once_with_its_reason() -> None:
    exports, told = Exports(), list[str]()
    with exports.place("olga") as place:
        place.send(iter([b"a" * PIECE, b"b"]), told.append)
        next(place)
        place.close()
        place.close()
    revoked = (b"" for _ in (0,) if _refuse())
    with exports.place("olga") as place:
        with pytest.raises(BadToken):
            next(place.send(revoked, told.append))
        place.close()
    with exports.place("olga") as place:
        place.send(iter([b"a"]), _away)
        place.close()
    assert told == ["reader_left", "revoked_token"]
    with exports.place("olga"):
        pass


def _refuse() -> bool:
    raise BadToken("tokens: revoked", code="revoked_token")


def _away(_why: str) -> None:
    raise OperationalError("the database is away")

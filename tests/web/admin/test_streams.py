"""Few exports at a time, and the place of one that ends, or never began, is free again."""

from __future__ import annotations

import pytest

from web.admin.streams import PIECE, Exports
from web.errors import Problem


def test_a_place_is_taken_until_it_is_closed() -> None:
    exports = Exports(at_once=1)
    with exports.place() as place:
        sent = place.send(iter([b"a" * PIECE, b"b", b"c"]))
    with pytest.raises(Problem) as caught, exports.place():
        pass
    assert (caught.value.status_code, caught.value.headers["Retry-After"]) == (429, "30")  # type: ignore[index]
    assert [len(piece) for piece in sent] == [PIECE, 2]
    sent.close()
    sent.close()
    with pytest.raises(KeyError), exports.place():
        raise KeyError
    with exports.place(), pytest.raises(Problem), exports.place():
        pass


def test_no_export_goes_on_for_ever() -> None:
    with Exports(seconds=-1).place() as place, pytest.raises(TimeoutError):
        next(place.send(iter([b"a"])))

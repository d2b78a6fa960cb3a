"""What every store promises. A store's test module inherits this and gives the fixture `store`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import unquote, urlsplit

import pytest

from bitloot.errors import Malformed, Permanent
from bitloot.stores.base import MAX_LINK_SECONDS, Store
from bitloot.stores.names import MAX_OBJECT

__all__ = ["BAD_NAMES", "NAME", "StoreContract"]

NAME = "orders/5f0c8a3e-1d2b-4c7f-9a60-3b1e8f7d2c54/c3d4e5f6-a7b8-4c9d-8e0f-1a2b3c4d5e6f.sealed"

BAD_NAMES = (
    *("", ".", "..", "/", "/etc/passwd", "a//b", "a/", "/a", "../a", "a/..", "a/../b", "a/./b", ".part-1"),
    *("a/.hidden", "a\\b", "a\0b", "a\nb", "a b", "ä", "A", "a?b", "a#b", "a%2e%2e", "~", "-rf", "c:"),
    *("x" * 129, "a/b/c/d/e/f/g", "a\n"),
)


class StoreContract:
    def test_what_was_put_is_there_byte_by_byte(self, store: Store) -> None:
        data = bytes(range(256)) * 5
        assert store.put_once(NAME, data) is True
        assert store.get(NAME) == data
        assert store.exists(NAME) is True

    def test_an_empty_object_is_an_object(self, store: Store) -> None:
        assert store.put_once(NAME, b"") is True
        assert store.get(NAME) == b""
        assert store.exists(NAME)

    def test_a_taken_name_keeps_its_first_content(self, store: Store) -> None:
        assert store.put_once(NAME, b"first") is True
        assert store.put_once(NAME, b"second") is False
        assert store.put_once(NAME, b"first") is False
        assert store.get(NAME) == b"first"

    def test_of_twenty_writers_exactly_one_wins(self, store: Store) -> None:
        start = Barrier(20)

        def put(number: int) -> bool:
            start.wait(timeout=30)
            return store.put_once(NAME, b"%d" % number)

        with ThreadPoolExecutor(20) as pool:
            won = list(pool.map(put, range(20)))
        assert won.count(True) == 1
        assert store.get(NAME) == b"%d" % won.index(True)

    def test_a_missing_object_says_so(self, store: Store) -> None:
        assert store.exists(NAME) is False
        with pytest.raises(Permanent) as caught:
            store.get(NAME)
        assert caught.value.code == "object_missing"

    def test_a_deleted_object_is_gone_and_its_name_free(self, store: Store) -> None:
        store.put_once(NAME, b"first")
        store.delete(NAME)
        assert store.exists(NAME) is False
        assert store.put_once(NAME, b"second") is True
        assert store.get(NAME) == b"second"

    def test_deleting_nothing_is_no_error(self, store: Store) -> None:
        store.delete(NAME)
        store.delete(NAME)

    def test_objects_do_not_touch_each_other(self, store: Store) -> None:
        names = [f"orders/{order}/{key}.sealed" for order in "abc" for key in "xyz"]
        for name in names:
            store.put_once(name, name.encode())
        store.delete("orders/b/y.sealed")
        left = [name for name in names if store.exists(name)]
        assert left == [name for name in names if name != "orders/b/y.sealed"]
        assert all(store.get(name) == name.encode() for name in left)

    def test_the_largest_object_fits_and_a_larger_one_is_refused(self, store: Store) -> None:
        assert store.put_once("largest", bytes(MAX_OBJECT)) is True
        assert len(store.get("largest")) == MAX_OBJECT
        with pytest.raises(Permanent) as caught:
            store.put_once("larger", bytes(MAX_OBJECT + 1))
        assert caught.value.code == "object_too_large"
        assert store.exists("larger") is False

    def test_a_bad_name_reaches_nothing(self, store: Store) -> None:
        before = self.names(store)
        calls: list[Callable[[str], object]] = [
            lambda name: store.put_once(name, b"x"),
            store.get,
            store.exists,
            store.delete,
            lambda name: store.signed_link(name, 60),
        ]
        for name in BAD_NAMES:
            for call in calls:
                with pytest.raises(Malformed) as caught:
                    call(name)
                assert caught.value.code == "bad_object_name"
        assert self.names(store) == before

    def test_a_link_names_the_object_and_lives_as_long_as_asked(self, store: Store) -> None:
        link = store.signed_link(NAME, 60)
        assert unquote(urlsplit(link).path).endswith(NAME)
        assert abs(self.lifetime(link) - 60) <= 2

    def test_a_link_never_lives_longer_than_fifteen_minutes(self, store: Store) -> None:
        for asked, given in ((-5, 1), (0, 1), (1, 1), (901, 900), (8 * 86400, 900)):
            assert abs(self.lifetime(store.signed_link(NAME, asked)) - given) <= 2
        assert MAX_LINK_SECONDS == 900

    def test_a_healthy_store_says_nothing_and_keeps_nothing(self, store: Store) -> None:
        before = self.names(store)
        store.health()
        assert self.names(store) == before

    def test_the_store_says_its_name(self, store: Store) -> None:
        assert store.name == self.store_name

    store_name: str

    def lifetime(self, link: str) -> float:
        """Seconds from now until the link ends."""
        raise NotImplementedError

    def names(self, store: Store) -> set[str]:
        """All objects there are, seen from outside."""
        raise NotImplementedError

"""The folder as a store: atomic, private, and no way out of it."""

from __future__ import annotations

import stat
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bitloot.errors import Blocked, Permanent
from bitloot.settings import Settings
from bitloot.stores.base import Store
from bitloot.stores.directory import DirectoryStore
from bitloot.stores.names import MAX_OBJECT
from bitloot.tokens import BadToken, Tokens
from tests.bitloot.stores.contract import NAME, StoreContract

TOKENS = Tokens(buyer_secret="b" * 32, admin_secret="a" * 32, link_secret="l" * 32)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "objects"


@pytest.fixture
def store(root: Path) -> DirectoryStore:
    return DirectoryStore(root, "https://shop.example/", TOKENS.sign_path)


class TestDirectoryStore(StoreContract):
    store_name = "directory"

    def lifetime(self, link: str) -> float:
        return int(parse_qs(urlsplit(link).query)["expires"][0]) - time.time()

    def names(self, store: Store) -> set[str]:
        assert isinstance(store, DirectoryStore)
        return {str(path) for path in store._root.rglob("*") if path.is_file()}


def test_a_link_opens_its_object_and_no_other(store: DirectoryStore) -> None:
    parts = urlsplit(store.signed_link(NAME, 60))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "shop.example", f"/objects/{NAME}")
    TOKENS.check_path(parts.path, int(query["expires"]), query["signature"])
    with pytest.raises(BadToken):
        TOKENS.check_path("/objects/other", int(query["expires"]), query["signature"])
    with pytest.raises(BadToken):
        TOKENS.check_path(parts.path, int(query["expires"]) + 1, query["signature"])


def test_files_and_folders_are_for_their_owner_only(store: DirectoryStore, root: Path) -> None:
    store.put_once(NAME, b"x")
    assert stat.S_IMODE((root / NAME).stat().st_mode) == 0o600
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_but_the_object_is_left_behind(store: DirectoryStore, root: Path) -> None:
    store.put_once(NAME, b"x")
    store.put_once(NAME, b"y")
    assert [path for path in root.rglob("*") if path.is_file()] == [root / NAME]


def test_a_link_in_the_folder_leads_nowhere(store: DirectoryStore, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"of another")
    store.put_once("orders/a", b"x")
    (root / "orders" / "b").symlink_to(tmp_path / "secret")
    with pytest.raises(Blocked):
        store.get("orders/b")
    assert store.exists("orders/b") is False
    assert store.put_once("orders/b", b"mine") is False
    assert (tmp_path / "secret").read_bytes() == b"of another"


def test_a_file_that_somebody_blew_up_is_not_read_whole(store: DirectoryStore, root: Path) -> None:
    store.put_once(NAME, b"x")
    with (root / NAME).open("r+b") as file:
        file.truncate(MAX_OBJECT + 1)
    with pytest.raises(Permanent) as caught:
        store.get(NAME)
    assert caught.value.code == "object_too_large"


def test_a_file_in_the_place_of_the_folder_is_a_matter_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "objects").write_bytes(b"")
    store = DirectoryStore(tmp_path / "objects", "http://127.0.0.1", TOKENS.sign_path)
    with pytest.raises(Blocked, match="ENOTDIR"):
        store.put_once(NAME, b"x")
    with pytest.raises(Blocked):
        store.health()


def test_the_directory_store_comes_from_settings(tmp_path: Path) -> None:
    secrets = {"buyer_token_secret": "b" * 32, "admin_token_secret": "a" * 32, "link_secret": "l" * 32}
    settings = Settings.model_validate(secrets | {"store_directory": tmp_path / "o"})
    store = DirectoryStore.from_settings(settings)
    store.put_once("a", b"x")
    assert (tmp_path / "o" / "a").read_bytes() == b"x"
    parts = urlsplit(store.signed_link("a", 60))
    assert parts.netloc == "127.0.0.1:8000"

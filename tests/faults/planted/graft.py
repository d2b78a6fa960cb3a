"""A pytest plugin that plants the bug named by PLANTED_BUG: modules get their changed text as they are imported.

No file is touched. It must be named with `-p`, so that it comes before every module of ours.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from tests.faults.planted.bugs import BUGS, Bug, Change

__all__ = ["VARIABLE", "changed", "plant"]

VARIABLE = "PLANTED_BUG"


def changed(text: str, changes: Sequence[Change]) -> str:
    """Raises ValueError where a change no longer fits the text: then bugs.py must follow the code."""
    for change in changes:
        if text.count(change.old) != 1:
            raise ValueError(f"{change.module} has {text.count(change.old)} places for {change.old!r}")
        text = text.replace(change.old, change.new)
    return text


class _Loader(SourceFileLoader):
    """Compiles the changed text, past any cached bytecode."""

    def __init__(self, name: str, path: str, changes: Sequence[Change]) -> None:
        super().__init__(name, path)
        self._changes = changes

    def get_source(self, fullname: str) -> str:
        return changed(super().get_source(fullname) or "", self._changes)

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = compile(
            self.get_source(fullname), self.get_filename(fullname), "exec", dont_inherit=True
        )
        return code


class _Finder(importlib.machinery.PathFinder):
    """Comes first, and knows the modules of one bug only."""

    def __init__(self, bug: Bug) -> None:
        self._bug = bug

    def find_spec(  # type: ignore[override]  # PathFinder's is a class method
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        changes = [change for change in self._bug.changes if change.module == fullname]
        spec = PathFinder.find_spec(fullname, path, target) if changes else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, changes)
        return spec


def plant(bug: Bug) -> None:
    """From now on imports see the bug. Raises RuntimeError if one of its modules is there already."""
    early = [change.module for change in bug.changes if change.module in sys.modules]
    if early:
        raise RuntimeError(f"too late to plant into {', '.join(early)}")
    sys.meta_path.insert(0, _Finder(bug))


if name := os.environ.get(VARIABLE):
    plant(BUGS[name])

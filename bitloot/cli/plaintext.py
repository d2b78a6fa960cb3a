"""Searches whatever lies at rest for texts that must not be there, in each form that they could hide in."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FORMS", "Finding", "Haystack", "control_text", "forms", "search"]

#: Line breaks that mail (quoted-printable, base64) and others put into long texts.
BREAKS = re.compile(rb"=?\r?\n")

#: Bytes held in memory at a time; pieces overlap by the longest form.
PIECE = 16 << 20


@dataclass(frozen=True)
class Haystack:
    """One place to search: its pieces as they lie there, in any number."""

    name: str
    pieces: Callable[[], Iterable[bytes]]
    folds: bool = True  # whether long texts may be broken into lines here

    @classmethod
    def of_folder(cls, name: str, folder: Path, *, folds: bool = True) -> Haystack:
        """All files below `folder`, their names included."""
        return cls(name, lambda: _files(folder), folds)

    @classmethod
    def of_bytes(cls, name: str, read: Callable[[], bytes]) -> Haystack:
        return cls(name, lambda: [read()])


@dataclass(frozen=True)
class Finding:
    """What one haystack gave. `hits` names the forms in which a needle was found, never the needle."""

    haystack: str
    size: int  # bytes
    hits: tuple[str, ...]
    control: frozenset[str]  # the forms in which the control was found

    @property
    def clean(self) -> bool:
        return not self.hits

    @property
    def works(self) -> bool:
        """Whether the control was found in every form: else a clean result says nothing."""
        return self.control == set(FORMS)


#: Every form that is searched for.
FORMS = ("plain", "base64", "hex", "url-encoded", "reversed")


def forms(text: str) -> dict[str, tuple[bytes, ...]]:
    """`text` as it could be written, by the name of the form; base64 at each of its three alignments."""
    plain = text.encode()
    return {
        "plain": (plain,),
        "base64": tuple(_base64(plain)),
        "hex": (plain.hex().encode(), plain.hex().upper().encode()),
        "url-encoded": tuple("".join(f"%{byte:02{case}}" for byte in plain).encode() for case in "xX"),
        "reversed": (plain[::-1],),
    }


def search(haystacks: Iterable[Haystack], needles: Iterable[str], control: str) -> list[Finding]:
    """Looks in each haystack for every form of every needle, and for the control that was planted there."""
    wanted = [(name, form) for needle in needles for name, many in forms(needle).items() for form in many]
    planted = [(name, form) for name, many in forms(control).items() for form in many]
    return [_search(haystack, wanted, planted) for haystack in haystacks]


def control_text(control: str) -> bytes:
    """What is planted: the control once in every form, a line each."""
    return b"\n".join(many[0] for many in forms(control).values()) + b"\n"


def _search(haystack: Haystack, wanted: list[tuple[str, bytes]], planted: list[tuple[str, bytes]]) -> Finding:
    size, hits, control = 0, set[str](), set[str]()
    for piece in haystack.pieces():
        size += len(piece)
        for view in (piece, BREAKS.sub(b"", piece)) if haystack.folds else (piece,):
            hits |= {name for name, form in wanted if form in view}
            control |= {name for name, form in planted if form in view}
    return Finding(haystack.name, size, tuple(sorted(hits)), frozenset(control))


def _base64(plain: bytes) -> Iterator[bytes]:
    """The middle of the encoding at each alignment: the edges depend on what stands beside it."""
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * shift + plain).rstrip(b"=")
            start = -(-shift * 8 // 6)
            whole = (shift + len(plain)) * 8 // 6
            yield encoded[start:whole]


def _files(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        yield str(path.relative_to(folder)).encode()
        if path.is_file() and not path.is_symlink():
            yield from _read(path)


def _read(path: Path) -> Iterator[bytes]:
    """A file in pieces that overlap, so that nothing hides at a seam; a file that is gone by now holds nothing."""
    try:
        with path.open("rb") as file:
            kept = b""
            while piece := file.read(PIECE):
                yield kept + piece
                kept = piece[-4096:]
    except FileNotFoundError:
        return

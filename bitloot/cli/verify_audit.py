"""`bitloot verify-audit`: whether every access record is as it was written, and none is missing."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

import click

from bitloot.audit import AuditKeys
from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say
from bitloot.errors import Malformed
from bitloot.settings import Settings
from bitloot.stores import open_store
from db.audit import Flaw, Verdict, link_of, verify_anchors, verify_chain

__all__ = ["command"]


@dataclass(frozen=True)
class Known:
    """The end of the chain as somebody kept it, from a line in the log."""

    seq: int
    mac: str


class KnownHead(click.ParamType[Known]):
    name = "seq:mac"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Known:
        match = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", value)
        if match is None:
            self.fail("is not SEQ:MAC, as in a log line", param, ctx)
        return Known(int(match[1]), match[2])


@click.command("verify-audit")
@click.option("--head", type=KnownHead(), help="Where the chain stood once, from a log line: SEQ:MAC.")
@click.option("--no-anchors", is_flag=True, help="Do not ask the store; a cut end is then not seen.")
@as_json_option
def command(head: Known | None, no_anchors: bool, as_json: bool) -> int:
    """Read all access records and name the first that is broken, missing or cut off.

    Exit code 0: the chain is whole; 1: it is not.
    """
    with open_database() as settings:
        keys = AuditKeys.from_settings(settings)
        verdict = verify_chain(keys)
        flaw = verdict.flaw or _cut(head)
        if flaw is None and not no_anchors:
            flaw = _against_store(settings, keys)
    if as_json:
        print_json({"whole": flaw is None, **asdict(verdict), "flaw": asdict(flaw) if flaw else None})
    else:
        _tell(verdict, flaw, anchored=not no_anchors)
    return 0 if flaw is None else 1


def _cut(head: Known | None) -> Flaw | None:
    if head is None or link_of(head.seq) == head.mac:
        return None
    return Flaw("truncated", head.seq, f"record {head.seq} is not the one that the given line knows")


def _against_store(settings: Settings, keys: AuditKeys) -> Flaw | None:
    try:
        return verify_anchors(open_store(settings), keys)
    except Malformed as error:
        return Flaw("truncated", 0, f"{error}, so that nothing shows whether the end was cut off")


def _tell(verdict: Verdict, flaw: Flaw | None, *, anchored: bool) -> None:
    if flaw is not None:
        say(f"{flaw.text[:1].upper()}{flaw.text[1:]}.", mark="✗", style="bold red")
        say(f"{verdict.checked} records before it hold.", mark="·", style="dim")
        return
    where = " and passes through its last anchor" if anchored else "; anchors were not asked"
    say(f"{verdict.checked} records, each bound to the one before; the chain is whole{where}.")

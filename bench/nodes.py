"""What npm lends to the relay's benchmark: Socket.IO doing the same fan-out, and the `ws` client as an ear."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.child import child
from bench.report import Figure, figure

__all__ = ["node_folder", "node_server", "ws_ears"]

SOURCE = Path(__file__).parent / "socketio"

#: npm may take so long (seconds) to fetch its handful of packages.
PATIENCE = 180


def node_folder(work: Path, say: Callable[[str], None]) -> Path | None:
    """The scripts of bench/socketio beside what they need, below `work`. None, and said, where that cannot be had."""
    npm, folder = shutil.which("npm"), work / "socketio"
    if npm is None or shutil.which("node") is None:
        say("left out: Socket.IO and the npm `ws` client need Node and npm")
        return None
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=PATIENCE)
    except (subprocess.SubprocessError, OSError) as error:
        say(f"left out: Socket.IO and the npm `ws` client, since npm install failed ({type(error).__name__})")
        return None
    return folder


def node_server(folder: Path, port: int) -> list[str]:
    """The command that serves Socket.IO."""
    return [shutil.which("node") or "node", str(folder / "server.mjs"), str(port)]


def ws_ears(
    folder: Path, port: int, tokens: Sequence[str], pay: Callable[[], None], log: Path
) -> list[Figure]:
    """`ws` clients that each hear their order's event, are cut, come back with a cursor, and hear it again."""
    argv = [shutil.which("node") or "node", str(folder / "ears.mjs")]
    with child(argv, {}, log) as ears:
        told = ears.ask(url=f"ws://127.0.0.1:{port}/fulfillment", tokens=list(tokens))
        pay()
        told |= ears.hear()
        told |= ears.hear()
    wanted = {"subscribed": len(tokens), "heard": len(tokens), "recovered": len(tokens), "same": len(tokens)}
    if {name: told[name] for name in wanted} != wanted:
        raise RuntimeError(f"npm's ws heard otherwise: {json.dumps(told)[:500]}")
    late = sorted(told["late"])
    return [
        figure(
            f"relay: commit to client, {len(tokens)} npm ws clients, p99", "ms", [late[len(late) * 99 // 100]]
        )
    ]

"""Programs that some tests need and no wheel brings. Where one is missing, those tests are left out, and it is said."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

__all__ = ["CHROMIUM", "CHROMIUM_FLAGS", "NODE", "TYPESCRIPT", "left_out"]


def _node() -> str | None:
    """Node with a WebSocket of its own: since 22, before that behind a flag."""
    found = shutil.which("node")
    asked = ["--experimental-websocket", "-p", "typeof WebSocket"]
    if found and subprocess.run([found, *asked], capture_output=True, text=True).stdout.strip() == "function":
        return found
    return None


CLIENT = Path(__file__).parent.parent / "docs" / "clients" / "typescript"

NODE = _node()
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

#: Quiet, fit for a root user in a container, and with few processes: each that it starts costs half a second.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-site-isolation-trials",
    "--renderer-process-limit=1",
    "--disable-breakpad",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: Whether what the TypeScript client is built with lies beside it.
TYPESCRIPT = bool(NODE) and (CLIENT / "node_modules" / ".bin" / "tsc").exists()


def left_out() -> list[str]:
    """What cannot be run here, a line each. `.ci/run` accepts none about the browser."""
    lines = [] if CHROMIUM else ["left out: tests/browser needs Chromium (Debian: apt-get install chromium)"]
    if not (NODE and CHROMIUM):
        lines.append(
            "left out: tests/web/test_live_js.py and test_docs_page.py need Chromium, and Node 20 or newer"
        )
    if not TYPESCRIPT:
        lines.append(
            "left out: the TypeScript client, in tests/flows/test_clients.py, needs `make clients` (npm)"
        )
    if not NODE:
        lines.append("left out: tests/web/test_unseal_js.py needs Node 20 or newer")
    return lines

"""A process of ours that takes a row and says so, and then does nothing: `python -m tests.faults.holder ORDER`.

It is configured as any other; whoever started it makes it vanish.
"""

from __future__ import annotations

import sys
import threading

from bitloot.settings import load_settings
from db import base

__all__: list[str] = []


def main() -> None:
    base.configure(load_settings(), application="bitloot holder")
    with base.scope(), base.transaction():
        base.rows("UPDATE orders SET email = email WHERE id = %s RETURNING 1", sys.argv[1])
        [(backend,)] = base.rows("SELECT pg_backend_pid()")
        print(backend, flush=True)  # the word that it holds the row
        threading.Event().wait()


if __name__ == "__main__":
    main()

"""The library alone, as the relay's measure: `python -m bench.broadcaster PORT [deflate]`.

Each line `COUNT SIZE` on standard input is COUNT broadcasts of a text of SIZE bytes to everybody.
"""

from __future__ import annotations

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve

__all__ = ["main"]


async def _serve(port: int, compression: str | None) -> None:
    clients: set[ServerConnection] = set()

    async def sit(connection: ServerConnection) -> None:
        clients.add(connection)
        await connection.send("welcome")
        await connection.wait_closed()
        clients.discard(connection)

    loop = asyncio.get_running_loop()
    async with serve(sit, "127.0.0.1", port, compression=compression, ping_interval=None, max_queue=2):
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            count, size = map(int, line.split())
            text = "event" + "x" * (size - 5)
            for _ in range(count):
                broadcast(clients, text)
                await asyncio.sleep(0)


def main() -> None:
    asyncio.run(_serve(int(sys.argv[1]), "deflate" if sys.argv[2:] == ["deflate"] else None))


if __name__ == "__main__":
    main()

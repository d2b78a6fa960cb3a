"""Thousands of WebSocket clients in one process: they say what they are told, count what they hear, and time it.

`python -m bench.listeners PORT PATH`; a JSON command a line on standard input, an answer a line on standard output.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import struct
import sys
import time
from datetime import datetime
from typing import Any

from websockets.frames import Frame, Opcode

__all__ = ["Listener", "main"]

#: Handshakes under way at once.
AT_ONCE = 200


class Crowd:
    """What all clients have heard."""

    def __init__(self) -> None:
        self.heard = 0
        self.awaited = 0
        self.marker = b""
        self.latencies: list[float] | None = None
        self.done = asyncio.Event()

    def expect(self, count: int, marker: bytes, *, timed: bool = False) -> None:
        """Wakes when `count` messages with `marker` in them have come."""
        self.heard, self.awaited, self.marker = 0, count, marker
        self.latencies = [] if timed else None
        self.done.clear()

    def hear(self, text: bytes) -> None:
        if self.marker not in text:
            return
        self.heard += 1
        if self.latencies is not None:
            at = datetime.fromisoformat(json.loads(text)["at"]).timestamp()
            self.latencies.append(time.time() - at)
        if self.heard == self.awaited:
            self.done.set()


class Listener(asyncio.Protocol):
    """One client; says `messages` after the handshake."""

    def __init__(self, crowd: Crowd, head: bytes, messages: list[Any]) -> None:
        self._crowd = crowd
        self._head = head
        self._messages = messages
        self._buffer = bytearray()
        self._open = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._head)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(RuntimeError(head.decode("latin-1").splitlines()[0]))
                return
            self._open, self._buffer = True, bytearray(rest)
            for message in self._messages:
                text = message if isinstance(message, str) else json.dumps(message)
                self._send(Opcode.TEXT, text.encode())
            self.opened.set_result(None)
        self._frames()

    def _frames(self) -> None:
        buffer = self._buffer
        while len(buffer) >= 2:
            size, start = buffer[1] & 127, 2
            if size == 126:
                size, start = struct.unpack_from(">H", buffer, 2)[0] if len(buffer) >= 4 else 1 << 62, 4
            elif size == 127:
                size, start = struct.unpack_from(">Q", buffer, 2)[0] if len(buffer) >= 10 else 1 << 62, 10
            if len(buffer) < start + size:
                return
            opcode, payload = buffer[0] & 15, bytes(buffer[start : start + size])
            del buffer[: start + size]
            if opcode == Opcode.PING:
                self._send(Opcode.PONG, payload)
            elif opcode == Opcode.TEXT:
                self._crowd.hear(payload)

    def _send(self, opcode: Opcode, payload: bytes) -> None:
        self.transport.write(Frame(opcode, payload).serialize(mask=True))


async def _connect(crowd: Crowd, port: int, path: str, command: dict[str, Any]) -> list[Listener]:
    """A client for each list of messages in `command["say"]`, `command["times"]` times over. `room`: bytes that the
    kernel keeps for a client that does not read."""
    key = base64.b64encode(os.urandom(16)).decode()
    extra = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if command.get("deflate") else ""
    head = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{extra}\r\n"
    ).encode()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(messages: list[Any]) -> Listener:
        async with gate:
            plug = socket.socket()
            if room := command.get("room"):
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
            plug.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(plug, ("127.0.0.1", port))
            _, client = await loop.create_connection(lambda: Listener(crowd, head, messages), sock=plug)
            await client.opened
            return client

    wanted = command["say"] * command.get("times", 1)
    return list(await asyncio.gather(*map(one, wanted)))


async def _obey(port: int, path: str) -> None:
    crowd, clients = Crowd(), list[Listener]()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        began = time.time()
        if "say" in command:
            crowd.expect(len(command["say"]) * command.get("times", 1), command["until"].encode())
            clients += await _connect(crowd, port, path, command)
            if command["until"]:
                await crowd.done.wait()
            answer: dict[str, Any] = {"seconds": time.time() - began}
        elif "expect" in command:
            crowd.expect(command["expect"], command["until"].encode(), timed=command.get("timed", False))
            print("{}", flush=True)
            await crowd.done.wait()
            answer = {"last": time.time(), "latencies": crowd.latencies}
        elif "stall" in command:
            for client in clients:
                client.transport.pause_reading()
            answer = {}
        else:
            for client in clients:
                client.transport.abort()
            clients.clear()
            answer = {}
        print(json.dumps(answer), flush=True)


def main() -> None:
    asyncio.run(_obey(int(sys.argv[1]), sys.argv[2]))


if __name__ == "__main__":
    main()

"""Sends prepared HTTP requests over kept-alive connections and times each answer. One asyncio thread, raw bytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Run", "post_all", "request"]


@dataclass(frozen=True)
class Run:
    """What one run measured; latencies in seconds, sorted."""

    seconds: float
    latencies: list[float]
    statuses: dict[int, int]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """E.g. 0.99; seconds."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


def request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A whole POST as bytes."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def post_all(port: int, requests: Sequence[bytes], *, connections: int) -> Run:
    """Sends every request once over `connections` connections, each waiting for its answer."""
    return asyncio.run(_post_all(port, requests, connections))


async def _post_all(port: int, requests: Sequence[bytes], connections: int) -> Run:
    waiting = iter(requests)
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    began = time.perf_counter()
    await asyncio.gather(*(_connection(port, waiting, latencies, statuses) for _ in range(connections)))
    return Run(time.perf_counter() - began, sorted(latencies), statuses)


async def _connection(port: int, waiting: object, latencies: list[float], statuses: dict[int, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for data in waiting:  # type: ignore[attr-defined]  # one iterator that all connections share
        sent = time.perf_counter()
        writer.write(data)
        status, close = await _answer(reader)
        latencies.append(time.perf_counter() - sent)
        statuses[status] = statuses.get(status, 0) + 1
        if close:
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """(status, whether the server closes); bodies by Content-Length or chunks."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length:")[2].split("\r\n")[0].strip()
    if length:
        await reader.readexactly(int(length))
    elif "transfer-encoding: chunked" in head:
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(head.split(" ", 2)[1]), "connection: close" in head

"""Sends prepared HTTP requests over kept-alive connections and times each answer. One asyncio thread, raw bytes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Run", "post_all", "request"]


@dataclass(frozen=True)
class Run:
    """What one run measured; latencies in seconds, sorted. `answers`: the status of each request, in their order."""

    seconds: float
    latencies: list[float]
    answers: list[int]

    @property
    def statuses(self) -> dict[int, int]:
        """How many answers of each status."""
        return dict(Counter(self.answers))

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


def post_all(
    port: int, requests: Sequence[bytes], *, connections: int, per_second: float | None = None
) -> Run:
    """Sends every request once over `connections` connections, each waiting for its answer.

    With `per_second` each request has its moment, and its latency counts from there: if all connections wait, the
    request waits too, as a sender's would.
    """
    return asyncio.run(_post_all(port, requests, connections, per_second))


async def _post_all(port: int, requests: Sequence[bytes], connections: int, per_second: float | None) -> Run:
    waiting = iter(enumerate(requests))
    latencies: list[float] = []
    answers = [0] * len(requests)
    began = time.perf_counter()
    pause = 1 / per_second if per_second else 0.0

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number, data in waiting:  # one iterator that all connections share
            sent = time.perf_counter()
            if pause:
                await asyncio.sleep(began + number * pause - sent)
                sent = began + number * pause
            writer.write(data)
            answers[number], close = await _answer(reader)
            latencies.append(time.perf_counter() - sent)
            if close:
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return Run(time.perf_counter() - began, sorted(latencies), answers)


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

"""A fast stand-in for the one call that the money gate makes: `GET /v1/payment/{id}`, always finished and fitting.

The peers' stubs have no gateway, since the peer does not ask one. `python -m bench.gateway_stub PORT`.
"""

from __future__ import annotations

import asyncio
import sys

__all__ = ["PAY_AMOUNT", "PRICE", "answer_for"]

PRICE = "19.99"
PAY_AMOUNT = "0.00051"


def answer_for(payment_id: str, order_id: str) -> bytes:
    """The documented fields of a read that the gate looks at (PROVIDERS.md §3.2)."""
    return (
        f'{{"payment_id":{payment_id},"payment_status":"finished","order_id":"{order_id}","price_amount":{PRICE},'
        f'"price_currency":"usd","pay_amount":{PAY_AMOUNT},"actually_paid":{PAY_AMOUNT},"pay_currency":"btc"}}'
    ).encode()


class _Gateway(asyncio.Protocol):
    """Order ids are told once by `PUT /v1/payment/{id}` with the order id as body, so that nothing is shared."""

    orders: dict[str, str] = {}  # noqa: RUF012  # one process, one table

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end].decode("latin-1")
            size = int(head.lower().partition("content-length:")[2].split("\r\n")[0] or 0)
            if len(self._waiting) < end + 4 + size:
                return
            body, self._waiting = self._waiting[end + 4 : end + 4 + size], self._waiting[end + 4 + size :]
            self._reply(head, body)

    def _reply(self, head: str, body: bytes) -> None:
        method, path, _ = head.split(" ", 2)
        payment_id = path.rsplit("/", 1)[1]
        if method == "PUT":
            pairs = (pair.split(" ") for pair in body.decode().splitlines())
            self.orders.update((payment, order) for payment, order in pairs)
        answer = answer_for(payment_id, self.orders.get(payment_id, "")) if method == "GET" else b"{}"
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            + str(len(answer)).encode()
            + b"\r\n\r\n"
            + answer
        )


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Gateway, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))

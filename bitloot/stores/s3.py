"""Sealed keys in Cloudflare R2, or in anything else that speaks S3 (PROVIDERS.md §5)."""

from __future__ import annotations

import base64
import hashlib
import random
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from pydantic import SecretStr

from bitloot.attempt import Attempt, attempted
from bitloot.channel import FAILURES, Channel, Reply
from bitloot.errors import Retryable
from bitloot.fetch import Gate
from bitloot.passage import passing
from bitloot.stores.names import MAX_OBJECT, check_name, check_size, clamp_seconds
from bitloot.stores.s3_errors import answered, unanswered
from bitloot.stores.s3_signature import S3Signature

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["S3Store"]

#: Seconds that one exchange may take, however slowly its body drips.
DEADLINE = 30.0

#: How often one call is tried. Repeating is safe here: reads, deletes and a put that creates once.
TRIES = 4

#: The pause (seconds) before try n + 1 is drawn from 0 to this times 2ⁿ: a worker's thread waits for it.
PAUSE = 0.1

#: After these a repeat at once may help; after a lost race (`conflict`) only a later one.
REPEATED = frozenset({"store_unreachable", "store_busy", "rate_limited"})

#: A put that creates: refused where the name is taken.
CREATE = {"If-None-Match": "*"}


class S3Store:
    """Objects in one bucket. Safe to share between threads, and across a fork.

    botocore signs; the exchange is ours. Its whole client took 2.7 ms of processor time for a call that takes 0.4,
    and each key is one put and one get.
    """

    name = "s3"

    def __init__(
        self,
        *,
        endpoint_url: str,
        bucket: str,
        access_key_id: str,
        secret: SecretStr,
        region: str = "auto",
        gate: Gate | None = None,
    ) -> None:
        self._url = f"{endpoint_url.rstrip('/')}/{bucket}/"
        self._signature = S3Signature(access_key_id, secret, region)
        self._channel = Channel(self._url, connect_timeout=5, read_timeout=20, max_bytes=MAX_OBJECT)
        self._gate = gate

    @classmethod
    def from_settings(cls, settings: Settings, gate: Gate | None = None) -> Self:
        return cls(
            endpoint_url=settings.s3_endpoint_url,
            bucket=settings.s3_bucket,
            access_key_id=settings.s3_access_key_id,
            secret=settings.s3_secret_access_key,
            region=settings.s3_region,
            gate=gate,
        )

    def put_once(self, name: str, data: bytes) -> bool:
        check_name(name)
        check_size(len(data))
        with passing("s3", self._gate, "PUT"):
            reply, tries = self._put(name, data)
        if _is_good(reply):
            return True
        return self._stored_by_an_earlier_try(name, data, reply.status, tries)

    def get(self, name: str) -> bytes:
        with passing("s3", self._gate, "GET"):
            return self._ask("GetObject", "GET", check_name(name))[0].body

    def exists(self, name: str) -> bool:
        """HEAD has no body: a missing bucket answers 404 as well, and only `health` tells the two apart."""
        with passing("s3", self._gate, "GET"):
            return _is_good(self._ask("HeadObject", "HEAD", check_name(name), taken=(404,))[0])

    def delete(self, name: str) -> None:
        with passing("s3", self._gate, "DELETE"):
            self._ask("DeleteObject", "DELETE", check_name(name))

    def signed_link(self, name: str, seconds: int) -> str:
        """Made locally, without asking. Any life could be signed (PROVIDERS.md §5), so it is clamped here."""
        return self._signature.link(self._url + check_name(name), clamp_seconds(seconds))

    def health(self) -> None:
        """Beside the gate: whoever asks how we are, and anybody may, must not shut it for those who read their keys."""
        # A fresh name each time: R2 takes one write a second for each name (PROVIDERS.md §5).
        probe = f"health/{secrets.token_hex(8)}"
        self._put(probe, b"")
        self._ask("DeleteObject", "DELETE", probe)

    def _put(self, name: str, data: bytes) -> tuple[Reply, int]:
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        headers = {
            **CREATE,
            "Content-MD5": base64.b64encode(digest).decode(),
            "Content-Type": "application/octet-stream",
            "Content-Length": str(len(data)),
        }
        return self._ask("PutObject", "PUT", name, data, headers, taken=(409, 412))

    def _stored_by_an_earlier_try(self, name: str, data: bytes, status: int, tries: int) -> bool:
        """The name is taken. By us, if the put had to be repeated after a lost answer and our very bytes lie there."""
        if status == 409 and not self.exists(name):
            # Two puts met, and neither is seen to have won yet.
            raise Retryable("store: another write to this object is under way", code="conflict")
        return tries > 1 and self.get(name) == data

    def _ask(
        self,
        operation: str,
        method: str,
        name: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        taken: tuple[int, ...] = (),
    ) -> tuple[Reply, int]:
        """A good answer, or one of the statuses `taken`, and at which try it came. Raises errors of ours."""
        number = 1
        while True:
            try:
                return self._try(operation, method, name, data, headers or {}, taken), number
            except Retryable as error:
                if number == TRIES or error.code not in REPEATED:
                    raise
            time.sleep(random.random() * PAUSE * 2**number)  # noqa: S311
            number += 1

    def _try(
        self,
        operation: str,
        method: str,
        name: str,
        data: bytes | None,
        headers: Mapping[str, str],
        taken: tuple[int, ...],
    ) -> Reply:
        attempt = Attempt(DEADLINE)
        try:
            with attempted(attempt):
                reply = self._exchange(operation, method, name, data, headers)
        except FAILURES as error:
            failure = unanswered(error, over=attempt.over)
        else:
            if _is_good(reply) or reply.status in taken:
                return reply
            failure = answered(operation, reply.status, reply.body)
        raise failure  # outside `except`: the library's errors quote addresses, and must not travel along

    def _exchange(
        self, operation: str, method: str, name: str, data: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        """`operation` is S3's word for it. Raises one of FAILURES."""
        self._channel.place()  # what is no address cannot be signed for
        signed = self._signature.sign(method, self._url + name, data, headers)
        return self._channel.exchange(method, name, signed, data, fresh=False)


def _is_good(reply: Reply) -> bool:
    return 200 <= reply.status < 300

"""Sealed keys in Cloudflare R2, or in anything else that speaks S3 (PROVIDERS.md §5)."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Self

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import SecretStr

from bitloot.errors import Retryable
from bitloot.fetch import Gate
from bitloot.passage import passing
from bitloot.stores.names import check_name, check_size, clamp_seconds
from bitloot.stores.s3_errors import s3_errors, status_of

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["S3Store"]

#: Seconds that reading one object's body may take, however slowly it drips.
READ_DEADLINE = 30

_CHUNK = 16 * 1024

# Without `when_required` boto3 sends chunked bodies with a checksum trailer, which R2 refuses (PROVIDERS.md §5).
# Repeating is safe here: reads, deletes and a put that creates once. botocore reads `max_attempts` as three
# repeats after the first attempt.
_CONFIG = Config(
    signature_version="s3v4",
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    s3={"addressing_style": "path"},
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "max_attempts": 3},
)


class S3Store:
    """Objects in one bucket. Safe to share between threads, and across a fork."""

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
        self._bucket = bucket
        self._gate = gate
        self._access = {
            "endpoint_url": endpoint_url,
            "aws_access_key_id": access_key_id,
            "region_name": region,
        }
        self._secret = secret
        self._clients: dict[int, Any] = {}
        self._locks: dict[int, threading.Lock] = {}

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
        check_size(len(data))
        digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        with self._call("PUT"):
            try:
                self._client().put_object(
                    **self._at(name),
                    Body=data,
                    ContentMD5=digest,
                    ContentType="application/octet-stream",
                    IfNoneMatch="*",
                )
                return True
            except ClientError as error:
                if status_of(error) not in (409, 412):
                    raise
                refusal = error
        return self._stored_by_an_earlier_attempt(name, data, refusal)

    def get(self, name: str) -> bytes:
        with self._call("GET"):
            found = self._client().get_object(**self._at(name))
            with closing(found["Body"]) as body:  # else a refused one would hold its connection
                check_size(found["ContentLength"])
                return _read(body)

    def exists(self, name: str) -> bool:
        with self._call("GET"):
            try:
                self._client().head_object(**self._at(name))
            except ClientError as error:
                # HEAD has no body: a missing bucket answers 404 as well, and only `health` tells the two apart.
                if status_of(error) == 404:
                    return False
                raise
        return True

    def delete(self, name: str) -> None:
        with self._call("DELETE"):
            self._client().delete_object(**self._at(name))

    def signed_link(self, name: str, seconds: int) -> str:
        """Made locally, without asking. boto3 would sign any life (PROVIDERS.md §5), so it is clamped here."""
        with s3_errors():
            link: str = self._client().generate_presigned_url(
                "get_object", Params=self._at(name), ExpiresIn=clamp_seconds(seconds)
            )
        return link

    def health(self) -> None:
        """Beside the gate: whoever asks how we are, and anybody may, must not shut it for those who read their keys."""
        # A fresh name each time: R2 takes one write a second for each name (PROVIDERS.md §5).
        probe = self._at(f"health/{secrets.token_hex(8)}")
        with s3_errors():
            self._client().put_object(**probe, Body=b"", IfNoneMatch="*")
            self._client().delete_object(**probe)

    def _stored_by_an_earlier_attempt(self, name: str, data: bytes, error: ClientError) -> bool:
        """The name is taken. By us, if boto3 had to repeat the put after a lost answer and our very bytes lie there."""
        if status_of(error) == 409 and not self.exists(name):
            # Two puts met, and neither is seen to have won yet.
            raise Retryable("store: another write to this object is under way", code="conflict") from None
        repeated = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
        return repeated and self.get(name) == data

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        """Through the gate, and out with errors of ours."""
        with passing("s3", self._gate, method), s3_errors():
            yield

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": check_name(name)}

    def _client(self) -> Any:
        """This process's client: sockets must not be shared across a fork, and a session is not thread-safe."""
        pid = os.getpid()
        # A lock for each process: one that another thread held during a fork would stay locked in the child.
        with self._locks.setdefault(pid, threading.Lock()):
            if pid not in self._clients:
                self._clients[pid] = Session().client(
                    "s3",
                    **self._access,
                    aws_secret_access_key=self._secret.get_secret_value(),
                    config=_CONFIG,
                )
            return self._clients[pid]


def _read(body: Any) -> bytes:
    """A body within the size cap and the deadline. Raises Permanent or Retryable."""
    data, deadline = bytearray(), time.monotonic() + READ_DEADLINE
    try:
        while piece := body.read(_CHUNK):
            data += piece
            check_size(len(data))
            if time.monotonic() > deadline:
                raise Retryable("store: the object came too slowly", code="deadline")
    finally:
        body.close()
    return bytes(data)

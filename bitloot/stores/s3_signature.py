"""Signature version 4: headers are signed here, links by botocore."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import SplitResult, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from pydantic import SecretStr

__all__ = ["S3Signature"]

ALGORITHM = "AWS4-HMAC-SHA256"


class S3Signature:
    """Signs for one account and region; asks nobody."""

    def __init__(self, access_key_id: str, secret: SecretStr, region: str) -> None:
        self._access_key_id = access_key_id
        self._secret = secret
        self._region = region

    def sign(self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers with those of the signature, which covers all of them, the host and `data`.

        As botocore's S3SigV4Auth, which takes ten times as long for it: each key is one put and one get. No checksum
        trailer and no chunks: R2 refuses them (PROVIDERS.md §5). Raises ValueError for an address with a query.
        """
        at, digest, parts = f"{_now():%Y%m%dT%H%M%SZ}", sha256(data or b"").hexdigest(), urlsplit(url)
        if parts.query:
            raise ValueError("only a path is signed")
        told = {**headers, "X-Amz-Date": at, "X-Amz-Content-SHA256": digest}
        covered = {name.lower(): " ".join(value.split()) for name, value in told.items()}
        covered["host"] = _host(parts)
        names = sorted(covered)
        lines = [f"{name}:{covered[name]}" for name in names]
        request = "\n".join([method, parts.path, "", *lines, "", ";".join(names), digest])
        scope = f"{at[:8]}/{self._region}/s3/aws4_request"
        text = "\n".join([ALGORITHM, at, scope, sha256(request.encode()).hexdigest()])
        signature = _keyed(self._key(at[:8]), text).hex()
        signed = f"SignedHeaders={';'.join(names)}, Signature={signature}"
        return {**told, "Authorization": f"{ALGORITHM} Credential={self._access_key_id}/{scope}, {signed}"}

    def link(self, url: str, seconds: int) -> str:
        """`url` as whoever holds it may GET it, for so long."""
        request = AWSRequest(method="GET", url=url)
        credentials = Credentials(self._access_key_id, self._secret.get_secret_value())
        S3SigV4QueryAuth(credentials, "s3", self._region, expires=seconds).add_auth(request)
        return str(request.url)

    def _key(self, day: str) -> bytes:
        """Made for each call, so that it lies open nowhere, as the secret does not."""
        key = f"AWS4{self._secret.get_secret_value()}".encode()
        for part in (day, self._region, "s3", "aws4_request"):
            key = _keyed(key, part)
        return key


def _host(parts: SplitResult) -> str:
    """What http.client says in the Host header."""
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return shown if parts.port in (None, usual) else f"{shown}:{parts.port}"


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _now() -> datetime:
    return datetime.now(UTC)

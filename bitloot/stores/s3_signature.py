"""Signature version 4, made by botocore without its client."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from pydantic import SecretStr

__all__ = ["S3Signature"]


class S3Signature:
    """Signs for one account and region; asks nobody."""

    def __init__(self, access_key_id: str, secret: SecretStr, region: str) -> None:
        self._access_key_id = access_key_id
        self._secret = secret
        self._region = region

    def sign(self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers with those of the signature, which covers `data` too.

        No checksum trailer and no chunks: R2 refuses them (PROVIDERS.md §5).
        """
        request = AWSRequest(method=method, url=url, data=data or b"", headers=dict(headers))
        S3SigV4Auth(self._credentials(), "s3", self._region).add_auth(request)
        return dict(request.headers)

    def link(self, url: str, seconds: int) -> str:
        """`url` as whoever holds it may GET it, for so long."""
        request = AWSRequest(method="GET", url=url)
        S3SigV4QueryAuth(self._credentials(), "s3", self._region, expires=seconds).add_auth(request)
        return str(request.url)

    def _credentials(self) -> Credentials:
        """Made for each call, so that the secret lies open nowhere."""
        return Credentials(self._access_key_id, self._secret.get_secret_value())

"""S3 stores as the tests open them."""

from __future__ import annotations

import boto3
from pydantic import SecretStr

from bitloot.fetch import Gate
from bitloot.stores.s3 import S3Store

__all__ = ["SECRET", "SESSION", "opened"]

SESSION = boto3.session.Session()
SECRET = "an-s3-secret-that-must-not-show"


def opened(url: str, bucket: str = "bucket", gate: Gate | None = None) -> S3Store:
    return S3Store(endpoint_url=url, bucket=bucket, access_key_id="AKID", secret=SecretStr(SECRET), gate=gate)

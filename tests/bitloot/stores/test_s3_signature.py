"""Signatures that botocore's own client would make too."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from pydantic import SecretStr

from bitloot.stores.s3_signature import S3Signature
from tests.bitloot.stores.opened_s3 import SECRET, SESSION

URL = "https://account.example.test/bucket/orders/o/k.sealed"


class _Nothing:
    """The body of an empty answer."""

    def stream(self) -> list[bytes]:
        return []


def _sent_by_boto(body: bytes, digest: str) -> dict[str, str]:
    """The headers that boto3 would send for the same put."""
    client = SESSION.client(
        "s3",
        endpoint_url="https://account.example.test",
        region_name="auto",
        aws_access_key_id="AKID",
        aws_secret_access_key=SECRET,
        config=Config(
            s3={"addressing_style": "path", "payload_signing_enabled": True},
            request_checksum_calculation="when_required",
        ),
    )
    sent: list[AWSPreparedRequest] = []

    def take(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, {}, _Nothing())

    client.meta.events.register("before-send.s3.PutObject", take)
    put = {"Bucket": "bucket", "Key": "orders/o/k.sealed", "Body": body, "ContentMD5": digest}
    client.put_object(**put, ContentType="application/octet-stream", IfNoneMatch="*")
    assert sent[0].url == URL
    texts = {
        name: value.decode() if isinstance(value, bytes) else value for name, value in sent[0].headers.items()
    }
    return {name.lower(): value for name, value in texts.items()}


def test_a_put_is_signed_as_boto3_signs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "botocore.auth.get_current_datetime", lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    )
    body = b"sealed"
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    theirs = _sent_by_boto(body, digest)
    said = theirs["authorization"]
    names = said.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    covered = {name: theirs[name] for name in names if name in theirs}  # the host is not among them yet
    signed = S3Signature("AKID", SecretStr(SECRET), "auto").sign("PUT", URL, body, covered)
    assert signed["Authorization"] == said
    assert theirs["x-amz-content-sha256"] == hashlib.sha256(body).hexdigest()


def test_a_link_says_how_long_it_lives_and_who_signed_it() -> None:
    link = S3Signature("AKID", SecretStr(SECRET), "auto").link(URL, 60)
    assert link.startswith(URL + "?")
    assert "X-Amz-Expires=60" in link
    assert SECRET not in link

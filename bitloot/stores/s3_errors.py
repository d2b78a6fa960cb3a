"""What a failure of S3 means: botocore's errors sorted by what happens next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    SSLError,
)

from bitloot.errors import BitLootError, Blocked, Permanent, Retryable

__all__ = ["s3_errors", "status_of"]

_PASSES = (ConnectionError, HTTPClientError, IncompleteReadError)


@contextmanager
def s3_errors() -> Iterator[None]:
    """Raises Retryable, Blocked or Permanent for botocore's errors. Texts hold codes, never addresses or keys."""
    failure: BitLootError
    try:
        yield
    except ClientError as error:
        failure = _answered(error)
    except BotoCoreError as error:
        failure = _unanswered(error)
    except ValueError as error:
        # botocore says so when the endpoint is no URL.
        failure = Blocked(
            f"store: cannot be used as configured ({type(error).__name__})", code="store_settings"
        )
    else:
        return
    raise failure  # outside `except`: botocore's errors quote addresses, and must not travel along


def status_of(error: ClientError) -> int:
    """The HTTP status behind the error; 0 if there was none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _answered(error: ClientError) -> BitLootError:
    status, name = (
        status_of(error),
        re.sub(r"[^A-Za-z0-9]", "", str(error.response["Error"].get("Code", "")))[:60],
    )
    text = f"store: {error.operation_name} was answered {status} {name}"
    if name == "NoSuchBucket":
        return Blocked(text, code="bucket_missing")
    if name == "NoSuchKey" or status == 404:
        return Permanent("store: no such object", code="object_missing")
    if status in (401, 402, 403):
        return Blocked(text, code="store_denied")
    if status in (408, 409, 429) or status >= 500 or name in ("RequestTimeout", "SlowDown"):
        return Retryable(text, code="rate_limited" if status == 429 or name == "SlowDown" else "store_busy")
    return Permanent(text, code="store_refused")


def _unanswered(error: BotoCoreError) -> BitLootError:
    text = f"store: no answer ({type(error).__name__})"
    if isinstance(error, SSLError):
        return Blocked(text, code="store_tls")
    if isinstance(error, _PASSES):
        return Retryable(text, code="store_unreachable")
    return Blocked(f"store: cannot be used as configured ({type(error).__name__})", code="store_settings")

"""moto's S3 on 127.0.0.1, made to create once for real."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

__all__ = ["Application", "moto_s3"]

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@contextmanager
def moto_s3(
    bucket: str, around: Callable[[Application], Application] = lambda application: application
) -> Iterator[str]:
    """The server's address, with an empty bucket. `around` may stand between it and whoever asks."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        assert server._server is not None
        server._server.app = around(_one_at_a_time(server._server.app))
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        client = boto3.session.Session().client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="moto",
            aws_secret_access_key="moto",
        )
        client.create_bucket(Bucket=bucket)
        yield url
    finally:
        server.stop()


def _one_at_a_time(application: Application) -> Application:
    """S3 and R2 decide on `If-None-Match: *` atomically. moto 5.2.5 looks first and writes later, so that of twenty
    writers two may pass and one of them gets a 500; behind this lock it keeps the promise that it stands in for."""
    lock = Lock()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with lock:
            return application(environ, start_response)

    return serve

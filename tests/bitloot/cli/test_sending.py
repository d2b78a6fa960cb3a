"""A command sends to the queue of its settings, or to none."""

from __future__ import annotations

import pytest

from actors.broker import broker
from bitloot.cli.sending import connect_queue, open_workshop
from bitloot.errors import UnsafeSettings
from bitloot.settings import load_settings


def test_the_queue_is_that_of_the_settings(in_environ: dict[str, str]) -> None:
    with open_workshop("test") as settings:
        assert settings.broker == in_environ["REDIS_URL"]
        assert getattr(broker, "namespace", None) == in_environ["QUEUE_NAMESPACE"]


def test_without_a_queue_nothing_is_sent_to_whoever_runs_here(in_environ: dict[str, str]) -> None:
    with pytest.raises(UnsafeSettings, match="REDIS_URL is missing"):
        connect_queue(load_settings({**in_environ, "REDIS_URL": ""}, check=False))

"""The figures fit together."""

from __future__ import annotations

from web import limits


def test_a_notice_is_answered_within_3_seconds() -> None:
    assert limits.NOTICE_SECONDS < 3 < limits.DATABASE_SECONDS


def test_the_head_comes_before_the_body() -> None:
    assert limits.HEAD_SECONDS < limits.REQUEST_SECONDS


def test_a_body_in_one_byte_chunks_still_fits() -> None:
    assert limits.MAX_BODY * len(b"1\r\nx\r\n") < limits.MAX_FRAMED


def test_small_requests_on_every_connection_take_less_than_all_that_may_be_held() -> None:
    """Else the bound would not be one: small ones are kept even beyond it."""
    connections = 2_000  # gunicorn.conf.py
    assert connections * limits.SMALL < limits.MAX_HELD
    assert limits.MAX_HELD // connections > limits.MAX_HEAD  # heads alone turn nobody away

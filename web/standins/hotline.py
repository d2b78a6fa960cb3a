"""A word to stand-ins that run already, by their control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests

__all__ = ["add_faults"]

_SECONDS = 5.0


def add_faults(port: int, faults: Sequence[Mapping[str, Any]]) -> bool:
    """Whether somebody on this port of this machine took them for its plan."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                f"http://127.0.0.1:{port}/control/faults", json=list(faults), timeout=_SECONDS
            )
        except requests.RequestException:
            return False
    return answer.status_code == 201

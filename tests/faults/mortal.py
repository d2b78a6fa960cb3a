"""The workers' module with a death in it: now and then a process dies by SIGKILL with a key in its hands.

`dramatiq tests.faults.mortal` dies between the fetch of keys and their seal, with the chance and the seed that
FAULTS_DEATHS names (`<share> <seed> <file>`); each death is first written down in the file.
"""

from __future__ import annotations

import os
import random
import signal
from typing import Any

from actors import broker, encrypt_store

__all__ = ["DEATHS", "MORTAL", "broker"]

DEATHS, MORTAL = "FAULTS_DEATHS", "tests.faults.mortal"


def _plant(share: float, seed: int, path: str) -> None:
    module: Any = encrypt_store
    seal, chance = module._seal_and_put, random.Random(seed * 1_000_003 + os.getpid())

    def seal_or_die(*args: Any) -> Any:
        if chance.random() < share:
            with open(path, "a", encoding="utf-8") as file:
                file.write(f"{os.getpid()}\n")
            os.kill(os.getpid(), signal.SIGKILL)
        return seal(*args)

    module._seal_and_put = seal_or_die


if DEATHS in os.environ:
    _share, _seed, _path = os.environ[DEATHS].split(" ", 2)
    _plant(float(_share), int(_seed), _path)

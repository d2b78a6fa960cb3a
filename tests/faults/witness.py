"""The workers' module with a witness at its door: `dramatiq tests.faults.witness` writes down each start of an actor.

One line a start, "<message id> <actor> <subject>", in the file that FAULTS_STARTS names.
"""

from __future__ import annotations

import os
from pathlib import Path

from dramatiq import Broker, MessageProxy
from dramatiq.middleware import Middleware

from actors import broker
from tests.faults.starts import STARTS

__all__ = ["Witness"]


class Witness(Middleware):
    """Appends whole lines, so that many threads and processes may share the file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        # a repeat keeps dramatiq's own id, and lies in Redis under a new one
        stored = message.options.get("redis_message_id", message.message_id)
        subject = "+".join(str(arg) for arg in message.args)
        os.write(self._file, f"{stored} {message.actor_name} {subject}\n".encode())


broker.broker.add_middleware(Witness(Path(os.environ[STARTS])))

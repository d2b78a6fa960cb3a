"""What a message carries beside its ids: whose story it belongs to, and the trace that it goes on with."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from dramatiq import Broker, Message, MessageProxy
from dramatiq.middleware import Middleware

from bitloot import story, tracing

__all__ = ["Story", "arrived", "rider"]

_thread = threading.local()  # .options: of the message that this thread works on


def rider() -> Mapping[str, str]:
    """The options of a message that is sent from here and now: `order` where it is known, W3C `traceparent`."""
    order = story.known()
    return {**({} if order is None else {"order": order}), **tracing.carried()}


def arrived() -> tuple[str | None, str | None]:
    """(order, traceparent) of the message that this thread works on, as far as it carries them."""
    options: Mapping[str, Any] = getattr(_thread, "options", None) or {}
    return options.get("order"), options.get("traceparent")


class Story(Middleware):
    """Both may be missing, as in a message that sweep sends: the row tells whose story it is."""

    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        for name, value in rider().items():
            message.options.setdefault(name, value)

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        _thread.options = message.options

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        _thread.options = None

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        _thread.options = None

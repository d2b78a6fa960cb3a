"""Whether the right behind a buyer's token still stands."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from bitloot.settings import Settings
from db.rights import Right, right_of, spend_reveal
from web.auth import Viewer
from web.errors import Problem

__all__ = ["check_generation", "refusal", "spend", "standing", "standing_refusal"]

#: What `standing` says when it is not `valid`: status, code and detail.
REFUSALS: Mapping[str, tuple[int, str, str]] = {
    "ended": (401, "ended_right", "A newer link was mailed; this one opens nothing any more."),
    "withdrawn": (410, "withdrawn", "The right to these keys was withdrawn, and they are destroyed."),
    "expired": (410, "expired_keys", "The time for which keys are kept is over; they are destroyed."),
    "used_up": (403, "used_up", "The keys were shown as often as allowed. A code by mail renews the right."),
}


def standing(viewer: Viewer, right: Right, settings: Settings) -> str:
    """valid, ended (a newer link was mailed), withdrawn, expired, or used_up."""
    if right.withdrawn is not None:
        return "expired" if right.withdrawn == "expired" else "withdrawn"
    if viewer.is_admin:
        return "valid"
    if viewer.generation != right.generation:
        return "ended"
    return "used_up" if right.reveals >= _allowed(settings, right.keys) else "valid"


def check_generation(viewer: Viewer, right: Right) -> None:
    """Raises Problem where a newer link ended this viewer's."""
    if not viewer.is_admin and viewer.generation != right.generation:
        raise refusal("ended")


def standing_refusal(viewer: Viewer, order_id: uuid.UUID, settings: Settings) -> Problem | None:
    """Why this viewer may not have what belongs to the order any more, if so."""
    how = standing(viewer, right_of(order_id), settings)
    return None if how == "valid" else refusal(how)


def spend(
    viewer: Viewer, order_id: uuid.UUID, settings: Settings, *, shown: int, stored: int
) -> Problem | None:
    """Counts `shown` of the `stored` keys under the viewer's right, or says why there is none."""
    if spend_reveal(order_id, viewer.generation, _allowed(settings, stored), shown):
        return None
    return standing_refusal(viewer, order_id, settings) or refusal("ended")


def _allowed(settings: Settings, keys: int) -> int:
    """So often may keys of an order be shown: each of them `reveal_limit` times, however they are asked for."""
    return settings.reveal_limit * max(1, keys)


def refusal(how: str) -> Problem:
    return Problem(*REFUSALS[how])

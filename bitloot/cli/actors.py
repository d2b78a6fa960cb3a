"""`bitloot actors`: how each step is tried again, and how each provider is called."""

from __future__ import annotations

from typing import Any

import click

import actors as steps
from actors.policy import POLICIES, Policy
from bitloot.cli.screen import as_json_option, print_json, screen, show_rows
from bitloot.settings import Settings, load_settings
from bitloot.turnstile import limits

__all__ = ["command"]

#: dramatiq's, for all (see `actors.policy.Policy`).
JITTER = "×1 to ×2, at the largest ×½ to ×1"


@click.command("actors")
@as_json_option
def command(as_json: bool) -> None:
    """List every step with its policy, and every provider with its limits."""
    policies = [_policy(name, policy) for name, policy in POLICIES.items()]
    providers = _providers(load_settings(check=False))
    if as_json:
        print_json({"actors": policies, "jitter": JITTER, "providers": providers})
        return
    numbers = ("repeats", "first", "largest", "max_age")
    show_rows([_told(row) for row in policies], numbers=numbers, spare=("queue",), empty="There is no step.")
    screen().print(f"Times are seconds. Jitter: {JITTER}.\n", style="dim")
    show_rows([_told(row) for row in providers], numbers=("least_gap",), empty="There is no provider.")


def _policy(name: str, policy: Policy) -> dict[str, Any]:
    return {
        "actor": name,
        "queue": steps.broker.broker.get_actor(name).queue_name,
        "works_on": sorted(policy.states),
        "repeats": policy.attempts,
        "first": policy.first,
        "largest": policy.largest,
        "retried": [kind.__name__ for kind in policy.retried],
        "max_age": policy.max_age,
        "swept": policy.swept,
    }


def _providers(settings: Settings) -> list[dict[str, Any]]:
    return [
        {
            "provider": name,
            "paced": "" if limit is None else f"{limit.method or 'all'} {limit.path}".strip(),
            "least_gap": None if limit is None else round(limit.interval, 4),
            "shut_after": settings.breaker_threshold,
            "pause": settings.breaker_pause,
            "blocked_pause": settings.blocked_pause,
        }
        for name, limit in limits(settings).items()
    ]


def _told(row: dict[str, Any]) -> dict[str, str | None]:
    """A row for people."""
    return {name: _word(value) for name, value in row.items()}


def _word(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case list():
            return ", ".join(map(str, value))
    return str(value)

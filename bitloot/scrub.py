"""Takes secrets out of texts before they are written anywhere: known values, and what looks like one."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from bitloot.settings import Settings

__all__ = ["forget_secrets", "hide", "hide_settings", "scrubbed", "scrubbed_text"]

#: Shorter values (characters) are not looked for: they would blot out innocent text.
SHORTEST = 8

#: Longer texts (characters) are cut: a log line is a sentence, not a payload.
LONGEST = 8_000

HIDDEN = "[hidden]"

#: Fields whose value is hidden whatever it is.
NAMES = re.compile(
    r"authorization|cookie|password|passwd|secret|token|api_?key|apikey|signature|plaintext|private"
    r"|^(key|keys|code|codes|serial|body|payload|x-nowpayments-sig|x-event-secret|x-auth-token|x-kinguin-signature)$",
    re.IGNORECASE,
)
#: Fields that such a name would catch although they hide nothing.
INNOCENT = frozenset({"token_id", "key_id", "key_number", "idempotency_key", "token_kind"})

#: Error codes of ours, which are logged under `code`; the keys that suppliers deliver do not look like this.
REASON = re.compile(r"[a-z]+(_[a-z]+)*")

PATTERNS = (
    (re.compile(r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*"), HIDDEN),  # a JWT, wherever it stands
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)(://)[^/\s@:]*:[^/\s@]+@"), rf"\1{HIDDEN}@"),
    (
        re.compile(
            r"(?i)((?:x-api-key|api-ecommerce-auth|x-event-secret|x-auth-token|x-nowpayments-sig|x-kinguin-signature"
            r"|authorization|cookie)[\"']?\s*[:=]\s*[\"']?)(?!\[hidden\])[^\s\"',;]+"
        ),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(r"(?i)([?&#](?:token|access_token|key|sig|signature|x-amz-[\w-]+|expires)=)[^&\s\"']+"),
        rf"\1{HIDDEN}",
    ),
)

#: What each of the patterns needs at least: most texts have none of it, and one search is cheaper than five.
HINT = re.compile(r"eyJ|bearer|basic|://|[?&#]|x-|api-|authorization|cookie", re.IGNORECASE)

_known: tuple[str, ...] = ()  # the longest first, or the rest of a longer one would stay
_lock = threading.Lock()


def hide(values: Iterable[str]) -> None:
    """From now on none of `values` leaves this process through a scrubbed text."""
    global _known
    with _lock:
        fresh = {value for value in values if len(value) >= SHORTEST}
        _known = tuple(sorted({*_known, *fresh}, key=len, reverse=True))


def hide_settings(settings: Settings) -> None:
    """Hides every secret of the settings, passwords inside addresses and single master keys included."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr) and (text := value.get_secret_value()):
            hide(_parts(text))


def forget_secrets() -> None:
    """Looks for no known value any more; for tests."""
    global _known
    with _lock:
        _known = ()


def scrubbed_text(text: str) -> str:
    """`text` without secrets."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(text)} characters)"
    for value in _known:
        if value in text:
            text = text.replace(value, HIDDEN)
    if HINT.search(text):
        for pattern, instead in PATTERNS:
            text = pattern.sub(instead, text)
    return text


def scrubbed(value: Any, name: str = "") -> Any:
    """`value` without secrets, into mappings and lists; what stands under a telling `name` is hidden whole."""
    if name and _telling(name) and not _plain(value):
        return HIDDEN
    if isinstance(value, str):
        return scrubbed_text(value)
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if isinstance(value, Mapping):
        return {str(key): scrubbed(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [scrubbed(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return scrubbed_text(str(value))


@lru_cache(maxsize=1024)
def _telling(name: str) -> bool:
    return name not in INNOCENT and NAMES.search(name) is not None


def _plain(value: Any) -> bool:
    """Whether it hides nothing whatever it is called: nothing, a flag, a reason in our own words (no_balance)."""
    return value in (None, "", True, False) or bool(isinstance(value, str) and REASON.fullmatch(value))


def _parts(text: str) -> list[str]:
    """A secret and what is secret in it: of an address the password, of MASTER_KEYS each key."""
    if "://" in text:
        password = urlsplit(text).password or ""
        return [password, unquote(password)]
    return [text, *(part.partition(":")[2].strip() for part in text.split(",") if ":" in part)]

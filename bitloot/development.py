"""What development fills in by itself: secrets of its own, made once, and the way to the stand-ins."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bitloot.errors import UnsafeSettings

__all__ = ["filled", "master_key", "standin_urls"]

#: What BitLoot itself must know; whoever has these can open keys and sign tokens.
OWN = ("MASTER_KEYS", "AUDIT_KEYS", "BUYER_TOKEN_SECRET", "ADMIN_TOKEN_SECRET", "LINK_SECRET")

#: What providers would issue; the stand-ins and the shop only have to agree.
ISSUED = (
    "NOWPAYMENTS_API_KEY",
    "NOWPAYMENTS_IPN_SECRET",
    "KINGUIN_API_KEY",
    "KINGUIN_WEBHOOK_SECRET",
    "RESERVATIONS_CLIENT_ID",
    "RESERVATIONS_CLIENT_SECRET",
    "RESERVATIONS_WEBHOOK_SECRET",
    "RESEND_API_KEY",
)


#: One machine plays all the buyers.
UNLIMITED = {"ORDERS_PER_ADDRESS": "0"}

#: Stand-ins set no pace of their own; a shop that talks to them goes as fast as it can unless told otherwise.
UNPACED = {
    "KINGUIN_WRITES_PER_MINUTE": "0",
    "NOWPAYMENTS_PAYMENTS_PER_SECOND": "0",
    "RESEND_CALLS_PER_SECOND": "0",
}


def filled(values: Mapping[str, str]) -> dict[str, str]:
    """`values` (an environment) and, in development, what is missing there; nothing that was given changes.

    Secrets are kept in STATE_DIR/secrets.env (0600), so that every process of the shop finds the same.
    """
    if values.get("ENVIRONMENT") != "development":
        return dict(values)
    with_standins = values.get("STANDINS", "").lower() in {"1", "true", "yes", "on", "t", "y"}
    wanted = OWN + (ISSUED if with_standins else ())
    missing = [name for name in wanted if not values.get(name)]
    defaults = _kept(Path(values.get("STATE_DIR") or ".bitloot"), missing) if missing else {}
    defaults |= UNLIMITED
    if with_standins:
        defaults |= standin_urls(values.get("STANDINS_PORT") or 8002) | UNPACED
    return defaults | {name: value for name, value in values.items() if value}


def standin_urls(port: int | str) -> dict[str, str]:
    """The settings that lead to the stand-ins on this machine."""
    base = f"http://127.0.0.1:{port}"
    return {
        "NOWPAYMENTS_BASE_URL": f"{base}/nowpayments/v1",
        "KINGUIN_BASE_URL": f"{base}/kinguin",
        "RESERVATIONS_BASE_URL": f"{base}/reservations-api",
        "RESERVATIONS_TOKEN_URL": f"{base}/reservations-api/auth/token",
        "RESEND_BASE_URL": f"{base}/resend",
    }


def master_key(number: int = 1) -> str:
    """A fresh master key as MASTER_KEYS takes it."""
    return f"{number}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _kept(state_dir: Path, names: list[str]) -> dict[str, str]:
    """The secrets `names` out of the file; those that it lacks are made and added. Safe for many at once.

    Raises UnsafeSettings.
    """
    file = state_dir / "secrets.env"
    try:
        state_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        with _locked(state_dir / "secrets.lock"):
            found = _read(file)
            fresh = {name: _fresh(name) for name in names if name not in found}
            if fresh:
                _write(file, found | fresh)
    except OSError as error:
        reason = f"STATE_DIR cannot keep the secrets of development: {error.strerror}."
        raise UnsafeSettings([reason]) from None
    return {name: value for name, value in (found | fresh).items() if name in names}


def _fresh(name: str) -> str:
    return master_key() if name in {"MASTER_KEYS", "AUDIT_KEYS"} else secrets.token_urlsafe(32)


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    lines = (line.partition("=") for line in file.read_text().splitlines() if not line.startswith("#"))
    return {name: value for name, _, value in lines if value}


def _write(file: Path, values: Mapping[str, str]) -> None:
    """Whole or not at all: a torn file would cost the master key, and so every sealed key."""
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write("# Made once for development. Without MASTER_KEYS no sealed key here can be opened.\n")
        new.writelines(f"{name}={value}\n" for name, value in values.items())
        new.flush()
        os.fsync(new.fileno())
    beside.replace(file)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

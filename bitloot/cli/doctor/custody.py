"""What sealed keys rest on: master keys, the store's rights, and a backup."""

from __future__ import annotations

import secrets

from bitloot.cli.doctor.databases import in_database
from bitloot.cli.doctor.finding import Said, off, warn, well, wrong
from bitloot.cli.spans import counted
from bitloot.errors import BitLootError
from bitloot.settings import Settings
from bitloot.stores import open_store
from bitloot.stores.base import Store
from bitloot.vault import Vault
from db.backup import DATABASE_MARK, backup_age
from db.data_keys import under_master_keys
from db.master_keys import need_master_keys

__all__ = ["check_backup", "check_master_keys", "check_store"]


def check_master_keys(settings: Settings) -> Said:
    """Which of them is needed: an old one may only go when it wraps nothing any more."""
    if not settings.master_keys.get_secret_value():
        return wrong("Not set: MASTER_KEYS.", "`bitloot token master-key` prints a fresh one.")
    return in_database(_counted)(settings)


def _counted(settings: Settings) -> Said:
    vault = Vault.from_settings(settings)
    need_master_keys(vault)
    used = under_master_keys()
    told = [
        f"Key {vault.newest} seals, and wraps {used[vault.newest]} of {counted(used.total(), 'data key')}."
    ]
    for number in sorted(vault.numbers - {vault.newest}):
        if used[number]:
            told.append(f"Key {number} wraps {used[number]}: keep it, and run `bitloot rotate-keys`.")
        else:
            told.append(f"Key {number} wraps nothing: it can be removed from MASTER_KEYS.")
    return well("\n".join(told))


def check_store(settings: Settings) -> Said:
    """Puts, gets and deletes a probe of its own. A folder's links are signed, so that it needs its secrets."""
    for name in ("link_secret", "buyer_token_secret", "admin_token_secret"):
        if not getattr(settings, name).get_secret_value():
            return wrong(f"Not set: {name.upper()}.")
    return _probed(open_store(settings))


def _probed(store: Store) -> Said:
    name, data = f"health/{secrets.token_hex(8)}", secrets.token_bytes(32)
    doing = "put"
    try:
        store.put_once(name, data)
        doing = "get"
        if store.get(name) != data:
            return wrong(
                "It gives back other bytes than it was given.", "Trust it with no key before this is clear."
            )
        doing = "delete"
        store.delete(name)
        doing = "look for"
        if store.exists(name):
            return wrong(
                "It keeps what it was told to delete.", "See whether the bucket has versions or a lock."
            )
    except BitLootError as error:
        told = f"{str(error).rstrip('.')}."
        return wrong(
            f"It does not let us {doing} an object: {told}", "Its token needs read, write and delete."
        )
    return well("Puts, gives back and deletes an object.")


def check_backup(settings: Settings) -> Said:
    """By the mark that the backup tool leaves when it is through; nobody here sees the backup itself."""
    if not settings.backup_mark:
        if settings.development:
            return off("Development: nobody makes one.")
        return warn(
            "Not known: nothing tells when the last backup ended.",
            "Let the backup tool touch a file, and name it as BACKUP_MARK (docs/operating.md).",
        )
    return in_database(_judged)(settings) if settings.backup_mark == DATABASE_MARK else _judged(settings)


def _judged(settings: Settings) -> Said:
    age = backup_age(settings)
    if age is None:
        return wrong(f"{_mark(settings)} is not there: no backup has ended yet.", "Look at the backup tool.")
    told = f"The last one ended {age / 3600:.1f} h ago, by its mark."
    if age > settings.backup_hours * 3600:
        return wrong(told, "Look at the backup tool; BACKUP_HOURS says how old one may be.")
    return well(told)


def _mark(settings: Settings) -> str:
    return "The row `backup` in beats" if settings.backup_mark == DATABASE_MARK else "The file of BACKUP_MARK"

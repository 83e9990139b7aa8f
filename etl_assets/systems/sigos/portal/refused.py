"""Logins the portal has refused, remembered over runs: an hourly schedule must not try a wrong password every hour.

Only a salted hash is kept. Belongs here: that memory. Does not belong here: logging in (client.py).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path

from etl_assets.engine.errors import AccessError
from etl_assets.systems.sigos.portal.client import Account

FILE = "login_refused.json"


def check(folder: Path, url: str, account: Account) -> None:
    """Raises AccessError, without asking the portal, for an account it has refused with this very password."""
    path = folder / FILE
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        is_same = known["hash"] == _hash(bytes.fromhex(known["salt"]), url, account)
    except (OSError, ValueError, KeyError, TypeError):
        return
    if is_same:
        raise AccessError(
            "the SIGOS portal has refused this user and password before, so they are not sent again: correct "
            f"SIGOS_USUARIO and SIGOS_SENHA, or, where the account was mended instead, delete {path}"
        )


def remember(folder: Path, url: str, account: Account) -> None:
    salt = secrets.token_bytes(16)
    path = folder / FILE
    path.touch(mode=0o600)
    path.write_text(json.dumps({"salt": salt.hex(), "hash": _hash(salt, url, account)}), encoding="utf-8")


def forget(folder: Path) -> None:
    (folder / FILE).unlink(missing_ok=True)


def _hash(salt: bytes, url: str, account: Account) -> str:
    text = "\0".join((url, account.user, account.password)).encode()
    return hashlib.scrypt(text, salt=salt, n=2**14, r=8, p=1, dklen=32).hex()

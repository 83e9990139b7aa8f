"""Every error the engine raises, each with what happened, to which entity, and the way out.

Belongs here: the classes and the one rule that turns a driver's error into text without row content.
Does not belong here: which driver codes are transient (each dialect declares its own).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any


class EtlError(Exception):
    """Base of all engine errors. Permanent unless a subclass says otherwise; never retried."""

    transient = False


class SpecError(EtlError):
    """A declaration contradicts itself; raised when it is created."""


class SettingsError(EtlError):
    """A setting is missing or has a value that cannot be used; the message names the variable."""


class SqlFileError(EtlError):
    """A SQL file cannot be used: not one SELECT, unknown relation, columns other than declared."""


class SchemaDriftError(EtlError):
    """Source or target no longer fits the declaration; nothing was written."""


class RejectLimitError(EtlError):
    """More rows were rejected than the declaration allows; the batch did not touch the target.

    `rejected`: what was listed of them, rolled back with the batch, to be listed again by whoever records the failure.
    """

    rejected: Sequence[Mapping[str, Any]] = ()


class DeleteGuardError(EtlError):
    """Reconciliation would delete a suspicious share of the target; nothing was deleted."""


class ExportError(EtlError):
    """Files of an export are not what their manifest says, or not what the warehouse holds; nothing was replaced."""


class FileRefusedError(EtlError):
    """A file is not what was asked for; nothing of the load it belongs to was stored.

    `outcome` is its kind: html, truncated, schema_error or failed (see `WindowReport`).
    """

    def __init__(self, message: str, outcome: str = "failed") -> None:
        super().__init__(message)
        self.outcome = outcome


class ShrinkGuardError(EtlError):
    """A month that is over would lose a suspicious share of its rows; nothing was stored."""


class ArchiveError(EtlError):
    """A file of archived text is missing, or is not the one that was written; the warehouse was not changed."""


class LockBusyError(EtlError):
    """Another run holds the target's lock; this one ends `skipped`."""


class SharedSessionsError(EtlError):
    """The warehouse is reached through a pooler that shares its sessions: locks would lock nothing; none was taken."""


class AccessError(EtlError):
    """Login refused, database unknown or permission missing. Permanent: retrying would lock the account."""


class TransientError(EtlError):
    """Connection lost, deadlock, timeout or server restart: the batch may be tried again."""

    transient = True


class TimedOutError(TransientError):
    """A lock was not free, or a statement not done, within the time the session allows."""


class DataError(EtlError):
    """The server refused values or a statement; permanent for the same input."""


# Up to the last @: a password may hold one that nobody encoded.
_URL_SECRET = re.compile(r"(://[^:/@\s]*:)\S*@")
_KEYWORD_SECRET = re.compile(r"(password\s*=\s*)('[^']*'|\S+)", re.IGNORECASE)
# SQLSTATE classes whose primary message quotes the offending value.
_QUOTES_VALUES = ("22", "23", "P0")


def without_secrets(text: str) -> str:
    """Return `text` with passwords of URLs and keyword connection strings replaced by `***`."""
    return _KEYWORD_SECRET.sub(r"\1***", _URL_SECRET.sub(r"\1***@", text))


def describe(sqlstate: str | None, primary: str | None, *, column: str | None = None, table: str | None = None) -> str:
    """Return a message for a server error that cannot hold row content.

    Messages of data and constraint errors quote values, so only their code and the objects they name are kept.
    """
    where = "".join(f", {label} {name}" for label, name in (("table", table), ("column", column)) if name)
    if sqlstate and sqlstate.startswith(_QUOTES_VALUES):
        return f"server refused a value (SQLSTATE {sqlstate}{where})"
    # A statement or detail may follow on later lines.
    first_line = (primary or "").strip().partition("\n")[0] or "no message"
    return without_secrets(f"{first_line} (SQLSTATE {sqlstate or 'none'}{where})")

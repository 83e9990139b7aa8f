"""Cookie sessions of the stand-in portal: 30 minutes from the last request (spec 3.1).

Belongs here: who is logged in, and until when. Does not belong here: passwords, pages.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

COOKIE = "sigos_sessao"
LIFETIME_S = 30 * 60


@dataclass
class Session:
    used_at: float
    exports: int = 0
    notice_shown: bool = False


class Sessions:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._open)

    def begin(self) -> str:
        """Value of the new session's cookie."""
        token = secrets.token_urlsafe(24)
        self._open[token] = Session(self._clock())
        return token

    def find(self, token: str | None) -> Session | None:
        """The session of a cookie, which lives another 30 minutes from now; None when it has expired."""
        found = self._open.get(token or "")
        if found is None:
            return None
        now = self._clock()
        if now - found.used_at > LIFETIME_S:
            self.end(token)
            return None
        found.used_at = now
        return found

    def end(self, token: str | None) -> None:
        self._open.pop(token or "", None)

    def end_all(self) -> None:
        self._open.clear()

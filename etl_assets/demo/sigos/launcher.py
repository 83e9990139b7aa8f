"""The stand-in portal for demo and tests: a process of its own, there when it answers, gone when the block ends.

Belongs here: starting, asking, ending. Does not belong here: what the portal does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from etl_assets.demo.sigos.columns import Report

# Of the stand-in alone; nothing else accepts them.
USER = "demonstracao"
PASSWORD = "senha-de-demonstracao"
ZONE = "America/Sao_Paulo"
_PATIENCE_S = 120.0


class Portal:
    """`with Portal(scale=0.005) as portal:` serves on a free port of 127.0.0.1; `portal.url` ends in `/sigos/`."""

    def __init__(
        self,
        *,
        seed: int = 1,
        scale: float = 0.05,
        today: date | None = None,
        user: str = USER,
        password: str = PASSWORD,
        port: int = 0,
    ) -> None:
        self.seed, self.scale = seed, scale
        self.today = today or datetime.now(tz=ZoneInfo(ZONE)).date()
        self.user, self.password = user, password
        self._port = port
        self._process: subprocess.Popen[str] | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """Base address, ending in `/sigos/`."""
        if not self._url:
            raise RuntimeError("the stand-in portal is not running: use `with Portal() as portal:`")
        return self._url

    def start(self) -> Self:
        """Raises RuntimeError when the process ends instead of answering."""
        command = [sys.executable, "-m", "etl_assets.demo.sigos", "--port", str(self._port), "--with-parent"]
        command += ["--seed", str(self.seed), "--scale", str(self.scale), "--today", self.today.isoformat()]
        self._process = subprocess.Popen(
            command,
            env={**os.environ, "SIGOS_USUARIO": self.user, "SIGOS_SENHA": self.password},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        guard = threading.Timer(_PATIENCE_S, self._process.kill)
        guard.start()
        try:
            address = self._process.stdout.readline().strip()
        finally:
            guard.cancel()
        if not address:
            self.stop()
            raise RuntimeError("the stand-in portal ended before it answered; its error stands above")
        self._url = address
        return self

    def stop(self) -> None:
        """End the process for sure; nothing to do when it is not running."""
        process, self._process, self._url = self._process, None, ""
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def control(self, **switches: Any) -> dict[str, Any]:
        """Set switches, change data; return the state afterwards, with what was `done`.

        Raises ValueError with the portal's words for an unknown switch or a value it does not take.
        """
        body = json.dumps(switches).encode()
        return self._ask(urllib.request.Request(urljoin(self.url, "/__controle"), data=body, method="POST"))

    def state(self) -> dict[str, Any]:
        """Day, row counts, counters and switches."""
        return self._ask(urllib.request.Request(urljoin(self.url, "/__controle")))

    def counts(self) -> dict[str, dict[str, int]]:
        """True rows per report (`general`, `return`) and month (`YYYY-MM`) of the execution date."""
        found: dict[str, dict[str, int]] = self.state()["counts"]
        return found

    def rows(self, report: Report) -> list[dict[str, str]]:
        """What a complete export holds, in its order: one dict per row, header to text."""
        found = self._rows(report)
        return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]

    def days(self, report: Report) -> list[date]:
        """The day the portal selects each of `rows` by, which is there even where the row's own date is not."""
        return [date.fromisoformat(day) for day in self._rows(report)["days"]]

    def _rows(self, report: Report) -> dict[str, Any]:
        return self._ask(urllib.request.Request(urljoin(self.url, f"/__controle/linhas?report={report}")))

    def _ask(self, request: urllib.request.Request) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                found: dict[str, Any] = json.load(response)
                return found
        except urllib.error.HTTPError as refused:
            raise ValueError(json.load(refused)["error"]) from None

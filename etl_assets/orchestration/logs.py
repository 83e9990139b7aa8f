"""Run logs as JSON lines: one file a day, a `latest` link, bounded size, thirty days kept, no row values.

Belongs here: the handler `dagster.yaml` names. Does not belong here: what is logged.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from etl_assets.engine.errors import without_secrets
from etl_assets.settings import PROJECT_ROOT

KEEP = timedelta(days=30)
MAX_BYTES = 50 * 1024 * 1024
# Not in `logs` itself: that name below DAGSTER_HOME is Dagster's, which empties it.
FOLDER = PROJECT_ROOT / "logs" / "etl"


class DailyJsonLines(logging.Handler):
    """Appends to `logs/etl/etl_YYYYMMDD.jsonl` (UTC). Lines are single writes, so that processes may share the file."""

    def __init__(self, folder: str | None = None) -> None:
        super().__init__()
        self.folder = Path(folder) if folder else FOLDER
        self._day = ""
        self._path = self.folder

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._roll()
            if self._path.exists() and self._path.stat().st_size > MAX_BYTES:
                return
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(self._line(record), ensure_ascii=False) + "\n")
        except OSError:
            self.handleError(record)

    def _line(self, record: logging.LogRecord) -> dict[str, object]:
        meta = getattr(record, "dagster_meta", None) or {}
        line = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage())[:4000],
        }
        return line | {k: meta[k] for k in ("run_id", "job_name", "step_key") if meta.get(k)}

    def _roll(self) -> None:
        day = datetime.now(tz=UTC).strftime("%Y%m%d")
        if day == self._day:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._day, self._path = day, self.folder / f"etl_{day}.jsonl"
        link = self.folder / "etl_latest.jsonl"
        fresh = self.folder / f".latest.{os.getpid()}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self._path.name)
        fresh.replace(link)
        oldest = (datetime.now(tz=UTC) - KEEP).strftime("etl_%Y%m%d.jsonl")
        for path in self.folder.glob("etl_2*.jsonl"):
            if path.name < oldest:
                path.unlink(missing_ok=True)

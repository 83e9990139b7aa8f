"""Where files are kept: `<report>/<YYYY-MM>/<time of extraction>/<name>_<start>_<end>.csv` below the download folder.

How long they stay is another matter (retention.py). Belongs here: names, moving, what a file must have at least. Does
not belong here: where files come from (extract.py, inbox.py), their rows (engine).
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from etl_assets.engine.delimited.encoding import probe
from etl_assets.engine.delimited.header import find_header
from etl_assets.engine.errors import FileRefusedError
from etl_assets.engine.files import FileWindow
from etl_assets.systems.sigos.portal.reports import Report


def free_name(folder: Path, report: Report, window: FileWindow, extracted_at: datetime) -> str:
    """Relative name for a file in the archive, under the first month it is about; a window's days stand in it.

    A name that is taken gets a number.
    """
    time = extracted_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    month = (window.months[0] if window.months else window.start.isoformat())[:7]
    wanted = f"{report.feed}/{month}/{time}/{report.stem}_{window.start}_{window.end}"
    name, number = f"{wanted}.csv", 1
    while (folder / name).exists():
        number += 1
        name = f"{wanted}-{number}.csv"
    return name


def put(source: Path, folder: Path, name: str) -> Path:
    """Move a file to `name` in the archive. Raises FileRefusedError rather than replace another one."""
    place = folder / name
    if place.exists():
        raise FileRefusedError(f"{name} is in the archive {folder} already; {source} stays where it is")
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Personal data: readable for us alone.
    part = place.with_name(f".{place.name}.part")
    shutil.move(source, part)
    part.chmod(0o600)
    part.rename(place)
    return place


def is_empty(path: Path, report: Report) -> bool:
    """Whether a file has a header and no row.

    Raises FileRefusedError: truncated when it does not end with the end of a line, schema_error or html when it does
    not have the report's header.
    """
    try:
        header = find_header(path, probe(path).encoding, report.required)
    except FileRefusedError as error:
        raise FileRefusedError(f"{path.name} {error}", error.outcome) from None
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read() != b"\n":
            raise FileRefusedError(f"{path.name} ends within a line", "truncated")
        file.seek(header.end)
        return not file.read(1 << 20).strip()

"""The manifest of an export: which file holds which partition, how many rows of which schema, and their SHA-256.

It is written last, under another name and renamed: whoever reads it sees one export or the next, whole. A file that no
manifest names is none of the export's. Belongs here: reading, writing. Does not belong here: rows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from etl_assets.engine.disk import sync_folder
from etl_assets.engine.errors import ExportError

NAME = "manifest.json"
NONE = "none"
Partition = tuple[str, str]


@dataclass(frozen=True)
class Part:
    """One partition. `file` is relative to the manifest; `fingerprint` another one whenever a row differs.

    Watermarks are the server's text, None where no row has one; sums are text too, so that no digit is lost.
    """

    tenant: str
    month: str
    file: str
    rows: int
    bytes: int
    sha256: str
    fingerprint: str
    watermark_min: str | None
    watermark_max: str | None
    sums: Mapping[str, str | None]

    @property
    def partition(self) -> Partition:
        return self.tenant, self.month


@dataclass(frozen=True)
class Manifest:
    """`columns` are name, type and form of each; `written_at` (UTC) is when something was last written."""

    table: str
    schema_version: str
    columns: list[Mapping[str, str]]
    written_at: str
    parts: tuple[Part, ...]

    @property
    def by_partition(self) -> dict[Partition, Part]:
        return {p.partition: p for p in self.parts}

    @property
    def rows(self) -> int:
        return sum(p.rows for p in self.parts)


def read(folder: Path) -> Manifest | None:
    """The manifest in a folder; None where there is none. Raises ExportError for one that cannot be understood."""
    path = folder / NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        parts = tuple(Part(**{f.name: p[f.name] for f in fields(Part)}) for p in found.pop("parts"))
        return Manifest(**{f.name: found[f.name] for f in fields(Manifest) if f.name != "parts"}, parts=parts)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ExportError(
            f"{path} is no manifest of an export: move it away with its files, and export again"
        ) from None


def write(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest of a folder, in one step and for good."""
    fresh = folder / f".{NAME}.part"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, ensure_ascii=False, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / NAME)
    sync_folder(folder)

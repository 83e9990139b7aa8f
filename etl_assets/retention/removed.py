"""What a purge took, or would take, of one store. Belongs here: counting. Does not belong here: removing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Removed:
    """Rows of tables, files, and bytes of files. Of a dry run: what would go."""

    rows: int = 0
    files: int = 0
    bytes: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(self.rows + other.rows, self.files + other.files, self.bytes + other.bytes)

    def __str__(self) -> str:
        parts = [f"{self.rows:,} row(s)"] if self.rows or not self.files else []
        return ", ".join([*parts, *([f"{self.files:,} file(s), {self.bytes:,} bytes"] if self.files else [])])

"""SQL files made of templates: Jinja2, with macros, rendered when files or variables are new and remembered else.

A template is named by its path below the system's folder (`gold/mart_quality.sql.j2`), and so is what it imports.
Jinja2 is loaded when there is something to render, and not otherwise.
Belongs here: rendering, and which line of which file a line of the result comes from. Does not belong here: parsing the
result (sqlfile.py), who uses which template (graph.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from etl_assets.engine.cache import code, kept
from etl_assets.engine.errors import SqlFileError

SUFFIX = ".sql.j2"
# What one file takes from another. The name is written out, so that all files a text is made of are known unrendered.
_TAKEN = re.compile(r"""\{%[-+]?\s*(?:from|import|include|extends)\s+(["'])(.+?)\1\s*(?:import|ignore|with|[-+]?%\})""")


@dataclass(frozen=True)
class Rendered:
    """The text of a template with its variables; `files` are all it is made of, the template first.

    `origins` says of each line of the text which file (by number) and line it comes from.
    """

    text: str
    files: tuple[Path, ...]
    origins: tuple[tuple[int, int], ...]

    def at(self, line: int) -> str:
        """`file:line` of the template or macro that made `line` (counted from 1) of the text."""
        file, origin = self.origins[min(max(line, 1), len(self.origins)) - 1]
        return f"{self.files[file]}:{origin}"


def render(path: Path, root: Path, variables: Mapping[str, Any]) -> Rendered:
    """The template at `path` with `variables` (values of JSON); what it takes from other files is below `root`.

    Raises SqlFileError, naming file and line, for a name that has no value, a file that is not there, and whatever
    Jinja2 refuses.
    """
    texts = _texts(path, root)
    names = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}

    def made() -> Any:
        from etl_assets.engine import rendering

        return rendering.rendered(root, texts, dict(variables))

    found = kept("rendered", [_made_by(), next(iter(names)), names, dict(variables)], made)
    files = tuple(root / name for name in texts)
    return Rendered(found["text"], files, tuple((file, line) for file, line in found["origins"]))


@cache
def _made_by() -> list[str]:
    """What a rendered text depends on beside files and variables."""
    return [version("jinja2"), code(*(str(Path(__file__).with_name(f"{m}.py")) for m in ("template", "rendering")))]


def _texts(path: Path, root: Path) -> dict[str, str]:
    """Name -> text of the template and of every file it is made of, the template first."""
    texts: dict[str, str] = {}
    waiting = [(path.relative_to(root).as_posix(), "")]
    while waiting:
        name, taker = waiting.pop(0)
        if name in texts:
            continue
        try:
            texts[name] = (root / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            by = f"; {root / taker} names it" if taker else ""
            raise SqlFileError(f"{root / name}: no such file{by}") from None
        waiting += [(found[2], name) for found in _TAKEN.finditer(texts[name])]
    return texts

"""Pages of the site that are files of the repository's root: they stay where people look for them.

Belongs here: which, and what becomes of links to and from them. Does not belong here: anything they say.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT_PAGES = {"README.md": "readme.md", "README.pt-BR.md": "readme.pt-br.md", "CONTRIBUTING.md": "contributing.md"}
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    root = Path(config.config_file_path).parent
    for name, page in ROOT_PAGES.items():
        text = (root / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=_linked(text, "docs/")))
    return files


def on_page_markdown(markdown: str, **_page: Any) -> str:
    return _linked(markdown, "../")


def _linked(text: str, prefix: str) -> str:
    """The text with links as the site has them: without `prefix`, and to the root's pages by their new names."""

    def target(found: re.Match[str]) -> str:
        path = found[1].removeprefix(prefix)
        return f"]({ROOT_PAGES.get(path, path)}{found[2] or ''})"

    return _LINK.sub(target, text)

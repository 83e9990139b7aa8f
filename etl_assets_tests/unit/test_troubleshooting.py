"""docs/troubleshooting.md has a row for every place that raises an error, and quotes no other messages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from etl_assets.settings import PROJECT_ROOT

CODE = PROJECT_ROOT / "etl_assets"
PAGE = PROJECT_ROOT / "docs" / "troubleshooting.md"
# Those of declarations and SQL files are for who writes them, and name file and line; the rest no user can meet.
FOR_DEVELOPERS = ("SpecError", "SqlFileError")
NOT_MET = ("engine/failpoint.py", "demo/chatwoot/", "demo/ecommerce/", "demo/lacrei/", "demo/sigos/", "demo/bench",
           "demo/soak", "demo/postgres.py", "demo/copying.py", "demo/pg_reader.py")  # fmt: skip


def text_of(node: ast.expr) -> str:
    """A message as the page writes it: `…` for what differs."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
    if isinstance(node, ast.BinOp):
        return text_of(node.left) + text_of(node.right)
    return "…"


@cache
def trees() -> dict[str, ast.Module]:
    files = {p.relative_to(CODE).as_posix(): p for p in sorted(CODE.rglob("*.py"))}
    return {name: ast.parse(Path(p).read_text(encoding="utf-8")) for name, p in files.items()}


@cache
def classes() -> frozenset[str]:
    """Names of the error classes of this project."""
    nodes = [n for file, tree in trees().items() if not file.startswith(NOT_MET) for n in ast.walk(tree)]
    names = (n.name for n in nodes if isinstance(n, ast.ClassDef))
    return frozenset(n for n in names if n.endswith("Error") and not n.startswith("_"))


def raised() -> Iterator[tuple[str, str, str]]:
    """Place, class and message of every error with words of its own."""
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                name, text = node.func.id, text_of(node.args[0])
                if name in classes() - {*FOR_DEVELOPERS} and text.strip("… :;."):
                    yield f"{file}:{node.lineno}", name, text


@cache
def messages() -> frozenset[str]:
    """What the page quotes in the first column of tables of messages and findings."""
    found: set[str] = set()
    inside = False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            inside = False
        elif line.startswith(("| Message", "| Finding")):
            inside = True
        elif inside:
            found.update(re.findall(r"`([^`]+)`", line.split(" | ")[0]))
    return frozenset(found)


def quotes(message: str, text: str) -> bool:
    """Whether the pieces of a quoted message follow each other in a text."""
    at = 0
    for piece in message.split("…"):
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


def test_every_error_a_user_can_meet_has_its_row() -> None:
    met = [r for r in raised() if not r[0].startswith(NOT_MET)]
    assert len(met) > 80
    assert [r for r in met if not any(quotes(m, r[2]) for m in messages())] == []


def test_every_message_of_the_page_is_in_the_code() -> None:
    nodes = [n for tree in trees().values() for n in ast.walk(tree) if isinstance(n, ast.Constant | ast.JoinedStr)]
    texts = "\n".join(text_of(n) for n in nodes if isinstance(n, ast.JoinedStr) or isinstance(n.value, str))
    one_line = [t for t in texts.splitlines() if t.strip()]
    assert len(messages()) > 90
    assert sorted(m for m in messages() if not any(quotes(m, t) for t in one_line)) == []


def test_every_class_of_error_is_named() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert {"EtlError", "LockBusyError", "BrowserMissingError"} <= classes()
    assert sorted(c for c in classes() if f"`{c}`" not in page) == []


def test_a_message_that_is_not_there_is_seen() -> None:
    assert quotes("… is being loaded by another run; waited … s", "x is being loaded by another run; waited … s. Run")
    assert not quotes("… is being read by another run", "x is being loaded by another run; waited … s. Run")

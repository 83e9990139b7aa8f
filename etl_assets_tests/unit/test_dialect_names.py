"""Servers differ in `engine/dialects` and nowhere else: no other code asks which one it speaks to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import etl_assets

ROOT = Path(etl_assets.__file__).parent
NAMES = {"postgresql", "postgres", "mssql", "sqlserver", "tsql", "pymssql", "psycopg"}


def sources() -> list[Path]:
    # The embedded server's launcher looks for processes by their program's name.
    return [p for p in ROOT.rglob("*.py") if "dialects" not in p.parts and p.name != "pg_process.py"]


def asked_for_a_name(tree: ast.AST) -> Iterator[int]:
    """Lines that compare something with a server's name, or ask an object for its dialect's name or class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            asked = [s.attr for s in sides if isinstance(s, ast.Attribute)]
            names = {n.id for s in sides for n in ast.walk(s) if isinstance(n, ast.Name) and n.id.isupper()}
            literals = names | {c.value for s in sides for c in ast.walk(s) if isinstance(c, ast.Constant)}
            # The language of SQL files is a system's choice, not a server's name.
            on_language = any(isinstance(s, ast.Name) and s.id == "language" for s in sides)
            if ("kind" in asked and not literals) or (literals & NAMES and not on_language):
                yield node.lineno
        if isinstance(node, ast.Attribute) and node.attr == "name" and "dialect" in ast.dump(node.value).lower():
            yield node.lineno
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "isinstance"
            and "Dialect" in ast.dump(node.args[1])
        ):
            yield node.lineno


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_nobody_asks_for_the_name_of_a_server(path: Path) -> None:
    assert list(asked_for_a_name(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    ["x = conn.dialect.name", "if d.kind == 'mssql': pass", "if url.drivername in ('mssql', 'x'): pass",
     "if isinstance(d, SqlServerDialect): pass", "if a.kind != b.kind: pass"],
)  # fmt: skip
def test_it_would_be_found(code: str) -> None:
    assert list(asked_for_a_name(ast.parse(code))) == [1]

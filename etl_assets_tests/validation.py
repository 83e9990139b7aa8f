"""The statements of docs/validation.md, run as its reader would: where they say, held against what they say.

Belongs here: reading the page and judging answers. Does not belong here: databases (the tests').
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from etl_assets.settings import PROJECT_ROOT

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], tuple[Sequence[str], Rows]]
PAGE = PROJECT_ROOT / "docs" / "validation.md"
EXPECTATIONS = (
    "shows",
    "the same row",
    "the same rows",
    "no row",
    "every value true",
    "by reason",
)


@dataclass(frozen=True)
class Block:
    """One statement: on the source or the warehouse, and what it must show (empty: what the next one shows, too)."""

    place: str
    expected: str
    statement: str


def blocks(section: str) -> list[Block]:
    """Those below a heading that begins with `section`."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {section}")[2].partition("\n## ")[0]
    found = []
    for first, statement in re.findall(r"```sql\n-- on the ([^\n]*)\n(.*?)```", text, re.DOTALL):
        place, _, expected = first.partition(": ")
        assert place in ("source", "warehouse"), first
        assert not expected or expected.startswith(EXPECTATIONS), first
        found.append(Block(place, expected, statement))
    assert len(found) == text.count("```sql"), "a block does not say where it is run"
    return found


def asking(connection: sa.Connection) -> Ask:
    """Statements of the page on one database."""

    def ask(statement: str) -> tuple[Sequence[str], Rows]:
        # As drivers with placeholders want it; to LIKE two are one.
        found = connection.exec_driver_sql(statement.replace("%", "%%"))
        return list(found.keys()), [tuple(row) for row in found]

    return ask


def problems(section: str, source: Ask, warehouse: Ask) -> list[str]:
    """Statements that did not show what they must, each with what they showed."""
    ask, told, values = {"source": source, "warehouse": warehouse}, list[str](), dict[str, str]()
    before: Rows | None = None
    for block in blocks(section):
        statement = block.statement
        for name, value in values.items():
            statement = statement.replace(f"{{{name}}}", value)
        assert not re.search(r"\{\w+\}", statement), statement
        names, rows = ask[block.place](statement)
        if block.expected.startswith("shows"):
            assert len(rows) == 1, statement
            values = {n: str(v) for n, v in zip(names, rows[0], strict=True)}
            assert set(re.findall(r"\{(\w+)\}", block.expected)) == values.keys(), block.expected
        elif block.expected.startswith("the same"):
            assert before, "nothing to compare with"
            if _plain(before) != _plain(rows):
                told.append(f"{before} is not {rows}: {statement}")
        elif block.expected.startswith("every value true"):
            if not rows or not all(map(all, rows)):
                told.append(f"{rows}: {statement}")
        elif block.expected.startswith("by reason"):
            if sum(row[-1] for row in rows) != len(set(values["set_aside"].split(", ")) - {"-1"}):
                told.append(f"{rows} are not {values['set_aside']}: {statement}")
        elif block.expected and rows:
            told.append(f"{rows[:3]}: {statement}")
        before = rows
    return told


def _plain(rows: Rows) -> Rows:
    """Numbers of any type, by value."""
    return [tuple(Decimal(v) if isinstance(v, int | Decimal) else v for v in row) for row in rows]

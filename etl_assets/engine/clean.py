"""Loads a table of column rules: texts of its one upstream become typed values; what is none of its type is listed.

A row is rejected only for its key. Any other refused value is stored as NULL, listed by key, column and reason in
`ctl.rejected_row`, which keeps no value, and counted in the result.
Belongs here: the order of these steps, and how changed keys of the upstream are keys here. Does not belong here: the
rules (rules.py) and their SQL (dialects).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from etl_assets.engine import control
from etl_assets.engine.destination import Writer
from etl_assets.engine.dialects.values import Reject, Staged
from etl_assets.engine.entity import Stopwatch
from etl_assets.engine.rebuild import SqlLoad
from etl_assets.engine.rules import Cleaning, ColumnRule

_REFUSED = "etl refused"


@dataclass
class CleanLoad(SqlLoad):
    """One load of a table that cleans another."""

    def move(self, writer: Writer, before: control.ControlRow) -> None:
        super().move(writer, before)
        if self.result.nulled:
            what = ", ".join(f"{column} {number} {reason}" for (column, reason), number in self.result.nulled.items())
            self.note(f"values stored as NULL, listed in ctl.rejected_row: {what}")

    @property
    def _cleaning(self) -> Cleaning:
        assert self.spec.cleans is not None
        return self.spec.cleans

    @property
    def _rules(self) -> dict[str, ColumnRule]:
        return {name: rule for name, (_, rule) in self._cleaning.columns.items()}

    @property
    def ledger_type(self) -> str | None:
        """The ledger holds keys of the upstream, as they are there."""
        column, _ = self._cleaning.columns[self.spec.key[0]]
        upstream = self.destination.graph.by_relation[self._cleaning.relation]
        return self.destination.dialect.declared_type(upstream.table.columns[column])

    def of_keys(self, writer: Writer, keys: str) -> tuple[str, str]:
        """Every row that comes to be under the same key as a changed one; and those whose key comes to nothing."""
        dialect, name = writer.dialect, self.spec.key[0]
        given, stage = dialect.quote("key"), dialect.quote(keys)
        rule, column = self._rules[name], dialect.quote(name)
        cleaned = f"SELECT {dialect.clean(rule, f'k.{given}')} FROM {stage} k"
        changed = f"q.{column} IN (SELECT k.{given} FROM {stage} k)"
        select = (
            f"SELECT * FROM (\n{self.destination.graph.select(self.spec)}\n) q "
            f"WHERE {changed} OR {dialect.clean(rule, f'q.{column}')} IN ({cleaned})"
        )
        return select, f"t.{column} IN ({cleaned})"

    def _rebuild(
        self,
        writer: Writer,
        select: str,
        scope: str | None,
        *,
        outside: str | None = None,
        reason: str = "outside_partitions",
        periods: Iterable[str] = (),
    ) -> None:
        dialect, conn, watch, key = writer.dialect, writer.conn, Stopwatch(), self.spec.key[0]
        texts, rows = dialect.stage_select(conn, select)
        made = {n: dialect.clean(rule, f"s.{dialect.quote(n)}") for n, rule in self._rules.items()}
        no_key = Reject(self._rules[key].reason or "blank_key", f"{made[key]} IS NULL", key)
        given = Staged(texts, made, dialect.stage_types(conn, texts), self._stored)
        refused = self.judge(writer, ()).refuse(given, [no_key], rows, self.result.counts)
        staged = self._typed(writer, texts, made)
        self.replace(
            writer, staged, rows, watch, scope, outside=outside, reason=reason, periods=periods, refused=refused
        )

    def stored(self, writer: Writer, staged: Staged, rows: int) -> None:
        """List values that became NULL: now that the merge has resolved what was listed of the keys it stored."""
        found = self.judge(writer, ()).list_values(staged, _REFUSED, self._fallible, rows)
        for of, number in found.items():
            self.result.nulled[of] = self.result.nulled.get(of, 0) + number

    @property
    def _fallible(self) -> list[tuple[str, str]]:
        """Columns a text may be none of the type of, and what is said then. The key is judged with its row."""
        return [(n, rule.reason) for n, rule in self._rules.items() if rule.reason and n != self.spec.key[0]]

    def _typed(self, writer: Writer, texts: str, made: Mapping[str, str]) -> Staged:
        """A staging table of values made of the one of texts, and of the numbers of those that were refused."""
        dialect, conn, quote = writer.dialect, writer.conn, writer.dialect.quote
        fallible = [n for n, _ in self._fallible]
        both = [f"{e} AS {quote(n)}" for n, e in made.items()]
        both += [f"s.{quote(n)}" for n in self._cleaning.also]
        both += [f"s.{quote(n)} AS {quote('text of ' + n)}" for n in fallible]
        bad = [f"q.{quote(n)} IS NULL AND NOT ({dialect.is_blank('q.' + quote('text of ' + n))})" for n in fallible]
        wanted = [f"q.{quote(n)}" for n in (*made, *self._cleaning.also)]
        wanted += [f"{dialect.numbers_of(bad)} AS {quote(_REFUSED)}"]
        inner = f"SELECT {', '.join(both)} FROM {quote(texts)} s"
        stage, _ = dialect.stage_select(conn, f"SELECT {', '.join(wanted)} FROM ({dialect.read_once(inner)}) q")
        dialect.drop_stage(conn, texts)
        types = dialect.stage_types(conn, stage)
        declared = {n: dialect.declared_type(self.spec.table.columns[n]) for n in made}
        expressions = {n: dialect.expression(n, types[n], t) for n, t in declared.items()}
        return Staged(stage, expressions, types, self._stored)

"""Loads a table of column rules: texts of its one upstream become typed values; what is none of its type is listed.

A row is rejected only for its key. Any other refused value is stored as NULL, listed by key, column and reason in
`ctl.rejected_row`, which keeps no value, and counted in the result.
Belongs here: the order of these steps, and how changed keys of the upstream are keys here. Does not belong here: the
rules (rules.py) and their SQL (dialects).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from etl_assets.engine import control
from etl_assets.engine.destination import Writer
from etl_assets.engine.dialects.base import Reject, Staged
from etl_assets.engine.entity import Stopwatch
from etl_assets.engine.rebuild import SqlLoad
from etl_assets.engine.rules import Cleaning, ColumnRule, Withheld


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
        months: Iterable[str] = (),
    ) -> None:
        dialect, conn, watch = writer.dialect, writer.conn, Stopwatch()
        texts, rows = dialect.stage_select(conn, select)
        rules = self._rules
        made = {n: dialect.clean(r, f"s.{dialect.quote(n)}") for n, r in rules.items()}
        given = Staged(texts, made, dialect.stage_types(conn, texts), self._stored)
        key = self.spec.key[0]
        no_key = [Reject(rules[key].reason or "blank_key", f"{made[key]} IS NULL", key)]
        refused = self.judge(writer, ()).refuse(given, no_key, rows, self.result.counts)
        outputs = [f"{e} AS {dialect.quote(n)}" for n, e in made.items()]
        outputs += [f"s.{dialect.quote(n)}" for n in self._cleaning.also]
        stage, _ = dialect.stage_select(conn, f"SELECT {', '.join(outputs)} FROM {dialect.quote(texts)} s")
        types = dialect.stage_types(conn, stage)
        declared = {n: dialect.declared_type(self.spec.table.columns[n]) for n in made}
        expressions = {n: dialect.expression(n, types[n], t) for n, t in declared.items()}
        staged = Staged(stage, expressions, types, self._stored)
        self.replace(writer, staged, rows, watch, scope, outside=outside, months=months, refused=refused)
        # After the merge, which resolves what was listed of the keys it has stored; nothing is committed yet.
        self._list_values(writer, given, rows)
        dialect.drop_stage(conn, texts)

    def _list_values(self, writer: Writer, given: Staged, rows: int) -> None:
        dialect = writer.dialect
        values = [
            Reject(rule.reason, f"NOT ({dialect.is_blank(text)}) AND {given.expressions[n]} IS NULL", n)
            for n, rule in self._rules.items()
            if rule.reason and n not in self.spec.key and not isinstance(rule, Withheld)
            for text in [f"s.{dialect.quote(n)}"]
        ]
        found = self.judge(writer, ()).list_values(given, values, rows)
        for of, number in found.items():
            self.result.nulled[of] = self.result.nulled.get(of, 0) + number

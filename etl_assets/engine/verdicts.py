"""What the checks of a table say of it now: asked of the server, or taken over from the run before.

A check is a question about rows. When none of the tables it reads was written since it was last asked, by the engine or
by other hands, the answer stands, and a run that loads what is new does not ask again; any other run does, and so does
one a day later. PostgreSQL tells of a session's writes up to ten seconds late; the run after that sees them. Where the
server does not count writes, every run asks. Belongs here: what a check depends on, and asking many in few statements.
Does not belong here: the SQL of a check (checks.py), what a violation blocks (orchestration).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from etl_assets.engine.checks import Check, Graded, RowCheck, UniqueKey
from etl_assets.engine.control import check_verdict, etl_control
from etl_assets.engine.destination import Destination
from etl_assets.engine.graph import ENGINE_SCHEMAS, Graph
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.upkeep import ARCHIVED

STANDS_FOR = timedelta(hours=24)
_RELATION = re.compile(r'\b(?:FROM|JOIN)\s+(?:"?(\w+)"?\.)?"?(\w+)"?', re.IGNORECASE)
_CLOCK = re.compile(r"\b(now|current_\w+|localtime\w*|clock_timestamp|getdate|sys\w*datetime\w*)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Verdict:
    """Violating rows, of how many (0 unless the check is graded), and when that was asked (aware)."""

    violations: int
    rows: int
    asked_at: datetime


@dataclass(frozen=True)
class _Question:
    """A check of one table, its text as the server gets it, and the stored tables it depends on (None: not known)."""

    check: Check
    text: str
    total: str
    depends_on: frozenset[str] | None


def ask(
    destination: Destination, spec: TableSpec, checks: Sequence[Check], *, may_stand: bool
) -> Mapping[str, Verdict]:
    """Return the verdict of every check by its name; `may_stand` accepts one that nothing can have changed since."""
    questions = [_question(destination, spec, c) for c in checks]
    with destination.engine.begin() as conn:
        versions = _versions(conn, destination, questions)
        standing = _standing(conn, spec, versions) if may_stand else {}
        asked = _asked(conn, destination, spec, [q for q in questions if q.check.name not in standing])
        _remember(conn, spec, asked, versions)
    return {**standing, **asked}


def _question(destination: Destination, spec: TableSpec, check: Check) -> _Question:
    dialect = destination.dialect
    relation = dialect.relation(spec.relation)
    text = check.violations(relation, dialect.quote)
    total = check.total(relation, dialect.quote) if isinstance(check, Graded) else ""
    # Whether there is still an index costs next to nothing to ask.
    stands = None if isinstance(check, UniqueKey) else depends_on(destination.graph, spec, f"{text} {total}")
    return _Question(check, text, total, stands)


def depends_on(graph: Graph, spec: TableSpec, text: str) -> frozenset[str] | None:
    """Relations of the stored tables a check's SQL reads, through views; None if it cannot be said, or tells the time.

    Names without a schema are common table expressions and derived tables of the check itself.
    """
    if _CLOCK.search(text):
        return None
    found = {spec.relation}
    for schema, table in _RELATION.findall(text):
        relation = f"{schema}.{table}"
        if relation == ARCHIVED:
            continue
        if schema and (schema in ENGINE_SCHEMAS or relation not in graph.by_relation):
            return None
    # Wherever it is named, after a comma of a FROM too.
    plain = text.replace('"', "")
    found |= {r for r in graph.by_relation if re.search(rf"(?<![\w.]){re.escape(r)}(?!\w)", plain)}
    out: set[str] = set()
    for relation in found:
        upstream = graph.by_relation[relation]
        if not upstream.is_view:
            out.add(relation)
            continue
        if any(r.split(".")[0] in ENGINE_SCHEMAS for r in graph.model(upstream).relations):
            return None
        out |= {u.relation for u in graph.stored_upstream(upstream)}
    return frozenset(out)


def _versions(conn: sa.Connection, destination: Destination, questions: Iterable[_Question]) -> dict[str, str]:
    """Per check: a digest of its text and of the state of each table it reads; absent where that is not known.

    The state is which run wrote last, which is exact, and the server's own count of writes, which sees other hands.
    """
    graph, known = destination.graph, {q.check.name: q for q in questions if q.depends_on is not None}
    relations = sorted({r for q in known.values() for r in q.depends_on or ()})
    counted = destination.dialect.writes(conn, relations) if relations else {}
    c = etl_control.c
    entities = [graph.by_relation[r].entity for r in counted]
    last: dict[str, int | None] = {
        row.entity: row.changed_by
        for row in conn.execute(sa.select(c.entity, c.changed_by).where(c.entity.in_(entities)))
    }
    state = {r: (last.get(graph.by_relation[r].entity), writes) for r, writes in counted.items()}
    views = [graph.model(s).digest for s in graph.specs if s.is_view] if counted else []
    out = {}
    for name, q in known.items():
        inputs = sorted(q.depends_on or ())
        if all(r in state for r in inputs):
            meaning = json.dumps([q.text, q.total, views, [(r, *state[r]) for r in inputs]])
            out[name] = hashlib.sha256(meaning.encode()).hexdigest()
    return out


def _standing(conn: sa.Connection, spec: TableSpec, versions: Mapping[str, str]) -> dict[str, Verdict]:
    c = check_verdict.c
    rows = conn.execute(
        sa.select(c.check_name, c.version, c.violations, c.total_rows, c.asked_at).where(c.entity == spec.entity)
    )
    youngest = datetime.now(UTC) - STANDS_FOR
    return {
        name: Verdict(violations, total, asked_at)
        for name, version, violations, total, asked_at in rows
        if versions.get(name) == version and asked_at > youngest
    }


def _asked(
    conn: sa.Connection, destination: Destination, spec: TableSpec, questions: Sequence[_Question]
) -> dict[str, Verdict]:
    """Ask: conditions on single rows in one pass over the table, the others each in a subquery of one statement."""
    dialect, now = destination.dialect, datetime.now(UTC)
    texts: dict[str, str] = {}
    conditions: dict[str, str] = {}
    violations: dict[str, int] = {}
    for q in questions:
        row_check = q.check.check if isinstance(q.check, Graded) else q.check
        if isinstance(row_check, RowCheck):
            conditions[q.check.name] = row_check.violated(dialect.quote)
        elif isinstance(row_check, UniqueKey) and dialect.is_unique(conn, spec.relation, row_check.key):
            violations[q.check.name] = 0  # a valid unique index rules it out
        else:
            texts[q.check.name] = q.text
    if conditions:
        sums = ", ".join(f"COALESCE(SUM(CASE WHEN {c} THEN 1 ELSE 0 END), 0)" for c in conditions.values())
        found = dialect.rows(conn, f"SELECT {sums} FROM {dialect.relation(spec.relation)}")[0]
        violations |= {n: int(str(v)) for n, v in zip(conditions, found, strict=True)}
    if texts:
        found = dialect.rows(conn, "SELECT " + ", ".join(f"({t})" for t in texts.values()))[0]
        violations |= {n: int(str(v)) for n, v in zip(texts, found, strict=True)}
    # Of many checks all rows are those of the same table.
    numbers = {text: dialect.number(conn, text) for text in {q.total for q in questions if q.total}}
    totals = {q.check.name: numbers.get(q.total, 0) for q in questions}
    return {n: Verdict(v, totals[n], now) for n, v in violations.items()}


def _remember(conn: sa.Connection, spec: TableSpec, asked: Mapping[str, Verdict], versions: Mapping[str, str]) -> None:
    c = check_verdict.c
    kept = [
        {
            "entity": spec.entity,
            "check_name": name,
            "version": versions[name],
            "violations": v.violations,
            "total_rows": v.rows,
            "asked_at": v.asked_at,
        }
        for name, v in asked.items()
        if name in versions
    ]
    if not asked:
        return
    # Two runs may ask the same at once: the verdict of either will do.
    with suppress(IntegrityError), conn.begin_nested():
        conn.execute(sa.delete(check_verdict).where(c.entity == spec.entity, c.check_name.in_(list(asked))))
        if kept:
            conn.execute(sa.insert(check_verdict), kept)

"""The catalog: what tables, columns, checks, jobs and schedules there are, as Markdown, one page a system.

Made of declarations and definitions alone, with no database; a test compares the pages in docs/catalog with it.
Belongs here: what a page says and how. Does not belong here: what tables hold (declarations), how the site is built
(mkdocs.yml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import dagster as dg

from etl_assets.engine.checks import Check, Graded
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration.catalog_words import strategy
from etl_assets.orchestration.system import System

_COMMAND = "etl_assets catalog"


@dataclass(frozen=True)
class Entry:
    """A system as the catalog shows it. `others` are its other forms, by what chooses them: a server, a setting."""

    system: System
    definitions: dg.Definitions
    others: Mapping[str, System] = field(default_factory=dict)


def pages(entries: Sequence[Entry]) -> Mapping[str, str]:
    """File name -> Markdown: `index.md`, then one page a system."""
    lines = [
        "# Catalog",
        "",
        f"Every table and view there is, as the code declares it. `{_COMMAND}` writes these pages from the "
        "declarations alone, without a database; a test fails while they differ from what it would write. The same "
        "descriptions are in the Dagster UI, *Overview* of an asset.",
        "",
        *_grid(("System", "Tables", "Views", "Columns", "of them personal", "Checks", "Schedule")),
    ]
    for entry in entries:
        system, specs = entry.system, entry.system.graph.specs
        columns = [c for s in specs for c in s.table.columns]
        views = sum(s.is_view for s in specs)
        lines.append(
            _row(
                f"[{system.title}]({system.name}.md)",
                len(specs) - views,
                views,
                len(columns),
                sum("pii" in c.info for c in columns),
                sum(len(s.all_checks()) for s in specs),
                f"`{system.cadence.incremental}`",
            )
        )
    return {"index.md": "\n".join(lines) + "\n", **{f"{e.system.name}.md": page(e) for e in entries}}


def page(entry: Entry) -> str:
    """One system: its jobs, its personal data, then every table in the order data flows."""
    system = entry.system
    lines = [f"# {system.title}", "", *_runs(entry), "", *_overview(system), *_personal(system)]
    for layer, specs in _layers(system).items():
        lines += ["", f"## Layer {layer}"]
        lines += chain.from_iterable(["", *_table(entry, spec)] for spec in specs)
    known = {s.relation for s in system.graph.specs}
    for choice, other in entry.others.items():
        added = (s for s in other.graph.ordered if s.relation not in known)
        lines += chain.from_iterable(
            ["", *_table(Entry(other, entry.definitions), s, f"Only with {choice}.")] for s in added
        )
    return "\n".join(lines) + "\n"


def _layers(system: System) -> Mapping[str, Sequence[TableSpec]]:
    """The tables of each layer, both in the order data flows."""
    layers: dict[str, list[TableSpec]] = {}
    for spec in system.graph.ordered:
        layers.setdefault(spec.layer, []).append(spec)
    return layers


def _runs(entry: Entry) -> Iterator[str]:
    definitions, system = entry.definitions, entry.system
    cadence = system.cadence
    schedules = {s.name: s for s in definitions.schedules or () if isinstance(s, dg.ScheduleDefinition)}
    yield "## Jobs, schedules, sensors"
    yield ""
    yield from _grid(("Job", "Schedule", "What it does"))
    for job in definitions.jobs or ():
        schedule = schedules.get(job.name)
        cron = f"`{schedule.cron_schedule}`" if schedule else ""
        yield _row(f"`{job.name}`", cron, _text(job.description or ""))
    yield ""
    yield (
        f"Schedules are in {cadence.zone}. A table is late {cadence.overdue_hours:g} hours after its last success, "
        f"counted while its schedule is at work, and {cadence.full_overdue_hours / 24:g} days after "
        "its last full load."
    )
    yield ""
    yield from _grid(("Sensor", "What it does"))
    for sensor in definitions.sensors or ():
        yield _row(f"`{sensor.name}`", _text(sensor.description or ""))


def _overview(system: System) -> Iterator[str]:
    yield "## Tables"
    yield ""
    yield from _grid(("Layer", "Table", "What it is", "Loaded", "Columns", "Checks"))
    for spec in chain.from_iterable(_layers(system).values()):
        yield _row(
            spec.layer,
            _link(spec.relation),
            _what(system, spec),
            type(spec.load).__name__,
            len(spec.table.columns),
            len(spec.all_checks()),
        )


def _personal(system: System) -> Iterator[str]:
    """Where personal data is, by class; nothing where there is none."""
    found: dict[str, list[str]] = {}
    for spec in system.graph.ordered:
        by_class: dict[str, list[str]] = {}
        for column in spec.table.columns:
            if "pii" in column.info:
                by_class.setdefault(str(column.info["pii"]), []).append(f"`{column.name}`")
        for name, columns in by_class.items():
            found.setdefault(name, []).append(f"{_link(spec.relation)}: {', '.join(columns)}")
    if not found:
        return
    yield from ("", "## Personal data", "")
    yield from _grid(("Class", "Where"))
    yield from (_row(f"`{name}`", "<br>".join(where)) for name, where in sorted(found.items()))


def _table(entry: Entry, spec: TableSpec, remark: str = "") -> Iterator[str]:
    graph = entry.system.graph
    yield f"### {spec.relation}"
    yield ""
    yield " ".join(filter(None, (_what(entry.system, spec), remark)))
    yield ""
    if spec.has_sql and not spec.cleans:
        header = graph.model(spec).header
        yield f"- Grain: {_text(header['grain'])}"
        if spec.table.comment:
            yield f"- Answers: {_text(header['answers'])}"
    yield f"- Asset `{'/'.join(spec.asset_key)}`, key {', '.join(f'`{k}`' for k in spec.key) or 'none'}"
    yield "- A view: nothing is stored" if spec.is_view else f"- Loaded by {strategy(spec)}"
    if spec.is_partitioned:
        yield f"- Cut by months, from {entry.system.first_month[:7]}"
    if made_of := [f"`{spec.source}`"] if spec.source else [_link(u.relation) for u in graph.upstream(spec)]:
        yield f"- Made of {', '.join(made_of)}"
    if read_by := [_link(s.relation) for s in graph.ordered if spec in graph.upstream(s)]:
        yield f"- Read by {', '.join(read_by)}"
    if spec.rules:
        yield f"- Rows are rejected by {', '.join(f'`{r.name}`' for r in spec.rules)}"
    yield ""
    yield from _columns(entry, spec)
    if checks := spec.all_checks():
        yield ""
        yield from _grid(("Check", "Where it is violated", "What must hold"))
        yield from (_row(f"`{c.name}`", _effect(c), _text(c.describe())) for c in checks)


def _what(system: System, spec: TableSpec) -> str:
    """What a table is: as declared, else what it answers or is a copy of."""
    if spec.table.comment:
        return _sentence(spec.table.comment)
    if spec.has_sql:
        answers = _sentence(system.graph.model(spec).header["answers"])
        return answers[:1].upper() + answers[1:]
    return f"Copy of `{spec.source}` in the source." if spec.source else "Rows of downloaded files, as text."


def _columns(entry: Entry, spec: TableSpec) -> Iterator[str]:
    dialects = {s.dialect.kind: s.dialect for s in (entry.system, *entry.others.values())}
    types = ("Type",) if len(dialects) == 1 else tuple(f"Type, {kind}" for kind in dialects)
    shows_personal = any("pii" in c.info for c in spec.table.columns)
    yield from _grid(("Column", *types, *(("Personal",) if shows_personal else ()), "What it is"))
    for column in spec.table.columns:
        required = "" if column.nullable and column.name not in spec.key else " NOT NULL"
        yield _row(
            f"`{column.name}`",
            *(f"{dialect.declared_type(column)}{required}" for dialect in dialects.values()),
            *((f"`{column.info['pii']}`" if "pii" in column.info else "",) if shows_personal else ()),
            _text(column.comment or ""),
        )


def _effect(check: Check) -> str:
    if isinstance(check, Graded):
        return "an error stops what is made of it" if check.blocking else "warns, or is an error"
    return "stops what is made of it" if check.blocking else "warns"


def _grid(titles: Sequence[str]) -> tuple[str, str]:
    return _row(*titles), "|" + "---|" * len(titles)


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _link(relation: str) -> str:
    """To the heading of a table on the same page: GitHub and MkDocs make the same anchor of it."""
    return f"[{relation}](#{relation.replace('.', '').lower()})"


def _text(text: str) -> str:
    """Text that stays in its cell and is no markup."""
    text = re.sub(r"\s+", " ", text)
    parts = re.split(r"(`[^`]*`)", text)
    plain = (p if p.startswith("`") else re.sub(r"([*|\[\]])", r"\\\1", p.replace("<", "&lt;")) for p in parts)
    return "".join(chain(plain))


def _sentence(text: str) -> str:
    text = _text(text).strip()
    return text if not text or text.endswith(".") else f"{text}."

"""What contradicts itself in the declaration of a table, told when it is made.

Belongs here: rules about declarations. Does not belong here: what only a database or a SQL file can tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from etl_assets.engine.columns import LANDING_KEY, landing_columns
from etl_assets.engine.delimited.names import normal
from etl_assets.engine.readings import Anything, Ignore, Keys, Months, Reading
from etl_assets.engine.strategies import Incremental, Landing, Merge, Replace, ReplaceDay, ReplaceWindow
from etl_assets.engine.upkeep import RangePartitions, TextArchive

if TYPE_CHECKING:
    from etl_assets.engine.spec import TableSpec

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_TEMPLATE = re.compile(r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")
_TABLE_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_READINGS: Mapping[type, tuple[type[Reading], ...]] = {
    Merge: (Anything, Ignore),
    ReplaceWindow: (Months, Anything, Ignore),
    ReplaceDay: (Anything, Ignore),
    Replace: (Anything, Ignore),
}


def problems(spec: TableSpec) -> Iterator[str]:
    """Say what of the declaration contradicts itself, each in a sentence."""
    columns = set(spec.table.columns.keys())
    for name in (spec.system, spec.layer):
        if not _NAME.match(name):
            yield f"name {name!r} must be lower case letters, digits and _"
    if not _TABLE_NAME.match(spec.table.name):
        yield f"table name {spec.table.name!r} must be letters, digits and _"
    if not spec.table.schema:
        yield "table needs a schema"
    if not spec.key and not spec.is_view:
        yield "a stored table needs a key: without one rows cannot be told apart"
    for name in spec.key:
        if name not in columns:
            yield f"key column {name!r} is not declared"
        elif not (spec.is_view or spec.is_landing) and name not in spec.data_columns:
            yield f"key column {name!r} is filled by the engine; name the natural key"
    if len(set(spec.key)) != len(spec.key):
        yield "key names a column twice"
    if spec.is_mirror != (spec.source is not None):
        yield "a mirror (Incremental, Snapshot) needs `source`; anything else must not have one"
    if spec.source_asset and not spec.is_mirror:
        yield "source_asset belongs to a mirror"
    if spec.marks_deletes != (spec.role("deleted_flag") is not None):
        yield "marks_deletes and a column of role deleted_flag go together"
    if spec.role("deleted_at") is not None and not spec.marks_deletes:
        yield "a column of role deleted_at needs marks_deletes"
    yield from _sql_problems(spec)
    yield from _load_problems(spec, columns)
    yield from _fixed_row_problems(spec, columns)
    yield from _partition_problems(spec, spec.partitions)
    yield from _archive_problems(spec, spec.archive)
    yield from (
        f"{c.describe()} names undeclared column {n!r}" for c in spec.checks for n in c.columns() if n not in columns
    )
    if len({c.name for c in spec.checks}) != len(spec.checks):
        yield "two checks have the same name"
    yield from (f"column {c.name!r} needs a comment" for c in spec.table.columns if not c.comment)


def _sql_problems(spec: TableSpec) -> Iterator[str]:
    """What contradicts that its SQL is a template."""
    if (spec.template or spec.variables) and (spec.is_mirror or spec.cleans):
        yield "template and variables belong to tables made by SQL"
    if spec.template and spec.sql_variant:
        yield "a shared template has no variants; give it a variable"
    if spec.template and not _TEMPLATE.match(spec.template):
        yield f"template {spec.template!r} must be a path as gold/mart_quality, without its ending"
    try:
        json.dumps(dict(spec.variables))
    except (TypeError, ValueError):
        yield "variables hold values that JSON has not"


def _fixed_row_problems(spec: TableSpec, columns: set[str]) -> Iterator[str]:
    needed = {c.name for c in spec.table.columns if c.name in spec.data_columns and not c.nullable} | set(spec.key)
    if spec.fixed_rows and (spec.is_view or not spec.has_sql):
        yield "fixed_rows belong in tables made by SQL"
    for row in spec.fixed_rows:
        if row.keys() - columns:
            yield f"a fixed row names undeclared column(s) {sorted(row.keys() - columns)}"
        if needed - row.keys():
            yield f"a fixed row lacks {sorted(needed - row.keys())}"


def _partition_problems(spec: TableSpec, cut: RangePartitions | None) -> Iterator[str]:
    """What cannot be cut into months."""
    if cut is None:
        return
    column = spec.table.columns.get(cut.column)
    if spec.is_view or spec.is_landing:
        yield "partitions belong to stored tables that are merged by key"
    if column is None or not isinstance(column.type, sa.Date | sa.DateTime):
        yield f"partition column {cut.column!r} must be a declared date or timestamp"
    elif column.nullable and cut.column not in spec.key:
        yield f"partition column {cut.column!r} must be declared NOT NULL: it becomes part of the primary key"
    if cut.ahead < 1 or (cut.above is not None and cut.above < 0):
        yield "partitions need at least one month ahead, and a number of rows of 0 or more"


def _archive_problems(spec: TableSpec, archive: TextArchive | None) -> Iterator[str]:
    """What text cannot be moved to files."""
    if archive is None:
        return
    text, dated = (spec.table.columns.get(n) for n in (archive.column, archive.dated_by))
    if spec.is_view or not spec.has_sql or spec.cleans:
        yield "an archive belongs to a stored table made by a SQL file"
    if text is None or not text.nullable or archive.column not in spec.data_columns or archive.column in spec.key:
        yield f"archived column {archive.column!r} must be a declared one that may be NULL, and no part of the key"
    if dated is None or not isinstance(dated.type, sa.Date | sa.DateTime):
        yield f"an archive is dated by a declared date or timestamp, which {archive.dated_by!r} is not"
    if archive.older_than_months < 1 or archive.rests_days < 0:
        yield "an archive takes months that are at least one month old, and leaves one alone for 0 days or more"


def _load_problems(spec: TableSpec, columns: set[str]) -> Iterator[str]:
    """What contradicts the load strategy."""
    load = spec.load
    if isinstance(load, Incremental):
        if load.cursor not in columns:
            yield f"cursor {load.cursor!r} is not a declared column"
        elif load.kept_as_text:
            if not isinstance(spec.table.columns[load.cursor].type, sa.String):
                yield f"cursor {load.cursor!r} is kept as text, but not declared so"
        elif not isinstance(spec.table.columns[load.cursor].type, sa.Date | sa.DateTime):
            yield f"cursor {load.cursor!r} must be a timestamp or date: it is bounded by the source's clock"
        elif isinstance(spec.table.columns[load.cursor].type, sa.Date) and not load.lag:
            yield f"cursor {load.cursor!r} is a date: without a lag the rest of the day would be missed"
    if isinstance(load, ReplaceWindow):
        if load.column not in columns:
            yield f"window column {load.column!r} is not a declared column"
        elif not isinstance(spec.table.columns[load.column].type, sa.Date | sa.DateTime):
            yield f"window column {load.column!r} must be a date or timestamp"
    if isinstance(load, ReplaceDay):
        if load.column not in columns:
            yield f"day column {load.column!r} is not a declared column"
        elif not isinstance(spec.table.columns[load.column].type, sa.Date):
            yield f"day column {load.column!r} must be a date"
        elif load.column not in spec.key:
            yield f"day column {load.column!r} must be part of the key: every day has rows of its own"
    if spec.merge and spec.merge.by is None and len(spec.key) != 1:
        yield "Merge needs a key of exactly one column, or `by` names one of them"
    if spec.merge and spec.merge.by is not None and spec.merge.by not in spec.key:
        yield f"Merge is by {spec.merge.by!r}, which is no column of the key"
    if spec.merge and set(spec.merge.versions) - columns:
        yield f"versions names undeclared column(s) {sorted(set(spec.merge.versions) - columns)}"
    if spec.cleans and not isinstance(load, Merge):
        yield "a table that cleans another is loaded by Merge"
    elif spec.cleans and tuple(spec.cleans.columns) != spec.data_columns:
        yield "the columns that have rules are not those declared, in their order"
    if isinstance(load, Replace) and load.keeps_before and load.keeps_before not in spec.data_columns:
        yield f"keeps_before names {load.keeps_before!r}, which the SELECT does not return"
    if spec.computed and (spec.cleans or not isinstance(load, Replace)):
        yield "a computed table is loaded by Replace, and cleans nothing"
    if isinstance(load, Landing):
        yield from _landing_problems(spec, load)
    accepted = (*_READINGS.get(type(load), ()), *((Keys,) if spec.merge else ()))
    for relation, reading in spec.reads.items():
        if not isinstance(reading, accepted):
            names = " or ".join(r.__name__ for r in accepted) or "nothing"
            ours, theirs = type(load).__name__, type(reading).__name__
            yield f"upstream {relation!r} is read as {theirs}, but a table loaded by {ours} is fed by {names}"


def _landing_problems(spec: TableSpec, load: Landing) -> Iterator[str]:
    """What cannot be loaded from files."""
    ours = {c.name: c for c in landing_columns()}
    if spec.key != LANDING_KEY:
        yield f"the key of a landing table is ({', '.join(LANDING_KEY)})"
    for name, wanted in ours.items():
        found = spec.table.columns.get(name)
        if found is None or repr(found.type) != repr(wanted.type) or found.info.get("role") != "landed":
            yield f"column {name!r} is not that of landing_columns()"
    texts = [spec.table.columns[n] for n in spec.data_columns]
    yield from (
        f"column {c.name!r} of a file must be text that may be NULL"
        for c in texts
        if not isinstance(c.type, sa.Text) or not c.nullable
    )
    if any(c.info.get("role", "landed") != "landed" or c.identity is not None for c in spec.table.columns):
        yield "a landing table has columns of files and those of landing_columns(), no others"
    headers = [normal(spec.source_column(c.name)) for c in texts]
    yield from (f"two columns have the header {h!r}" for h in sorted({h for h in headers if headers.count(h) > 1}))
    unknown = [n for n in (load.day, *load.required) if n not in spec.data_columns]
    if unknown:
        yield f"day and required name undeclared column(s) {sorted(set(unknown))}"
    elif load.day not in load.required:
        yield f"without its day column {load.day!r} a file cannot be cut by month: name it in `required`"
    if not _NAME.match(load.feed):
        yield f"feed {load.feed!r} must be lower case letters, digits and _"
    if load.lookback_days < 0 or load.keep < 1:
        yield "lookback_days must be at least 0 and keep at least 1"
    if spec.rules or spec.dedupe_order:
        yield "rules and dedupe_order are for tables whose rows are judged; a landing table keeps all of them"
